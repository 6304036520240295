"""Seals in MongoDB: written once like the rows they hold; rows themselves are never marked."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import CodecOptions, Timestamp
from bson.raw_bson import RawBSONDocument

from action_logger.domain.seals import (
    BEFORE_ALL,
    NO_HMAC,
    Place,
    Pruning,
    Seal,
    SealedRow,
    content_of,
    pruning_hmac,
    row_mac,
    seal,
)
from action_logger.store import stored
from shared.keys import Keys
from shared.mongo import ASCENDING, DESCENDING, Collection, Database, Document, DuplicateKeyError

SHAPE = 1
MOST_ROWS = 5_000
"""In one seal; with the longest ids its document stays under 3 MB of MongoDB's 16."""
GRACE_SECONDS = 10
"""A row is visible within milliseconds of being stamped by the server; younger ones wait for the next round."""


class Seals:
    """The collection `seals`, and the rows of `log` as bytes."""

    def __init__(self, database: Database, keys: Keys, *, grace_seconds: int = GRACE_SECONDS) -> None:
        self._grace = timedelta(seconds=grace_seconds)
        self.key = keys.derive("action-logger: seals")
        self._database = database
        self._seals: Collection = database["seals"]
        self._prunings: Collection = database["prunings"]
        self._log: Collection = database["log"]
        self._bytes: Any = self._log.with_options(codec_options=CodecOptions(document_class=RawBSONDocument, tz_aware=True))  # fmt: skip

    async def newest(self) -> Seal | None:
        found = await self._seals.find_one({}, sort=[("_id", DESCENDING)])
        return None if found is None else _seal(found)

    async def after(self, number: int) -> AsyncGenerator[Seal]:
        """Yield the seals with greater numbers, in order."""
        async for each in self._seals.find({"_id": {"$gt": number}}, batch_size=5).sort("_id", ASCENDING):
            yield _seal(each)

    async def server_time(self) -> datetime:
        answer: Document = await self._database.command("hello")  # every user may ask this
        found: datetime = answer["localTime"]
        return found.replace(tzinfo=UTC)

    async def add(self, late: Sequence[str], now: datetime) -> Seal | None:
        """Seal these rows, which an earlier seal passed by, and those after the newest seal; None: nothing to do.

        Whoever seals at the same time gets the number, and the other nothing: no row is sealed twice.
        """
        newest = await self.newest()
        found: list[RawBSONDocument] = []
        if late:
            found += await self._bytes.find({"_id": {"$in": list(late)}}).to_list(None)
        found += await self._unsealed(newest, now)
        if not found:
            return None
        before = BEFORE_ALL if newest is None else newest.last
        raw = [bytes(each.raw) for each in found]
        rows = [stored.read(each) for each in raw]
        places = [place for _, place, _ in rows if place is not None]
        sealed = tuple(SealedRow(row[0], row_mac(self.key, each)) for row, each in zip(rows, raw, strict=True))
        made = seal(
            self.key,
            Seal(
                number=1 if newest is None else newest.number + 1,
                previous=NO_HMAC if newest is None else newest.hmac,
                rows=sealed,
                content=content_of(sealed),
                count=len(sealed),
                late=sum(each <= before for each in places),
                last=max(before, *places),
                newest=stored.instant(max(timestamp for _, _, timestamp in rows)),
                sealed_at=now,
            ),
        )
        try:
            await self._seals.insert_one(_document(made))
        except DuplicateKeyError:
            return None
        return made

    async def passed_by(self, before: Place, found: Seal) -> list[str]:
        """Return rows in a seal's range, which begins after `before`, that neither it nor a later one holds."""
        here = _range(before, found.last)
        if await self._log.count_documents(here) == found.count - found.late:
            return []
        ids = {str(each["_id"]) async for each in self._log.find(here, {"_id": 1})}
        async for each in self.after(found.number - 1):
            ids.difference_update(row.id for row in each.rows or ())
        return sorted(ids)

    async def stored(self, ids: Sequence[str]) -> dict[str, tuple[bytes, Place | None]]:
        """Return rows as they are stored, with their places; None for a place that is none."""
        found: list[RawBSONDocument] = await self._bytes.find({"_id": {"$in": list(ids)}}).to_list(None)
        kept: dict[str, tuple[bytes, Place | None]] = {}
        for each in found:
            raw = bytes(each.raw)
            name, place, _ = stored.read(raw)
            kept[name] = (raw, place)
        return kept

    async def count(self, before: Place, last: Place | None) -> int:
        """Count rows after a place, up to another."""
        return await self._log.count_documents(_range(before, last))

    async def unknown(self, before: Place, last: Place) -> list[str]:
        """Return the rows of a range that no seal holds."""
        ids = {str(each["_id"]) async for each in self._log.find(_range(before, last), {"_id": 1})}
        async for each in self.after(0):
            ids.difference_update(row.id for row in each.rows or ())
        return sorted(ids)

    async def rows_sealed(self) -> int:
        """Count the rows that seals name."""
        query = [{"$match": {"rows": {"$exists": True}}}, {"$group": {"_id": None, "rows": {"$sum": "$count"}}}]
        return sum([each["rows"] async for each in self._seals.aggregate(query)])

    async def last_before(self, instant: datetime) -> tuple[int, Place]:
        """Return number and last place of the newest seal made before an instant."""
        found = await self._seals.find_one({"sealed_at": {"$lt": instant}}, {"last": 1}, sort=[("_id", DESCENDING)])
        return (0, BEFORE_ALL) if found is None else (found["_id"], (found["last"].time, found["last"].inc))

    async def out_of_place(self) -> str | None:
        """Return a row whose place is no instant of the server's, if there is one."""
        types: Document = {"inserted": {"$not": {"$type": "timestamp"}}}
        found = await self._log.find_one(types, {"_id": 1})
        return None if found is None else str(found["_id"])

    async def prunings(self) -> list[Pruning]:
        return [_pruning(each) async for each in self._prunings.find().sort("_id", ASCENDING)]

    async def say_pruned(self, pruning: Pruning) -> None:
        signed = pruning_hmac(self.key, pruning)
        await self._prunings.insert_one(
            {
                "_id": pruning.number,
                "before": pruning.before,
                "seals": list(pruning.seals),
                "rows": pruning.rows,
                "at": pruning.at,
                "hmac": signed,
                "shape": SHAPE,
            }
        )

    async def due(self, before: datetime) -> AsyncGenerator[tuple[int, int]]:
        """Yield number and count of rows of the seals that hold nothing newer, and still have their rows."""
        query = {"newest": {"$lt": before}, "rows": {"$exists": True}}
        async for each in self._seals.find(query, {"count": 1}).sort("_id", ASCENDING):
            yield each["_id"], each["count"]

    async def prune(self, number: int) -> int:
        """Remove a seal's rows, then their names; needs rights that the service does not have."""
        document = await self._seals.find_one({"_id": number}, {"rows": 1})
        names: list[str] = [] if document is None else document.get("rows", [])
        removed = await self._log.delete_many({"_id": {"$in": names}})
        await self._seals.update_one({"_id": number}, {"$unset": {"rows": "", "macs": ""}})
        return removed.deleted_count

    async def _unsealed(self, newest: Seal | None, now: datetime) -> list[RawBSONDocument]:
        after = BEFORE_ALL if newest is None else newest.last
        until = (int((now - self._grace).timestamp()), 0)
        found = self._bytes.find(_range(after, until)).sort("inserted", ASCENDING).limit(MOST_ROWS)
        rows: list[RawBSONDocument] = await found.to_list(None)
        return rows


