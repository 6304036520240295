"""Kafka and MongoDB crash under load: it takes longer, and that is all."""

import asyncio
import random
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from learnwire_local import Kafka, Mongo
from learnwire_local.both import start_both
from tests.chaos.group import group_of
from tests.chaos.loads import LOADS
from tests.chaos.storm import USUAL, Fault, Storm, seed
from tests.world import World

Servers = dict[str, Kafka | Mongo]
WITHOUT_SECONDS = 120
RESUMED_SECONDS = 15


@pytest.fixture
def servers() -> Generator[Servers]:
    """The test's own: it kills them."""
    kafka, mongo = start_both(None)
    with kafka, mongo:
        yield {"kafka": kafka, "mongo": mongo}


def a_world(servers: Servers, folder: Path) -> World:
    kafka, mongo = servers["kafka"], servers["mongo"]
    assert isinstance(kafka, Kafka)
    assert isinstance(mongo, Mongo)
    return World(kafka.bootstrap, mongo.uri, "chaos.", folder)


def crash(server: Kafka | Mongo, rng: random.Random, *, down_seconds: float) -> Fault:
    """A fault: the server is gone at once, and back after a while."""

    async def fault() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(rng.uniform(0, down_seconds))
        await asyncio.to_thread(server.start)

    return fault


@pytest.mark.timeout(900)  # all that starts here, twice and side by side with other tests, may take minutes
async def test_services_kafka_and_mongodb_all_crash_and_every_event_is_accounted_for(
    servers: Servers, tmp_path: Path
) -> None:
    """The short form of all that is below and in `test_kills`."""
    rng = random.Random(seed(USUAL))
    async with a_world(servers, tmp_path) as world, Storm(world, LOADS, rng, tmp_path) as storm:
        kills = storm.all_of([storm.kill(each.service) for each in LOADS], within=1)
        crashes = [crash(each, rng, down_seconds=2) for each in servers.values()]
        await storm.blow(200, [kills, *crashes], seconds=1)
        assert await storm.wrong() == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["kafka", "mongo"])
async def test_five_crashes_of_a_server_of_up_to_half_a_minute_change_nothing_in_the_end(
    servers: Servers, name: Literal["kafka", "mongo"], tmp_path: Path
) -> None:
    rng = random.Random(seed())
    async with a_world(servers, tmp_path) as world, Storm(world, LOADS, rng, tmp_path) as storm:
        await storm.blow(1_000, [crash(servers[name], rng, down_seconds=30) for _ in range(5)], seconds=3)
        assert await storm.wrong() == []


@pytest.mark.long
async def test_two_minutes_without_mongodb_commit_no_good_event_end_nobody_and_are_over_at_once(
    servers: Servers, tmp_path: Path
) -> None:
    rng = random.Random(seed())
    async with a_world(servers, tmp_path) as world, Storm(world, LOADS, rng, tmp_path) as storm:
        before, during = storm.drawn(1_000, parts=2)
        await storm.publish(before, 1)
        for each in LOADS:
            await storm.quiet(each.service)
        noted = len(storm.ledger.read())
        await asyncio.to_thread(servers["mongo"].kill)
        await storm.publish(during, 1)
        await asyncio.sleep(WITHOUT_SECONDS)
        assert [await passed_over(storm, each.service, noted) for each in LOADS] == [[], [], [], []]
        await asyncio.to_thread(servers["mongo"].start)
        begun = datetime.now(UTC)
        assert await storm.wrong() == []
        assert storm.ended() == {}
        seconds = {each.service: storm.seconds_until(each.service, "batch.handled", begun) for each in LOADS}
        print("handling again after", {name: round(each, 1) for name, each in seconds.items()}, "s")  # noqa: T201
        assert max(seconds.values()) <= RESUMED_SECONDS


async def passed_over(storm: Storm, service: str, noted: int) -> list[str]:
    """Where good events of a service have landed that its group has committed, of those noted since."""
    places = [
        each.place.rsplit("/", 2)
        for each in storm.ledger.read()[noted:]
        if each.place and each.entry.service == service and each.entry.refused is None
    ]
    async with group_of(storm.world, storm.processes[service]) as group:
        committed = {(each.topic, each.partition): offset for each, offset in (await group.committed()).items()}
    return ["/".join(each) for each in places if int(each[2]) < committed[each[0], int(each[1])]]
