"""Rehearsal of docs/operating.md, "Back up and restore": a copy while events come in, a loss, the copy back, and on."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from pymongo import MongoClient

from contracts.catalog import SERVICES
from learnwire_local import Kafka, Mongo
from learnwire_local.both import start_both
from tests.chaos.loads import LOADS
from tests.chaos.storm import Storm, seed
from tests.world import World

COPY = Path(__file__).parents[2] / "ops/mongo/databases.py"

pytestmark = pytest.mark.long


@pytest.fixture
def servers() -> Generator[tuple[Kafka, Mongo]]:
    kafka, mongo = start_both(None)
    with kafka, mongo:
        yield kafka, mongo


@pytest.mark.parametrize("name", ["action-logger", "salesforce-syncer"])
async def test_after_a_restore_and_a_rewind_everything_is_as_if_nothing_had_been(
    servers: tuple[Kafka, Mongo], tmp_path: Path, name: str
) -> None:
    assert await lost_and_restored(servers, tmp_path, [name], compares_published=True) == []


async def test_all_services_restored_together_show_what_they_would_show_if_nothing_had_been(
    servers: tuple[Kafka, Mongo], tmp_path: Path
) -> None:
    names = [each.service for each in LOADS]
    assert await lost_and_restored(servers, tmp_path, names, compares_published=False) == []


async def lost_and_restored(
    servers: tuple[Kafka, Mongo], tmp_path: Path, names: Sequence[str], *, compares_published: bool
) -> list[str]:
    """Copy databases of these services while events come in, lose them, put them back; what is wrong in the end."""
    kafka, mongo = servers
    rng = random.Random(seed())
    loads = [each for each in LOADS if each.service in names]
    async with (
        World(kafka.bootstrap, mongo.uri, "restore.", tmp_path) as world,
        Storm(world, loads, rng, tmp_path, compares_published=compares_published) as storm,
    ):
        databases = [world.database_of(each.service) for each in loads]
        begun: list[datetime] = []

        async def copy() -> None:
            begun.append(datetime.now(UTC))
            await copied("dump", mongo.uri, tmp_path / "copy", databases)

        async def lose_and_restore() -> None:
            for process in storm.processes.values():
                await asyncio.to_thread(process.kill)
            with MongoClient[dict[str, object]](mongo.uri) as client:
                for each in databases:
                    client.drop_database(each)
            await copied("restore", mongo.uri, tmp_path / "copy", databases)
            for each in storm.processes:
                await rewind(world, each, begun[0])
            for process in storm.processes.values():
                await asyncio.to_thread(process.start)

        await storm.blow(600, [copy, lose_and_restore], seconds=2)
        return await storm.wrong()


async def copied(what: str, uri: str, folder: Path, databases: list[str]) -> None:
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, COPY, what, uri, folder, *databases], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


async def rewind(world: World, service: str, moment: datetime) -> None:
    """What `kafka-consumer-groups.sh --reset-offsets --to-datetime` does, while nobody is in the group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=world.kafka, group_id=f"{world.prefix}{service}", enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [
            TopicPartition(world.prefix + topic, number) for topic in SERVICES[service].topics for number in range(6)
        ]
        consumer.assign(partitions)
        at = await consumer.offsets_for_times(dict.fromkeys(partitions, int(moment.timestamp() * 1000)))
        ends = await consumer.end_offsets(partitions)
        offsets = {each: found.offset if (found := at[each]) is not None else ends[each] for each in partitions}
        for _ in range(60):  # the group may still know the process that was killed
            try:
                await consumer.commit({each: OffsetAndMetadata(offset, "") for each, offset in offsets.items()})
            except Exception:  # noqa: BLE001  whatever it is, it is over when the session is
                await asyncio.sleep(1)
            else:
                return
        raise AssertionError("the group did not take the offsets")
    finally:
        await consumer.stop()
