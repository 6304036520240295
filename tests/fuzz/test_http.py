"""Every service's HTTP, asked by everybody for everything that its OpenAPI document allows and much that it does not."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fuzz.asking import Asking, Run
from tests.fuzz.machine import MIB, USUAL, cases, chosen_seed, resident
from tests.fuzz.seeds import Seed, refuse_some_rows, seeds
from tests.world import Process, World, eventually

LONG, SHORT = cases(10_000) // 4, 40
MOST_GROWTH = 48 * MIB
SYNCER = "salesforce-syncer"
"""Asks for a Salesforce that is not there: its HTTP must not mind."""


@asynccontextmanager
async def seeded(kafka: str, mongo_uri: str, prefix: str, folder: Path) -> AsyncGenerator[tuple[World, list[Process]]]:
    """All services, started and holding what `seeds` says."""
    known = seeds()
    async with World(kafka, mongo_uri, prefix, folder) as world:
        nowhere = {
            "SALESFORCE_LOGIN_URL": "http://127.0.0.1:9",
            "SALESFORCE_CLIENT_ID": "x",
            "SALESFORCE_CLIENT_SECRET_FILE": str(folder / "jwt"),
        }
        processes = [world.service(name, **(nowhere if name == SYNCER else {})) for name in known]
        await world.publish(*(event for each in known.values() for event in each.events))
        for each in processes:
            await has_handled(each, len(known[each.name].events))
        refuse_some_rows(world, next(each for each in processes if each.name == SYNCER))
        yield world, processes


async def has_handled(process: Process, count: int) -> None:
    async def handled() -> int:
        return sum(each["handled"] for each in process.log() if each["event"] == "batch.handled")

    await eventually(handled, f"{process.name} to take {count} events", until=lambda found: found >= count, seconds=150)


def judge(runs: Mapping[str, Run], processes: list[Process], count: int) -> None:
    """Nothing found, enough asked, something seen, and no bug in any log."""
    for name, run in runs.items():
        print(f"{name}: {dict(sorted(run.answers.items()))}")  # noqa: T201  the figures of docs/promises.md
    assert {name: list(run.findings) for name, run in runs.items() if run.findings} == {}
    for name, run in runs.items():
        assert sum(run.answers.values()) >= 0.8 * count, name
        assert run.answers[200] >= count / 50, f"{name}: too few requests got through to the data"
    for each in processes:
        assert each.popen is not None
        assert each.popen.poll() is None, f"{each.name} has ended"
        bugs = [line for line in each.log() if line["event"] in {"request.failed", "service.failed", "not json"}]
        assert bugs == []


async def asked(
    world: World, processes: list[Process], known: Mapping[str, Seed], count: int, chosen: int
) -> dict[str, Run]:
    return {
        each.name: await asyncio.to_thread(Asking(world, each, known[each.name]).fuzz, count, chosen)
        for each in processes
    }


async def test_requests_of_every_kind_with_every_kind_of_token_find_nothing_wrong(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    chosen = chosen_seed(USUAL)
    async with seeded(kafka, mongo_uri, topic_prefix, tmp_path) as (world, processes):
        judge(await asked(world, processes, seeds(), SHORT, chosen), processes, SHORT)


@pytest.mark.long
async def test_10000_requests_find_nothing_wrong_and_memory_stays_bounded(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    chosen = chosen_seed()
    async with seeded(kafka, mongo_uri, topic_prefix, tmp_path) as (world, processes):
        await asked(world, processes, seeds(), LONG // 5, chosen + 1)  # warm
        before = {each.name: resident(each) for each in processes}
        runs = await asked(world, processes, seeds(), LONG, chosen)
        grown = {each.name: resident(each) - before[each.name] for each in processes}
        print({name: f"{before[name] / MIB:.0f} MiB, {more / MIB:+.1f}" for name, more in grown.items()})  # noqa: T201  figures
        judge(runs, processes, LONG)
        assert max(grown.values()) <= MOST_GROWTH, grown
