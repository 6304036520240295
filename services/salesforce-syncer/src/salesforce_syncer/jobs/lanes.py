"""Chunks side by side: at most four under way, never two with rows of one membership."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from salesforce_syncer.domain.chunks import Chunk, next_free
from salesforce_syncer.salesforce.client import IN_FLIGHT


class Lanes:
    """Sends chunks; after the first failure no further one begins, those under way are finished, and it is raised."""

    def __init__(self, send: Callable[[Chunk], Awaitable[None]], chunks: Sequence[Chunk]) -> None:
        self._send = send
        self._waiting = list(chunks)
        self._under_way: list[Chunk] = []
        self._failure: Exception | None = None
        self._turn = asyncio.Condition()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(self._waiting))):
                group.create_task(self._lane())
        if self._failure is not None:
            raise self._failure

    async def _lane(self) -> None:
        while True:
            chunk = await self._next()
            if chunk is None:
                return
            try:
                await self._send(chunk)
            except Exception as error:  # noqa: BLE001  raised again when the other lanes are done
                self._failure = self._failure or error
            async with self._turn:
                self._under_way.remove(chunk)
                self._turn.notify_all()

    async def _next(self) -> Chunk | None:
        async with self._turn:
            while self._waiting and self._failure is None:
                chunk = next_free(self._waiting, self._under_way)
                if chunk is not None:
                    self._waiting.remove(chunk)
                    self._under_way.append(chunk)
                    return chunk
                await self._turn.wait()
        return None
