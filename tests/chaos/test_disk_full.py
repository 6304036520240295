"""A server's disk fills up under load: services say so and wait; once there is room, all goes on, and nothing is lost."""

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from learnwire_local import Kafka, Mongo
from tests.chaos.disk import MIB, Disk, a_disk
from tests.chaos.ledger import Entry
from tests.chaos.loads import LOADS
from tests.chaos.storm import Storm, seed
from tests.world import Process, World, eventually

pytestmark = pytest.mark.long

SIZE = 2_048 * MIB
LEFT = MIB // 2
"""Free when it begins: less than a quarter of what the load writes."""
EVENTS = 1_000
"""For each service."""
SECONDS = 4.0
NOTICED_SECONDS = 60
"""Shorter than the test's own producer waits (90 s): it must not give up before Kafka is back."""
RECOVERED_SECONDS = 60


async def reasons(process: Process) -> str:
    """Why a service is not ready; empty where it is."""
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{process.url}/readyz", timeout=10)
    except httpx.HTTPError as error:
        return f"no answer: {type(error).__name__}"
    return "" if answer.status_code == 200 else answer.text


def told(process: Process, event: str, dependency: str, *, after: int) -> list[dict[str, Any]]:
    """What it has logged of this since its line of that number."""
    lines = process.log()[after:]
    return [each for each in lines if each["event"] == event and each["dependency"] == dependency]


async def fills_up(storm: Storm, some: Sequence[Entry], disk: Disk, server: Kafka | Mongo, dependency: str) -> None:
    """Publish until the disk is full, see that every service says what it waits for, and make room."""
    processes = list(storm.processes.values())
    before = {each.name: len(each.log()) for each in processes}
    disk.shrink(left=LEFT)
    async with asyncio.TaskGroup() as group:
        group.create_task(storm.publish(some, SECONDS))
        for each in processes:
            await eventually(
                lambda each=each: reasons(each),
                f"{each.name} to say that {dependency} is down",
                until=lambda found: f"{dependency}: " in found,
                seconds=NOTICED_SECONDS,
            )
        for each in processes:
            lost = told(each, "dependency.lost", dependency, after=before[each.name])
            assert lost, f"{each.name} logged nothing"
            assert all(line["next_step"] for line in lost)
        await room(disk, server)
        begun = time.monotonic()
        await asyncio.wait_for(storm.ready(), RECOVERED_SECONDS)
        print(f"{dependency}: all services ready {time.monotonic() - begun:.1f} s after it was back")  # noqa: T201
    for each in processes:
        assert told(each, "dependency.recovered", dependency, after=before[each.name]), each.name


async def room(disk: Disk, server: Kafka | Mongo) -> None:
    """Make the disk larger; a server that ended is started, as its supervisor does, whose earlier tries had failed."""
    ended = not server.alive
    assert disk.left() < LEFT
    print(f"{disk.left()} bytes left, {server.name} {'has ended by itself' if ended else 'still runs'}")  # noqa: T201
    disk.grow()
    if ended:
        await asyncio.to_thread(server.restart)


async def accounted_for(kafka: Kafka, mongo: Mongo, folder: Path, disk: Disk, *, of: Kafka | Mongo) -> None:
    """All services under their loads, while the disk of one of the servers fills up."""
    rng = random.Random(seed())
    async with World(kafka.bootstrap, mongo.uri, "chaos.", folder) as world, Storm(world, LOADS, rng, folder) as storm:
        before, meanwhile = storm.drawn(EVENTS, parts=2)
        await storm.publish(before, SECONDS)  # so that there is something to lose
        await fills_up(storm, meanwhile, disk, of, "kafka" if of is kafka else "mongodb")
        assert await storm.wrong() == []
        assert storm.ended() == {}


async def test_a_full_disk_under_mongodb_costs_time_and_nothing_else(tmp_path: Path) -> None:
    with a_disk(tmp_path / "disk", size=SIZE) as disk, Kafka() as kafka:
        kafka.start()
        with Mongo(disk.folder / "mongo", throwaway=True) as mongo:
            await asyncio.to_thread(mongo.start)
            await accounted_for(kafka, mongo, tmp_path, disk, of=mongo)


async def test_a_full_disk_under_kafka_costs_time_and_nothing_else(tmp_path: Path) -> None:
    with a_disk(tmp_path / "disk", size=SIZE) as disk, Mongo() as mongo:
        mongo.start()
        with Kafka(disk.folder / "kafka", throwaway=True) as kafka:
            await asyncio.to_thread(kafka.start)
            await accounted_for(kafka, mongo, tmp_path, disk, of=kafka)