def _range(after: Place, last: Place | None) -> Document:
    bounds: Document = {"$gt": Timestamp(*after)}
    if last is not None:
        bounds["$lte"] = Timestamp(*last)
    return {"inserted": bounds}


def _document(made: Seal) -> Document:
    rows = made.rows or ()
    return {
        "_id": made.number,
        "previous": made.previous,
        "rows": [each.id for each in rows],
        "macs": b"".join(each.mac for each in rows),
        "content": made.content,
        "count": made.count,
        "late": made.late,
        "last": Timestamp(*made.last),
        "newest": made.newest,
        "sealed_at": made.sealed_at,
        "hmac": made.hmac,
        "shape": SHAPE,
    }


def _seal(document: Mapping[str, Any]) -> Seal:
    rows = None
    if "rows" in document:
        macs: bytes = document["macs"]
        size = len(NO_HMAC)
        rows = tuple(SealedRow(each, macs[at * size : (at + 1) * size]) for at, each in enumerate(document["rows"]))
    last: Timestamp = document["last"]
    return Seal(
        number=document["_id"],
        previous=document["previous"],
        rows=rows,
        content=document["content"],
        count=document["count"],
        late=document["late"],
        last=(last.time, last.inc),
        newest=document["newest"],
        sealed_at=document["sealed_at"],
        hmac=document["hmac"],
    )


def _pruning(document: Mapping[str, Any]) -> Pruning:
    return Pruning(
        number=document["_id"],
        before=document["before"],
        seals=tuple(document["seals"]),
        rows=document["rows"],
        at=document["at"],
        hmac=document["hmac"],
    )
