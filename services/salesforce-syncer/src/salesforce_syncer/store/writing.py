"""What the writer asks of the desired rows, and what it keeps of Salesforce's answers."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from salesforce_syncer.domain import ledger
from salesforce_syncer.domain.objects import (
    ACCESSED,
    CHILDREN,
    CONTACT_ENROLLMENT,
    MEMBERSHIP,
    PORTAL,
    USER_ENROLLMENT,
    profile_of,
    row_id,
)
from salesforce_syncer.store.tables import Tables
from shared.mongo import ASCENDING, Document, UpdateOne

DEBTS_AT_ONCE = 5_000
SAVED_AT_ONCE = 1_000
"""Answers: each is an update of some 6 KB in memory, and a bulk job has 10,000."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Feed:
    """What the rows kept say of one user or contact."""

    statuses: Mapping[str, int]
    accessed_at: str | None
    fed: bool


@dataclass(frozen=True, slots=True)
class WritingStore:
    """Reads and marks rows for the one writer."""

    tables: Tables

    async def known_portals(self) -> list[str]:
        """Return the portals that have been connected."""
        portals = {"_id": {"$gte": row_id(PORTAL, ""), "$lt": f"{PORTAL};"}}  # ; follows : in all ids of an object
        return [each["key"] async for each in self.tables.rows.find(portals, {"key": 1})]

    async def recover(self, now: datetime) -> None:
        """Make dirty what a writer had under way when it died, and what changed under its hands."""
        lost = {"in_doubt": {"$exists": True}, "dirty_since": {"$exists": False}, "state": {"$ne": "gone"}}
        await self.tables.rows.update_many(lost, {"$set": {"dirty_since": now, "state": "dirty"}})

    async def promote(self, now: datetime, every: timedelta) -> None:
        """Make dirty the rows whose newer last access has waited long enough.

        Due later than from now on was said by a process whose clock is ahead; it would wait as long as clocks differ.
        """
        await self.tables.rows.update_many(
            {"$or": [{"accessed_due": {"$lte": now}}, {"accessed_due": {"$gt": now + every}}]},
            {"$set": {"dirty_since": now, "state": "dirty"}, "$unset": {"accessed_due": ""}},
        )

    async def dirty(
        self, object_name: str, portals: Sequence[str] | None, *, now: datetime, limit: int, essential: bool = False
    ) -> list[Document]:
        """Return rows to be written, those that have waited longest first."""
        asked = self._asked(object_name, portals, now=now, deleted=False)
        if essential and object_name in CHILDREN:
            asked["payload.Completed_At__c"] = {"$ne": None}
        elif essential and object_name == MEMBERSHIP:
            asked["salesforce_id"] = {"$exists": False}
        cursor = self.tables.rows.find(asked).sort("dirty_since", ASCENDING).limit(limit)
        return [each async for each in cursor]

    def _asked(
        self, object_name: str, portals: Sequence[str] | None, *, now: datetime, deleted: bool
    ) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "object": object_name,
            "deleted": deleted,
            "dirty_since": {"$exists": True},
            "$or": [{"retry_at": {"$exists": False}}, {"retry_at": {"$lte": now}}],
        }
        if portals is not None:
            asked["portal_id"] = {"$in": list(portals)}
        return asked

    async def to_delete(
        self, portals: Sequence[str], *, now: datetime, held: Sequence[str], limit: int
    ) -> list[Document]:
        """Return rows to be deleted; of the portals held only those that an erasure or an approval lets go."""
        asked: dict[str, Any] = {
            "deleted": True,
            "dirty_since": {"$exists": True},
            "portal_id": {"$in": list(portals)},
            "$and": [
                {"$or": [{"retry_at": {"$exists": False}}, {"retry_at": {"$lte": now}}]},
                {"$or": [{"portal_id": {"$nin": list(held)}}, {"erased": True}, {"approved": True}]},
            ],
        }
        return [each async for each in self.tables.rows.find(asked).sort("dirty_since", ASCENDING).limit(limit)]

    async def mark_in_doubt(self, rows: Sequence[Row], fence: int) -> None:
        """Say that a request is under way: until its answer is kept, nobody knows what Salesforce holds."""
        ids = [each["_id"] for each in rows]
        await self.tables.rows.update_many({"_id": {"$in": ids}}, {"$set": {"in_doubt": fence}})

    async def mark_profiles(self, rows: Sequence[Row]) -> None:
        """Keep the profiles as they were computed."""
        await self.save(
            [
                UpdateOne({"_id": each["_id"]}, {"$set": {"payload": each["payload"], "hash": each["hash"]}})
                for each in rows
            ]
        )

    async def save(self, updates: Iterable[UpdateOne]) -> None:
        waiting = iter(updates)
        while some := list(islice(waiting, SAVED_AT_ONCE)):
            await self.tables.rows.bulk_write(some, ordered=False)

    async def written_memberships(self, keys: Sequence[str]) -> set[str]:
        """Return which of these membership rows Salesforce holds."""
        ids = [row_id(MEMBERSHIP, key) for key in keys]
        asked = {"_id": {"$in": ids}, "salesforce_id": {"$exists": True}, "deleted": False}
        return {each["key"] async for each in self.tables.rows.find(asked, {"key": 1})}

    async def wake_children(self, memberships: Sequence[str]) -> None:
        """Let the rows go on that waited for these memberships."""
        await self.tables.rows.update_many(
            {"membership": {"$in": list(memberships)}, "state": "waiting"},
            {"$set": {"state": "dirty"}, "$unset": {"retry_at": ""}},
        )

    async def force(self, ids: Sequence[str], now: datetime) -> None:
        """Make rows dirty whatever was acknowledged: Salesforce does not hold what it should."""
        await self.tables.rows.update_many(
            {"_id": {"$in": list(ids)}, "state": {"$ne": "gone"}},
            [
                {
                    "$set": {
                        "forced": True,
                        "state": "dirty",
                        "dirty_since": {"$ifNull": ["$dirty_since", now]},
                        "retry_at": "$$REMOVE",
                        "salesforce_id": "$$REMOVE",
                    }
                }
            ],
        )

    async def settle_debts(self, portals: Sequence[str], *, now: datetime, every: timedelta) -> bool:
        """Make the profiles dirty that rows owe to; True if there may be more."""
        asked = {"owes": {"$exists": True}, "portal_id": {"$in": list(portals)}}
        debts = {
            each["_id"]: each["owes"] async for each in self.tables.rows.find(asked, {"owes": 1}).limit(DEBTS_AT_ONCE)
        }
        if not debts:
            return False
        owed = {debt for each in debts.values() for debt in each}
        counted = {debt.partition(":")[2] for debt in owed if debt.startswith(ledger.COUNTERS)}
        seen = {debt.partition(":")[2] for debt in owed if debt.startswith(ledger.LAST_ACCESS)} - counted
        await self._mark_profiles(counted, seen, now=now, every=every)
        # The marks are made before the debts go: a row that changes in between owes again, or is seen by the count.
        await self.tables.rows.bulk_write(
            [UpdateOne({"_id": each}, _paid(paid)) for each, paid in debts.items()], ordered=False
        )
        return len(debts) == DEBTS_AT_ONCE

    async def _mark_profiles(self, counted: set[str], seen: set[str], *, now: datetime, every: timedelta) -> None:
        records = sorted(counted | seen)
        lost = {each["_id"] async for each in self.tables.records.find({"_id": {"$in": records}}, {"_id": 1})}
        ids = [row_id(profile_of(each), each) for each in records if each not in lost]
        held = {each["key"]: each async for each in self.tables.rows.find({"_id": {"$in": ids}})}
        updates = [
            _profile_update(record, held.get(record), counters=record in counted, now=now, every=every)
            for record in records
            if record not in lost
        ]
        await self.save(updates)

    async def feeds(self, records: Sequence[str], portals: Sequence[str]) -> dict[str, Feed]:
        """Count the rows kept for these users and contacts, over all their portals."""
        statuses: dict[str, dict[str, int]] = {each: {} for each in records}
        async for each in self.tables.rows.aggregate(_counting(records, portals)):
            statuses[each["_id"]["record"]][each["_id"]["status"]] = each["rows"]
        accessed: dict[str, str | None] = {}
        async for each in self.tables.rows.aggregate(_feeding(records, portals)):
            accessed[each["_id"]] = each["accessed"]
        return {each: Feed(statuses[each], accessed.get(each), each in accessed) for each in records}

    async def learners_of(self, records: Sequence[str]) -> list[str]:
        """Return the learners that ever belonged to one of these records."""
        asked = {"touched": {"$in": list(records)}}
        return [each["learner"] async for each in self.tables.rows.find(asked, {"learner": 1})]

    async def all_rows(self, asked: Mapping[str, Any]) -> AsyncGenerator[Document]:
        async for each in self.tables.rows.find(dict(asked)):
            yield each


