"""Rows of error reports: a document each, however many there are; read in the report's order in constant memory."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bulk_tracker.domain.erasure import ERASED, without_addresses
from bulk_tracker.domain.reports import FIRST_ISSUES, row_identity
from bulk_tracker.store.erasures import Erasures
from bulk_tracker.store.marks import Marks
from contracts.bulk_actions import BulkActionRowsReported, ReportedRow
from shared.mongo import ASCENDING, BulkWriteError, Database, Document, IndexModel, UpdateOne, only_duplicates

AT_ONCE = 1_000
WRITES_AT_ONCE = 4
FIRST_ROWS = 5
_IN_ORDER = (("file", ASCENDING), ("row", ASCENDING), ("_id", ASCENDING))
_TEXTS = ("identifier", "issue", "resolution")


@dataclass(frozen=True, slots=True)
class Issue:
    """A group of rows with the same trouble."""

    status: str
    issue: str
    resolution: str
    count: int
    first_rows: tuple[int, ...]


class Rows:
    """The rows of all reports."""

    def __init__(self, database: Database, *, marks: Marks, erasures: Erasures) -> None:
        self._collection = database["rows"]
        self._marks = marks
        self._erasures = erasures

    async def prepare(self) -> None:
        await self._collection.create_indexes(
            [
                IndexModel([("action_id", ASCENDING), *_IN_ORDER], name="report"),
                IndexModel([("marks", ASCENDING)], name="marks"),
            ]
        )

    async def keep(
        self, reported: Sequence[tuple[BulkActionRowsReported, datetime]], portals: Mapping[str, str]
    ) -> None:
        """Store rows, each once; `portals` are those of the actions whose submission is there."""
        for some in _pieces(reported, AT_ONCE * WRITES_AT_ONCE):
            documents = [self._document(data, row, said_at) for data, said_at in some for row in data.rows]
            starts = range(0, len(documents), AT_ONCE)
            # Rows are independent of each other, so the database need not be waited for one time after the other. No
            # task group: its groups of exceptions hide a database that is away.
            await asyncio.gather(*(self._keep_some(documents[each : each + AT_ONCE], portals) for each in starts))

    async def _keep_some(self, documents: Sequence[Document], portals: Mapping[str, str]) -> None:
        again = await self._insert(documents)
        if again:
            await self._collection.bulk_write([_said_later(each) for each in again], ordered=False)
        await self.erase(documents, portals)

    async def erase_in_action(self, action_id: str, portal_id: str) -> None:
        """Take out of an action's rows whoever was erased before the action's portal was known."""
        chunk: list[Document] = []
        async for each in self._collection.find({"action_id": action_id}):
            chunk.append(each)
            if len(chunk) >= AT_ONCE:
                await self._erase(portal_id, chunk)
                chunk = []
        await self._erase(portal_id, chunk)

    async def naming(self, marks: Sequence[str]) -> AsyncGenerator[list[Document]]:
        """Yield, in pieces, the rows that may name one of these."""
        chunk: list[Document] = []
        async for each in self._collection.find({"marks": {"$in": list(marks)}}):
            chunk.append(each)
            if len(chunk) >= AT_ONCE:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    async def erase(self, rows: Sequence[Document], portals: Mapping[str, str]) -> None:
        """Take out of these rows whoever was erased on their action's portal."""
        by_portal: dict[str, list[Document]] = {}
        for each in rows:
            if each["action_id"] in portals:
                by_portal.setdefault(portals[each["action_id"]], []).append(each)
        for portal_id, some in by_portal.items():
            await self._erase(portal_id, some)

    async def delete(self, action_id: str) -> int:
        return (await self._collection.delete_many({"action_id": action_id})).deleted_count

    async def several_files(self, action_id: str, file_names: Sequence[str]) -> bool:
        """Tell whether the report needs a column for the file."""
        if len(set(file_names)) > 1:
            return True
        one = file_names[0] if file_names else None
        if one is None:
            first = await self._collection.find_one(
                {"action_id": action_id, "file": {"$gt": None}}, sort=[("file", ASCENDING)]
            )
            if first is None:
                return False
            one = first["file"]
        return (
            await self._collection.find_one({"action_id": action_id, "file": {"$nin": [None, one]}}, {"_id": 1})
            is not None
        )

    async def in_order(self, action_id: str, file_names: Sequence[str]) -> AsyncGenerator[Document]:
        """Yield an action's rows as the report shows them: by file in the order of the upload, then by row."""
        names = list(dict.fromkeys(file_names))
        groups: list[list[str | None]] = [[None, *names]] if len(names) == 1 else [[None], *([name] for name in names)]
        for files in groups:
            cursor = self._collection.find({"action_id": action_id, "file": {"$in": files}})
            async for each in cursor.sort(list(_IN_ORDER[1:])).batch_size(AT_ONCE):
                yield each
        rest = self._collection.find({"action_id": action_id, "file": {"$nin": [None, *names]}})
        async for each in rest.sort(list(_IN_ORDER)).batch_size(AT_ONCE):
            yield each

    async def counts(self, action_id: str) -> dict[str, int]:
        """Return how many rows there are, by status."""
        grouped = self._collection.aggregate(
            [{"$match": {"action_id": action_id}}, {"$group": {"_id": "$status", "count": {"$sum": 1}}}]
        )
        return {each["_id"]: each["count"] async for each in grouped}

    async def issues(self, action_id: str) -> list[Issue]:
        """Return the most frequent kinds of trouble."""
        group: dict[str, Any] = {
            "_id": {"status": "$status", "issue": "$issue", "resolution": "$resolution"},
            "count": {"$sum": 1},
            "rows": {"$minN": {"input": "$row", "n": FIRST_ROWS}},
        }
        order = {"count": -1, "_id.status": 1, "_id.issue": 1, "_id.resolution": 1}
        pipeline = [{"$match": {"action_id": action_id}}, {"$group": group}, {"$sort": order}, {"$limit": FIRST_ISSUES}]
        return [_issue(each) async for each in self._collection.aggregate(pipeline, allowDiskUse=True)]

    def _document(self, data: BulkActionRowsReported, row: ReportedRow, said_at: datetime) -> Document:
        return {
            "_id": self._marks.row_id(row_identity(data.action_id, data.file_name, row)),
            "action_id": data.action_id,
            "file": data.file_name,
            "row": row.row,
            "status": row.status,
            "identifier": row.identifier,
            "issue": row.issue,
            "resolution": row.resolution,
            "said_at": said_at,
            "marks": self._marks.of_row(identifier=row.identifier, texts=(row.issue, row.resolution)),
        }

    async def _insert(self, documents: Sequence[Document]) -> list[Document]:
        """Insert what is new; those that were there."""
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            return [documents[each["index"]] for each in only_duplicates(error)]
        return []

    async def _erase(self, portal_id: str, rows: Sequence[Document]) -> None:
        if not rows:
            return
        erased = await self._erasures.known(portal_id, {mark for each in rows for mark in each["marks"]})
        writes = [write for each in rows if (write := self._without(each, erased)) is not None] if erased else []
        if writes:
            await self._collection.bulk_write(writes, ordered=False)

    def _without(self, row: Document, erased_at: Mapping[str, datetime]) -> UpdateOne | None:
        erased = {mark for mark in row["marks"] if mark in erased_at and row["said_at"] <= erased_at[mark]}
        if not erased:
            return None
        of = self._marks
        whole = {of.of_id(row["identifier"]), of.of_address(row["identifier"])} & erased
        texts = {name: without_addresses(row[name], lambda each: of.of_address(each) in erased) for name in _TEXTS}
        changes = texts | ({"identifier": ERASED} if whole else {})
        left = [mark for mark in row["marks"] if mark not in erased]
        return UpdateOne({"_id": row["_id"], "said_at": row["said_at"]}, {"$set": {**changes, "marks": left}})


def _pieces(
    reported: Sequence[tuple[BulkActionRowsReported, datetime]], most_rows: int
) -> Iterator[list[tuple[BulkActionRowsReported, datetime]]]:
    """Yield what was reported in pieces of so many rows, or a little more."""
    piece: list[tuple[BulkActionRowsReported, datetime]] = []
    rows = 0
    for each in reported:
        piece.append(each)
        rows += len(each[0].rows)
        if rows >= most_rows:
            yield piece
            piece, rows = [], 0
    if piece:
        yield piece


def _said_later(document: Document) -> UpdateOne:
    """The same row said again: nothing changes, unless it was said after an erasure of what was known."""
    changes = {name: value for name, value in document.items() if name != "_id"}
    return UpdateOne({"_id": document["_id"], "said_at": {"$lt": document["said_at"]}}, {"$set": changes})


def _issue(group: Document) -> Issue:
    return Issue(count=group["count"], first_rows=tuple(sorted(group["rows"])), **group["_id"])
