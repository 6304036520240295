"""A consumer that is alive but stuck: found, ended with 70, and the next process goes on where it stood."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from contracts import BulkActionStarted
from tests.chaos.storm import READY_SECONDS
from tests.shared.test_shell import start
from tests.world import Process, World, eventually

STUCK = 70
FOUND_SECONDS = 60 + 5
"""A minute without progress, looked at every five seconds; counted from the assignment, a little before it is stuck."""
ENDED_SECONDS = 120


async def is_ready(process: Process) -> bool:
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{process.url}/readyz", timeout=5)).status_code == HTTPStatus.OK
    return False


@pytest.mark.long
async def test_a_stuck_consumer_is_found_within_a_minute_ends_with_70_and_the_next_goes_on(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        stuck = start(world, SHELL_TEST="hang")
        await eventually(lambda: is_ready(stuck), "it to be ready", seconds=READY_SECONDS)
        await world.publish(BulkActionStarted(action_id="a1", started_at=datetime.now(UTC)))
        begun = time.monotonic()
        assert stuck.popen is not None
        assert await asyncio.to_thread(stuck.popen.wait, ENDED_SECONDS) == STUCK
        at = {each["event"]: datetime.fromisoformat(each["timestamp"]) for each in stuck.log()}
        found = (at["consumer.stalled"] - at["partitions.assigned"]).total_seconds()
        heir = start(world)

        async def handled() -> bool:
            return any(each["event"] == "batch.handled" for each in heir.log())

        await eventually(handled, "the next process to handle the record", seconds=READY_SECONDS)
        whole = time.monotonic() - begun
        print(f"stuck consumer: found after {found:.0f} s, consuming again after {whole:.0f} s")  # noqa: T201
        assert found <= FOUND_SECONDS
