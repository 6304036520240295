"""Go1's catalogue."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

from contracts.types import instant_text
from go1_stats_processor.domain.catalogue import Entries, Entry, with_entries
from go1_stats_processor.domain.matching import Clash
from go1_stats_processor.store.documents import entries_of, of_entries
from shared.kafka import Sender
from shared.mongo import Database, Document
from shared.outbox import Outbox
from shared.things import fold_into

SHAPE = 1


class Courses:
    """One document per course; what it owes are the instants from which on its duration has changed."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        tell: Callable[[Sequence[Document]], Awaitable[None]],
        *,
        clash: Clash,
        clock: Callable[[], datetime],
    ) -> None:
        self._collection = database["courses"]
        self._clash = clash
        self._clock = clock
        self.outbox = Outbox(self._collection, sender, lambda _document: (), tell, clock=clock)

    async def prepare(self) -> None:
        await self.outbox.prepare()

    async def catalogue(self, course_ids: Collection[str]) -> Mapping[str, Entries]:
        if not course_ids:
            return {}
        cursor = self._collection.find({"_id": {"$in": list(course_ids)}})
        return {each["_id"]: entries_of(each) async for each in cursor}

    async def titles(self, course_ids: Collection[str]) -> Mapping[str, str]:
        if not course_ids:
            return {}
        cursor = self._collection.find({"_id": {"$in": list(course_ids)}}, {"title": 1})
        return {each["_id"]: each["title"] async for each in cursor}

    async def take(self, facts: Mapping[str, Sequence[Entry]]) -> None:
        """Take entries in, and tell the completions that they concern."""

        def fold(_: str, before: Document | None, new: Sequence[Entry]) -> Document | None:
            entries = entries_of(before)
            after = with_entries(entries, new, self._clash)
            if after == entries:
                return None
            changed = {instant_text(each.changed_at) for each in set(entries).symmetric_difference(after)}
            owes = changed.union(() if before is None else before.get("owes", ()))
            return {**of_entries(after), "owes": [min(owes)]}

        changed = await fold_into(self._collection, facts, fold, shape=SHAPE, now=self._clock())
        await self.outbox.settle(changed)
