"""All titles that rows bear, each once: so that the report finds a part of a title without asking a million rows.

A title is noted before its row is stored, so every row's title is here. One whose rows are gone may stay: nobody sees it.
"""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from shared.mongo import BulkWriteError, Collection, Database, only_duplicates

SHAPE = 1
MOST_REMEMBERED = 50_000
AT_ONCE = 10_000


class Titles:
    """The collection `titles`, and what this process remembers of it."""

    def __init__(self, database: Database) -> None:
        self._titles: Collection = database["titles"]
        self._log: Collection = database["log"]
        self._known: set[str] = set()

    async def prepare(self) -> None:
        """Note the titles of rows from before this collection: at each start, for an older version may still write."""
        # In the order of an index and without other fields, the distinct titles cost as many steps as there are titles.
        distinct = self._log.aggregate([{"$sort": {"content_title": 1}}, {"$group": {"_id": "$content_title"}}])
        while some := await distinct.to_list(AT_ONCE):
            there = self._titles.find({"_id": {"$in": [each["_id"] for each in some]}}, {"_id": 1})
            known = {each["_id"] for each in await there.to_list(None)}
            await self._insert(each["_id"] for each in some if each["_id"] not in known)

    async def note(self, titles: AbstractSet[str]) -> None:
        """Note titles that are new to this process."""
        new = titles - self._known
        if new:
            await self._insert(new)
            if len(self._known) > MOST_REMEMBERED:
                self._known.clear()
            self._known |= new

    async def with_part(self, part: str) -> list[str]:
        """Return the titles that contain this; capitals do not matter."""
        found = self._titles.find({"folded": {"$regex": re.escape(part.casefold())}}, {"_id": 1})
        return [each["_id"] for each in await found.to_list(None)]

    async def _insert(self, titles: Iterable[str]) -> None:
        documents = [{"_id": each, "folded": each.casefold(), "shape": SHAPE} for each in titles]
        if not documents:
            return
        try:
            await self._titles.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            only_duplicates(error)
