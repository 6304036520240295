"""Events out: what a changed document still owes to its readers, told at once, or by the sweep after a crash.

A document that owes has `owes` (names of what changed) and `owed_since`; events are made from its state, so a
document that changes again before it was told tells its newest state.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.envelope import Envelope
from shared import metrics
from shared.kafka import Sender
from shared.mongo import ASCENDING, Collection, Document, UpdateOne

SWEEP_SECONDS = 5.0
SETTLED_BY_ITS_WRITER = timedelta(seconds=10)
"""How long the sweep leaves a debt to the process that made it."""
SWEPT_AT_ONCE = 500

Events = Callable[[Document], Sequence[Envelope[Any]]]
Also = Callable[[Sequence[Document]], Awaitable[None]]


class Outbox:
    """Settles the debts of one collection's documents."""

    def __init__(
        self,
        collection: Collection,
        sender: Sender,
        events: Events,
        also: Also | None = None,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._collection = collection
        self._sender = sender
        self._events = events
        self._also = also
        self._clock = clock

    async def prepare(self) -> None:
        """Make the index that the sweep asks."""
        await self._collection.create_index([("owed_since", ASCENDING)], name="owed_since", sparse=True)

    async def settle(self, documents: Sequence[Document]) -> None:
        """Tell what these documents owe, then clear it; a document that changed meanwhile goes on owing.

        First `also` (read collections, other documents), then the events, acknowledged by Kafka. All of it may
        happen twice. Raises `Unavailable`.
        """
        owing = [each for each in documents if each.get("owes")]
        if not owing:
            return
        if self._also is not None:
            await self._also(owing)
        await self._sender.send([event for each in owing for event in self._events(each)])
        await self._collection.bulk_write(
            [
                UpdateOne(
                    {"_id": each["_id"], "revision": each["revision"]}, {"$unset": {"owes": "", "owed_since": ""}}
                )
                for each in owing
            ],
            ordered=False,
        )

    async def sweep(self) -> None:
        """Settle for ever what a crash left behind; a job of the service."""
        while True:
            await self.sweep_once()
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep_once(self, *, older_than: timedelta = SETTLED_BY_ITS_WRITER) -> int:
        """Settle all debts older than this and return how many documents there were."""
        settled = 0
        while True:
            limit = self._clock() - older_than
            cursor = (
                self._collection.find({"owed_since": {"$lt": limit}}).sort("owed_since", ASCENDING).limit(SWEPT_AT_ONCE)
            )
            documents = [each async for each in cursor]
            if not settled:
                self._show_age(documents)
            if not documents:
                return settled
            await self.settle(documents)
            settled += len(documents)

    def _show_age(self, documents: Sequence[Document]) -> None:
        age = (self._clock() - documents[0]["owed_since"]).total_seconds() if documents else 0.0
        metrics.outbox_oldest_age.set(age)
