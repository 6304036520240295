"""What a network, a frozen server, an election and comings and goings do: it takes longer, and that is all."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from learnwire_local import Kafka, Mongo
from tests.chaos.loads import LOADS
from tests.chaos.proxy import Proxy
from tests.chaos.replicas import Replicas
from tests.chaos.storm import Fault, Storm, a_storm

pytestmark = pytest.mark.long

PREFIX = "chaos."
EVENTS = 500
"""For each service."""
FROZEN_SECONDS = 60
CUT_SECONDS = 60
SLOW = 0.05
ELECTED_WITHIN_SECONDS = 12
STEPPED_DOWN_SECONDS = 10
LEADER_KILLED_SECONDS = 20
"""Members notice after 3 s (`Replicas`), then vote; a back-off of ours comes on top. More would be a fault of ours."""


def frozen(server: Kafka | Mongo, seconds: float) -> Fault:
    """A fault: the server stands still, its connections stay, and goes on."""

    async def fault() -> None:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(server.pid, signal.SIGCONT)

    return fault


async def test_a_kafka_that_stands_still_for_a_minute_costs_nothing(tmp_path: Path) -> None:
    with Kafka() as kafka, Mongo() as mongo:
        kafka.start()
        mongo.start()
        async with a_storm(kafka.bootstrap, mongo.uri, PREFIX, tmp_path) as storm:
            await storm.blow(EVENTS, [frozen(kafka, FROZEN_SECONDS)], seconds=3)
            assert await storm.wrong() == []
            assert storm.ended() == {}


async def test_a_mongodb_that_stands_still_for_a_minute_costs_nothing(tmp_path: Path) -> None:
    with Kafka() as kafka, Mongo() as mongo:
        kafka.start()
        mongo.start()
        async with a_storm(kafka.bootstrap, mongo.uri, PREFIX, tmp_path) as storm:
            await storm.blow(EVENTS, [frozen(mongo, FROZEN_SECONDS)], seconds=3)
            assert await storm.wrong() == []
            assert storm.ended() == {}


async def test_networks_that_are_cut_half_open_and_slow_cost_nothing(tmp_path: Path) -> None:
    """Between the services and both servers, one after the other, a minute each."""
    with Kafka() as kafka, Mongo() as mongo:
        mongo.start()
        with Proxy(kafka.port) as to_kafka, Proxy(mongo.port) as to_mongo:
            settings = kafka.directory / "server.properties"
            told = "advertised.listeners=PLAINTEXT://127.0.0.1:"
            settings.write_text(settings.read_text().replace(f"{told}{kafka.port}", f"{told}{to_kafka.port}"))
            await asyncio.to_thread(kafka.start)
            uri = f"mongodb://127.0.0.1:{to_mongo.port}/?directConnection=true"
            async with a_storm(f"127.0.0.1:{to_kafka.port}", uri, PREFIX, tmp_path) as storm:
                faults = [trouble(each, kind) for each in (to_kafka, to_mongo) for kind in ("cut", "silent")]
                to_kafka.latency = to_mongo.latency = SLOW
                await storm.blow(EVENTS, faults, seconds=3)
                assert await storm.wrong() == []
                assert storm.ended() == {}


def trouble(proxy: Proxy, kind: str) -> Fault:
    async def fault() -> None:
        if kind == "cut":
            proxy.cut()
        else:
            proxy.silence()
        await asyncio.sleep(CUT_SECONDS)
        proxy.mend()

    return fault


async def test_elections_of_mongodb_cost_seconds_and_nothing_else(tmp_path: Path) -> None:
    """Five step-downs and three kills of whoever leads, three members, in the midst of events."""
    with Kafka() as kafka, Replicas() as replicas:
        kafka.start()

        async def step_down() -> None:
            await asyncio.to_thread(replicas.step_down)

        async def kill() -> None:
            leader = await asyncio.to_thread(replicas.primary)
            if leader is not None:
                await asyncio.to_thread(leader.kill)
                await asyncio.sleep(10)
                await asyncio.to_thread(leader.start)

        elections = [step_down, kill, step_down, step_down, kill, step_down, kill, step_down]
        async with a_storm(kafka.bootstrap, replicas.uri, PREFIX, tmp_path) as storm:
            stalls: dict[str, list[float]] = {}
            for part, fault in zip(storm.drawn(8 * EVENTS, parts=len(elections)), elections, strict=True):
                begun = datetime.now(UTC)
                sending = asyncio.create_task(storm.publish(part, ELECTED_WITHIN_SECONDS))
                await asyncio.sleep(ELECTED_WITHIN_SECONDS / 4)
                await fault()
                await sending
                for each in LOADS:
                    await storm.quiet(each.service)
                stalls.setdefault(fault.__name__, []).append(longest_batch(storm, since=begun))
            assert await storm.wrong() == []
            assert storm.ended() == {}
            print("longest batch beside each, s:", stalls)  # noqa: T201
            assert max(stalls["step_down"]) <= STEPPED_DOWN_SECONDS
            assert max(stalls["kill"]) <= LEADER_KILLED_SECONDS


def longest_batch(storm: Storm, *, since: datetime) -> float:
    """Seconds that a batch has waited for MongoDB and been written in, the longest of any service since then."""
    return max(
        each["duration_ms"] / 1000
        for process in storm.processes.values()
        for each in process.log()
        if each["event"] == "batch.handled" and datetime.fromisoformat(each["timestamp"]) >= since
    )


async def test_processes_that_come_and_go_cost_nothing(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    """A second process of each service joins and leaves thirty times, every other one without a word."""
    async with a_storm(kafka, mongo_uri, topic_prefix, tmp_path) as storm:

        async def come_and_go() -> None:
            others = [storm.another(each.service) for each in LOADS]
            await asyncio.sleep(5)
            for number, each in enumerate(others):
                await asyncio.to_thread(each.kill if number % 2 else each.terminate)

        await storm.blow(10 * EVENTS, [come_and_go] * 30, seconds=2)
        assert await storm.wrong() == []
        assert storm.ended() == {}