def _paid(debts: Sequence[str]) -> list[dict[str, Any]]:
    left: dict[str, Any] = {"$setDifference": [{"$ifNull": ["$owes", []]}, list(debts)]}
    return [
        {"$set": {"owes": left}},
        {"$set": {"owes": {"$cond": [{"$eq": ["$owes", []]}, "$$REMOVE", "$owes"]}}},
    ]


def _profile_update(
    record: str, held: Document | None, *, counters: bool, now: datetime, every: timedelta
) -> UpdateOne:
    """Make a profile dirty; for nothing but a newer last access at its own pace."""
    row = row_id(profile_of(record), record)
    written: Mapping[str, Any] = (held or {}).get("written") or {}
    if counters or held is None or not written.get("accessed"):
        fields: dict[str, Any] = {
            "object": profile_of(record),
            "key": record,
            "state": "dirty",
            "dirty_since": (held or {}).get("dirty_since") or now,
        }
        begun: dict[str, Any] = {"shape": ledger.SHAPE, "deleted": False, "payload": {}, "hash": "", "records": []}
        return UpdateOne(
            {"_id": row},
            {"$set": fields, "$inc": {"version": 1}, "$setOnInsert": begun | {"portal_id": None, "learner_id": None}},
            upsert=True,
        )
    if held.get("dirty_since"):
        return UpdateOne({"_id": row}, {"$inc": {"version": 1}})
    return UpdateOne(
        {"_id": row},
        {"$set": {"accessed_due": ledger.access_due(written, now=now, every=every)}, "$inc": {"version": 1}},
    )


