"""What learners, courses and enrollments have in common: documents that owe something until somebody was told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ClassVar

from go1_stats_processor.domain.matching import Clash
from shared.kafka import Sender
from shared.mongo import Collection, Database, Document
from shared.outbox import Outbox


class Owing:
    """One collection; `tell` is given the documents that owe, at once or by the sweep after a crash."""

    NAME: ClassVar[str]

    def __init__(
        self,
        database: Database,
        sender: Sender,
        tell: Callable[[Sequence[Document]], Awaitable[None]],
        *,
        clash: Clash,
        clock: Callable[[], datetime],
    ) -> None:
        self.collection: Collection = database[self.NAME]
        self._clash = clash
        self._clock = clock
        self.outbox = Outbox(self.collection, sender, lambda _document: (), tell, clock=clock)

    async def prepare(self) -> None:
        await self.outbox.prepare()
