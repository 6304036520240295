"""Jobs: what a service does for ever beside consuming, whatever fails meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from shared.unavailable import as_unavailable

log = structlog.stdlib.get_logger()

LONGEST_DELAY = 30.0


async def for_ever(name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Do a job again and again, a second after it has ended."""
    while True:
        await retried(name, job)
        await asyncio.sleep(1)


async def retried(name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Do a job once to its end, again after a back-off (0.5 to 30 s) where it fails."""
    delay = 0.5
    while True:
        begun = time.monotonic()
        try:
            await job()
        except Exception as error:  # a job must outlive its bugs; they are loud
            down = as_unavailable(error)
            if down is not None:
                log.warning(
                    "job.delayed", job=name, dependency=down.dependency, reason=down.reason, next_step="tried again"
                )
            else:
                log.exception("job.failed", job=name, exc_info=error, next_step="a bug of ours: the trace says where")
            delay = 0.5 if time.monotonic() - begun > LONGEST_DELAY else min(2 * delay, LONGEST_DELAY)
            await asyncio.sleep(delay)
        else:
            return
