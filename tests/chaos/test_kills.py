"""Services killed, and stopped, at random moments under load: nothing lost, nothing doubled, all poison set aside byte by byte."""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.group import group_of
from tests.chaos.loads import LOADS
from tests.chaos.storm import READY_SECONDS, Fault, Storm, a_storm

pytestmark = pytest.mark.long

TIMES = int(os.environ.get("CHAOS_TIMES", "20"))
"""Each service is killed, or stopped, so often: 20 keep `make chaos` below an hour and a half, fifty take half an hour alone."""
EVENTS = 400 * TIMES
"""For each service."""
SETTLED_SECONDS = 600
RECOVERED_SECONDS = 15
"""Of 95 in 100 kills: the group finds out after the session's 10 s that a process is gone."""
STOPPED_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Stop:
    """How a process has ended that was asked to."""

    code: int
    seconds: float


def killed(storm: Storm, service: str, at: list[tuple[str, datetime]]) -> Fault:
    """A kill whose moment is noted."""
    kill = storm.kill(service)

    async def fault() -> None:
        at.append((service, datetime.now(UTC)))
        await kill()

    return fault


def stopped(storm: Storm, service: str, stops: list[Stop]) -> Fault:
    """A fault: the service is asked to end, as an orchestrator does, and started again."""

    async def fault() -> None:
        process = storm.processes[service]
        begun = time.monotonic()
        code = await asyncio.to_thread(process.terminate, within_seconds=READY_SECONDS)
        stops.append(Stop(code, time.monotonic() - begun))
        await asyncio.to_thread(process.start)

    return fault


def of_a_hundred(seconds: list[float], share: int) -> float:
    return sorted(seconds)[len(seconds) * share // 100 - 1]


@pytest.mark.timeout(3_600)
async def test_kills_of_each_service_under_load_lose_nothing_and_double_nothing(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with a_storm(kafka, mongo_uri, topic_prefix, tmp_path, settled_seconds=SETTLED_SECONDS) as storm:
        kills: list[tuple[str, datetime]] = []
        each_once = storm.all_of([killed(storm, each.service, kills) for each in LOADS], within=1)
        await storm.blow(EVENTS, [each_once] * TIMES, seconds=1)
        assert await storm.wrong() == []
        seconds = [storm.seconds_until(service, "partitions.assigned", at) for service, at in kills]
        median, most = of_a_hundred(seconds, 50), of_a_hundred(seconds, 95)
        print(f"{len(seconds)} kills: consuming again after {median:.1f} s (p50), {most:.1f} s (p95)")  # noqa: T201
        assert len(seconds) == TIMES * len(LOADS)
        assert most <= RECOVERED_SECONDS


@pytest.mark.timeout(3_600)
async def test_stops_of_each_service_under_load_are_soon_over_and_nothing_is_read_twice(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with a_storm(kafka, mongo_uri, topic_prefix, tmp_path, settled_seconds=SETTLED_SECONDS) as storm:
        stops: list[Stop] = []
        each_once = storm.all_of([stopped(storm, each.service, stops) for each in LOADS], within=1)
        await storm.blow(EVENTS, [each_once] * TIMES, seconds=1)
        assert await storm.wrong() == []
        longest = max(each.seconds for each in stops)
        print(f"{len(stops)} stops: ended after {longest:.1f} s at most")  # noqa: T201
        assert [each for each in stops if each.code != 0] == []
        assert len(stops) == TIMES * len(LOADS)
        assert longest <= STOPPED_SECONDS
        for service, process in storm.processes.items():
            async with group_of(storm.world, process) as group:
                assert (service, storm.handled(service)) == (service, await group.arrived())
