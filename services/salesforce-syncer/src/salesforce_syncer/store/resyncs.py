"""Resyncs asked for: kept until they are done, and what of them is left to write."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.commands import SalesforceResyncRequested
from salesforce_syncer.domain.objects import profile_of, row_id
from salesforce_syncer.store.tables import Tables
from shared.mongo import Document, UpdateOne

AT_ONCE = 1_000
Cause = Mapping[str, str]
"""Attributes of the envelope that a request came in."""


@dataclass(frozen=True, slots=True)
class Left:
    """How far a resync is."""

    total: int
    open: int
    rejected: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Resyncs:
    """A resync's document: what was asked, its `cause`, `state` (asked, running, done) and `total`."""

    tables: Tables

    async def take(self, requests: Sequence[tuple[SalesforceResyncRequested, Cause]]) -> None:
        """Take requests in, each with what its events take over; one that was taken before changes nothing."""
        writes = [
            UpdateOne(
                {"_id": each.request_id},
                {"$setOnInsert": each.model_dump(mode="json", exclude_none=True) | {"state": "asked", "cause": cause}},
                upsert=True,
            )
            for each, cause in requests
        ]
        if writes:
            await self.tables.resyncs.bulk_write(writes, ordered=False)

    async def open(self) -> list[Document]:
        return [each async for each in self.tables.resyncs.find({"state": {"$in": ["asked", "running"]}})]

    async def update(self, request_id: str, **fields: Any) -> None:
        await self.tables.resyncs.update_one({"_id": request_id}, {"$set": fields})

    async def mark(self, request_id: str, portal_id: str, learner_id: str | None, now: datetime) -> int:
        """Make all rows dirty whatever was acknowledged, refused ones too; how many there are."""
        asked: dict[str, Any] = {"portal_id": portal_id, "deleted": False, "state": {"$ne": "gone"}}
        if learner_id:
            asked["learner_id"] = learner_id
        rows = await self.tables.rows.update_many(asked, _forced(request_id, now))
        records: set[str] = set()
        async for each in self.tables.rows.find({**asked, "touched": {"$exists": True}}, {"touched": 1}):
            records.update(each["touched"])
        profiles = [row_id(profile_of(each), each) for each in sorted(records)]
        marked = rows.matched_count
        for start in range(0, len(profiles), AT_ONCE):
            some = {"_id": {"$in": profiles[start : start + AT_ONCE]}, "state": {"$ne": "gone"}}
            marked += (await self.tables.rows.update_many(some, _forced(request_id, now))).matched_count
        return marked

    async def left(self, request_id: str, total: int) -> Left:
        grouped = [
            {"$match": {"resync": request_id}},
            {
                "$group": {
                    "_id": {"dirty": {"$ne": [{"$type": "$dirty_since"}, "missing"]}, "state": "$state"},
                    "rows": {"$sum": 1},
                }
            },
        ]
        counts = {
            (each["_id"]["dirty"], each["_id"]["state"]): each["rows"]
            async for each in self.tables.rows.aggregate(grouped)
        }
        waiting = counts.get((True, "waiting"), 0)
        return Left(
            total,
            sum(rows for (dirty, _), rows in counts.items() if dirty) - waiting,
            counts.get((False, "rejected"), 0),
            waiting,
        )

    async def refused(self, request_id: str) -> AsyncGenerator[list[Document]]:
        """Yield the rows of a resync that were not written, a thousand at a time."""
        some: list[Document] = []
        asked: Mapping[str, Any] = {"resync": request_id, "state": {"$in": ["rejected", "waiting"]}}
        async for each in self.tables.rows.find(asked).sort("_id", 1):
            some.append(each)
            if len(some) == AT_ONCE:
                yield some
                some = []
        if some:
            yield some

    async def finish(self, request_id: str, now: datetime) -> None:
        await self.tables.rows.update_many({"resync": request_id}, {"$unset": {"resync": ""}})
        await self.update(request_id, state="done", done_at=now)


def _forced(request_id: str, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "$set": {
                "forced": True,
                "state": "dirty",
                "dirty_since": {"$ifNull": ["$dirty_since", now]},
                "retry_at": "$$REMOVE",
                "resync": request_id,
            }
        }
    ]
