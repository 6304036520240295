"""Requests that change rows in Salesforce and have no answer yet.

One that is broken off may still be carried out, seconds later: over what the next writer has written, or after it has
looked and found nothing to delete. So who stops waits for them, and the lease is given up early only if all have ended.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What one writer has under way."""

    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set["asyncio.Task[Any]"])

    async def finished(self, request: Coroutine[Any, Any, T]) -> T:
        """Do this, its answer kept, to its end, even if the one who waits for it is cancelled meanwhile."""
        task = asyncio.create_task(request)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def over(self, *, within_seconds: float) -> bool:
        """Wait for all of them, so long; whether they have ended. Those that have not are broken off."""
        if not self._tasks:
            return True
        _, left = await asyncio.wait(self._tasks, timeout=within_seconds)
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return not left