def _counting(records: Sequence[str], portals: Sequence[str]) -> list[dict[str, Any]]:
    """Rows refused for good that never were in Salesforce are not counted: the count is that of Salesforce's rows."""
    return [
        {
            "$match": {
                "records": {"$in": list(records)},
                "object": {"$in": [USER_ENROLLMENT, CONTACT_ENROLLMENT]},
                "deleted": False,
                "portal_id": {"$in": list(portals)},
                "$nor": [{"state": "rejected", "salesforce_id": {"$exists": False}}],
            }
        },
        {"$unwind": "$records"},
        {"$group": {"_id": {"record": "$records", "status": "$payload.Status__c"}, "rows": {"$sum": 1}}},
    ]


def _feeding(records: Sequence[str], portals: Sequence[str]) -> list[dict[str, Any]]:
    """Who is fed at all, and the newest last access of the rows that are theirs still; counted where the rows are."""
    theirs = {"$cond": [{"$in": ["$touched", "$records"]}, f"$payload.{ACCESSED}", None]}
    return [
        {"$match": {"touched": {"$in": list(records)}, "deleted": False, "portal_id": {"$in": list(portals)}}},
        {"$project": {"touched": 1, "records": 1, f"payload.{ACCESSED}": 1}},
        {"$unwind": "$touched"},
        {"$match": {"touched": {"$in": list(records)}}},
        {"$group": {"_id": "$touched", "accessed": {"$max": theirs}}},
    ]
