"""The tracker's live stream, asked for in ways that no browser has: nothing breaks, nobody hears of others, all are let go."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from contracts import BulkActionProgressed
from tests.fuzz.machine import MIB, USUAL, cases, chosen_seed, resident
from tests.fuzz.seeds import ADA, BOB, GLOBEX_ADA, Seed, seeds
from tests.fuzz.streaming import Heard, an_ask, ask
from tests.fuzz.test_http import has_handled
from tests.fuzz.tokens import kinds
from tests.world import Process, World, eventually

LONG, SHORT = cases(10_000) // 4, 60
AT_ONCE = 24
MOST_GROWTH = 24 * MIB
LET_GO_SECONDS = 40
"""A client that vanished without a farewell is noticed at the next ping, after 15 s."""
TRACKER = "bulk-tracker"


@asynccontextmanager
async def a_tracker(
    kafka: str, mongo_uri: str, prefix: str, folder: Path
) -> AsyncGenerator[tuple[World, Process, Seed]]:
    """One that holds what `seeds` says, and hears of progress again and again."""
    seeded = seeds()[TRACKER]
    async with World(kafka, mongo_uri, prefix, folder) as world:
        process = world.service(TRACKER)
        await world.publish(*seeded.events)
        await has_handled(process, len(seeded.events))
        progressing = asyncio.create_task(_progress(world))
        try:
            yield world, process, seeded
        finally:
            progressing.cancel()
            await asyncio.gather(progressing, return_exceptions=True)


async def _progress(world: World) -> None:
    for number in range(1, 1_000_000):
        now = datetime.now(UTC)
        figures = {"processed": number, "succeeded": number, "warnings": 0, "errors": 0}
        names = [f"{mark}-0" for mark in (ADA, BOB, GLOBEX_ADA)]
        await world.publish(*(BulkActionProgressed(action_id=each, progressed_at=now, **figures) for each in names))
        await asyncio.sleep(0.5)


async def streams(process: Process) -> float:
    """How many live streams the process holds open."""
    async with httpx.AsyncClient() as client:
        lines = (await client.get(f"{process.url}/metrics", timeout=10)).text.splitlines()
    return next(float(each.split()[-1]) for each in lines if each.startswith("learnwire_tracker_live_streams "))


async def all_let_go(process: Process) -> None:
    await eventually(
        lambda: streams(process), "all streams to be over", until=lambda count: count == 0, seconds=LET_GO_SECONDS
    )


async def fuzzed(world: World, process: Process, seeded: Seed, count: int, chosen: int) -> Heard:
    """Ask so many times, some at once."""
    rng, heard = random.Random(chosen), Heard()
    known = kinds(TRACKER, world.secret, seeded.good, seeded.wrong_role)
    waiting = iter([an_ask(rng, known, number) for number in range(count)])

    async def one_client() -> None:
        for each in waiting:
            await ask(process, each, seeded, heard, rng)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_client())
    return heard


def judge(heard: Heard, process: Process, count: int) -> None:
    print(f"{dict(sorted(heard.answers.items()))}, {heard.events} events")  # noqa: T201  the figures of docs/promises.md
    assert heard.findings == {}
    assert heard.answers[200] >= count / 20, "too few streams were had"
    assert heard.events >= count / 20
    assert process.popen is not None
    assert process.popen.poll() is None, "it has ended"
    bugs = [line for line in process.log() if line["event"] in {"request.failed", "service.failed", "job.failed"}]
    assert bugs == []


async def test_streams_asked_for_in_every_way_break_nothing_and_are_let_go(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    chosen = chosen_seed(USUAL)
    async with a_tracker(kafka, mongo_uri, topic_prefix, tmp_path) as (world, process, seeded):
        judge(await fuzzed(world, process, seeded, SHORT, chosen), process, SHORT)
        await all_let_go(process)


@pytest.mark.long
async def test_thousands_of_odd_clients_leave_no_stream_no_socket_and_no_memory_behind(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    chosen = chosen_seed()
    async with a_tracker(kafka, mongo_uri, topic_prefix, tmp_path) as (world, process, seeded):
        await fuzzed(world, process, seeded, LONG // 5, chosen + 1)  # warm
        await all_let_go(process)
        memory, files = resident(process), open_files(process)
        heard = await fuzzed(world, process, seeded, LONG, chosen)
        await all_let_go(process)
        grown = resident(process) - memory
        print(f"{memory / MIB:.0f} MiB, {grown / MIB:+.1f}; {open_files(process) - files:+} files")  # noqa: T201  figures
        judge(heard, process, LONG)
        assert grown <= MOST_GROWTH
        assert open_files(process) <= files + 5


def open_files(process: Process) -> int:
    assert process.popen is not None
    return sum(1 for _ in Path(f"/proc/{process.popen.pid}/fd").iterdir())


@pytest.mark.long
async def test_of_many_streams_at_once_no_more_than_the_limits_are_had_and_all_can_be_had_again(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Five of one person, 200 of all."""
    async with a_tracker(kafka, mongo_uri, topic_prefix, tmp_path) as (world, process, _):
        for _round in range(3):
            async with (
                httpx.AsyncClient(
                    base_url=process.url, timeout=30, limits=httpx.Limits(max_connections=None)
                ) as client,
                AsyncExitStack() as stack,
            ):
                statuses = [await opened(world, client, stack, f"p{number // 6}") for number in range(300)]
                by_person = [statuses[start : start + 6] for start in range(0, 300, 6)]
                assert by_person[:40] == [[200] * 5 + [429]] * 40
                assert by_person[40:] == [[429] * 6] * 10
                assert await streams(process) == 200
            await all_let_go(process)


async def opened(world: World, client: httpx.AsyncClient, stack: AsyncExitStack, person: str) -> int:
    """Open a stream that stays until the stack ends; its status."""
    token = world.token(TRACKER, "manager", subject=person, portal_id="acme")
    headers = {"Authorization": f"Bearer {token}"}
    answer = await stack.enter_async_context(client.stream("GET", "/v1/stream", headers=headers))
    return answer.status_code
