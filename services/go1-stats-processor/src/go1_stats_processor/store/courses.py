"""Go1's catalogue."""

from collections.abc import Collection, Mapping, Sequence

from contracts.types import instant_text
from go1_stats_processor.domain.catalogue import Entries, Entry, with_entries
from go1_stats_processor.store.documents import entries_of, of_entries
from go1_stats_processor.store.owing import Owing
from shared.mongo import Document
from shared.things import fold_into

SHAPE = 1


class Courses(Owing):
    """One document per course; what it owes are the instants from which on its duration has changed."""

    NAME = "courses"

    async def catalogue(self, course_ids: Collection[str]) -> Mapping[str, Entries]:
        if not course_ids:
            return {}
        cursor = self.collection.find({"_id": {"$in": list(course_ids)}})
        return {each["_id"]: entries_of(each) async for each in cursor}

    async def titles(self, course_ids: Collection[str]) -> Mapping[str, str]:
        if not course_ids:
            return {}
        cursor = self.collection.find({"_id": {"$in": list(course_ids)}}, {"title": 1})
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

        changed = await fold_into(self.collection, facts, fold, shape=SHAPE, now=self._clock())
        await self.outbox.settle(changed)
