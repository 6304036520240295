"""What the clock starts."""

import asyncio
from typing import get_args

from go1_stats_processor import metrics
from go1_stats_processor.domain.enrollments import Reason
from go1_stats_processor.store.flow import Flow

COUNT_SECONDS = 15.0
ERASE_SECONDS = 20.0


async def count_parked(flow: Flow) -> None:
    while True:
        counts = await flow.enrollments.count_parked()
        for reason in get_args(Reason):
            metrics.parked.labels(reason).set(counts.get(reason, 0))
        await asyncio.sleep(COUNT_SECONDS)


async def erase_again(flow: Flow) -> None:
    """Look once more after erasures of a minute ago: a batch under way at that moment may have written after them."""
    while True:
        await flow.erase_again()
        await asyncio.sleep(ERASE_SECONDS)
