"""The read collection: a row per attempt for lists and statistics. Filled from attempt groups, newest version wins."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.types import normal_email
from go1_stats_processor.domain.groups import NUMBERS
from go1_stats_processor.store.documents import key
from go1_stats_processor.store.statistics import CELL
from shared.mongo import (
    ASCENDING,
    DESCENDING,
    BulkWriteError,
    Database,
    DeleteOne,
    Document,
    IndexModel,
    ReplaceOne,
    only_duplicates,
)

NEWEST_FIRST = [("last_activity_at", DESCENDING), ("_id", DESCENDING)]
COUNTED = [(name, ASCENDING) for name in CELL]
"""Behind what finds a course's rows, so that MongoDB counts them without fetching any."""


def row_id(group: Mapping[str, Any], attempt_id: str) -> str:
    """Portal and attempt first: that is how one is asked for."""
    return key(group["portal_id"], attempt_id, group["learner_id"], group["course_id"])


class Rows:
    """Rows of attempts. One that no fact asks for any more keeps its version, so that an older writer cannot revive it."""

    def __init__(self, database: Database) -> None:
        self.collection = database["attempts"]

    async def prepare(self) -> None:
        await self.collection.create_indexes(
            [
                IndexModel([("portal_id", ASCENDING), *NEWEST_FIRST], name="newest"),
                IndexModel(
                    [("portal_id", ASCENDING), ("course_id", ASCENDING), *NEWEST_FIRST, *COUNTED], name="course_counted"
                ),
                IndexModel([("portal_id", ASCENDING), ("learner_id", ASCENDING)], name="learner"),
                IndexModel([("portal_id", ASCENDING), ("address", ASCENDING)], name="address"),
            ]
        )

    async def show(self, groups: Sequence[Document], since: datetime) -> None:
        """Write the rows of attempts that were published since then."""
        rows = [row for group in groups for row in _rows(group, since)]
        first = [row for row in rows if row["version"] == 1]
        later = [row for row in rows if row["version"] > 1]
        if first:
            later += await self._inserted(first)
        if not later:
            return
        writes = [
            ReplaceOne({"_id": row["_id"], "version": {"$lt": row["version"]}}, row, upsert=True) for row in later
        ]
        try:
            await self.collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            only_duplicates(error)  # the row is there in this version or a newer one

    async def _inserted(self, rows: Sequence[Document]) -> list[Document]:
        """Insert rows, which costs a third of a replacement; return those that are there in whatever version."""
        try:
            await self.collection.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            return [rows[each["index"]] for each in only_duplicates(error)]
        return []

    async def mend(self, groups: Sequence[Document], *, dry_run: bool) -> int:
        """Write the rows of these groups that are not as they should be; how many there are."""
        wanted = {row["_id"]: row for group in groups for row in _rows(group)}
        there = {each["_id"]: each async for each in self.collection.find({"_id": {"$in": list(wanted)}})}
        wrong = [row for row in wanted.values() if there.get(row["_id"]) != row and not _is_newer(there, row)]
        if wrong and not dry_run:
            await self.collection.bulk_write([ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in wrong])
        return len(wrong)

    async def anonymize(self, rows: Iterable[tuple[str, str, Document | None]]) -> None:
        """Put a line that names nobody in the place of each row: (row's id, line's id, line)."""
        writes: list[ReplaceOne[Document] | DeleteOne] = []
        for row, line_id, line in rows:
            if line is not None:
                writes.append(ReplaceOne({"_id": line_id}, line, upsert=True))
            writes.append(DeleteOne({"_id": row}))
        if writes:
            await self.collection.bulk_write(writes)

    async def of_learner(self, portal_id: str, learner_id: str) -> list[str]:
        """Return the ids of a learner's rows."""
        found = self.collection.find({"portal_id": portal_id, "learner_id": learner_id}, {"_id": 1})
        return [each["_id"] async for each in found]

    async def remove(self, ids: Sequence[str]) -> None:
        if ids:
            await self.collection.delete_many({"_id": {"$in": list(ids)}})

    async def page(self, query: Document, *, limit: int) -> list[Document]:
        cursor = self.collection.find(query).sort(NEWEST_FIRST).limit(limit)
        return [each async for each in cursor]

    async def all(self, query: Document) -> AsyncIterator[Document]:
        async for each in self.collection.find(query).sort(NEWEST_FIRST).batch_size(1000):
            yield each

    async def of_attempt(self, portal_id: str, attempt_id: str) -> Document | None:
        """Return the row of an attempt; ids of a portal's attempts are unique."""
        first = key(portal_id, attempt_id, "")
        cursor = self.collection.find({"_id": {"$gte": first, "$lt": first[:-1] + "!"}, "portal_id": portal_id}).limit(
            1
        )
        found = [each async for each in cursor]
        return found[0] if found else None

    async def has(self, query: Document) -> bool:
        return await self.collection.find_one(query, {"_id": 1}) is not None

    async def course_ids(self, query: Document) -> list[str]:
        return sorted(await self.collection.distinct("course_id", query))

    async def portals(self) -> list[str]:
        return sorted(each for each in await self.collection.distinct("portal_id") if each is not None)


def _is_newer(there: Mapping[str, Document], row: Document) -> bool:
    return row["_id"] in there and there[row["_id"]]["version"] > row["version"]


def _rows(group: Document, since: datetime | None = None) -> Iterable[Document]:
    for attempt in group["attempts"]:
        if since is not None and attempt["changed_at"] < since:
            continue
        row: Document = {"_id": row_id(group, attempt["attempt_id"]), "version": attempt["version"]}
        if attempt.get("gone"):
            yield {**row, "gone": True}
            continue
        yield {
            **row,
            "portal_id": group["portal_id"],
            "learner_id": group["learner_id"],
            "course_id": group["course_id"],
            "attempt_id": attempt["attempt_id"],
            "address": normal_email(attempt["email"]),
            **{name: attempt[name] for name in NUMBERS},
        }
