"""What people ask: how the sync stands, why a row is as it is, what Salesforce refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salesforce_syncer.domain import learner
from salesforce_syncer.domain.objects import MEMBERSHIP, OBJECTS, profile_of, row_id
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.tables import Tables
from shared.mongo import ASCENDING, Document

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """A learner, read for `explain`."""

    links: tuple[learner.Link, ...]
    merged: Mapping[str, str]
    rows: tuple[tuple[Row, str, str | None], ...]
    """(row, state as told, why)."""


@dataclass(frozen=True, slots=True)
class ReadingStore:
    """Answers questions; changes nothing but what a retry asks for."""

    tables: Tables
    settings: Settings

    async def status(self) -> Mapping[str, Any]:
        """Return what the writer last said of itself, and what waits."""
        documents = {each["_id"]: each async for each in self.tables.state.find({})}
        return {
            "writer": documents.get("writer"),
            "org": documents.get("org"),
            "proof": documents.get("proof"),
            "guards": [each for name, each in sorted(documents.items()) if name.startswith("guard:")],
            "dirty": await self.dirty(),
            "rejected": await self.tables.rows.count_documents({"state": "rejected"}),
        }

    async def dirty(self) -> Mapping[str, tuple[int, datetime | None]]:
        """Return by object how many rows Salesforce is still to be told, and since when the oldest waits."""
        grouped = [
            {"$match": {"object": {"$in": list(OBJECTS)}, "dirty_since": {"$exists": True}}},
            {"$group": {"_id": "$object", "rows": {"$sum": 1}, "oldest": {"$min": "$dirty_since"}}},
        ]
        found = {each["_id"]: each async for each in self.tables.rows.aggregate(grouped)}
        return {name: (found[name]["rows"], found[name]["oldest"]) if name in found else (0, None) for name in OBJECTS}

    async def rejected_by_object(self) -> Mapping[str, int]:
        grouped = [{"$match": {"state": "rejected"}}, {"$group": {"_id": "$object", "rows": {"$sum": 1}}}]
        return {each["_id"]: each["rows"] async for each in self.tables.rows.aggregate(grouped)}

    async def unlinked_learners(self) -> int:
        asked = {"facts.kind": {"$ne": "linked"}, "facts.0": {"$exists": True}}
        return await self.tables.learners.count_documents(asked)

    async def story(self, portal_id: str, learner_id: str) -> Story | None:
        """Return all that is known of a learner's rows; None for a learner nobody ever told of."""
        key = f"{portal_id}/{learner_id}"
        document = await self.tables.learners.find_one({"_id": key})
        if document is None:
            return None
        read = learner.read(document)
        asked = {"_id": {"$in": list(read.touched)}, "master": {"$exists": True}}
        merged = {each["_id"]: each["master"] async for each in self.tables.records.find(asked)}
        rows = [each async for each in self.tables.rows.find({"learner": key}).sort("_id", ASCENDING)]
        records = sorted({merged.get(each, each) for each in read.touched} | set(read.touched))
        profiles = [row_id(profile_of(each), each) for each in records]
        rows += [each async for each in self.tables.rows.find({"_id": {"$in": profiles}}).sort("_id", ASCENDING)]
        known = await self.tables.portals.find_one({"_id": portal_id}, {"_id": 1}) is not None
        guarded = await self.tables.state.find_one({"_id": f"guard:{portal_id}"}) is not None
        parent = next((each for each in rows if each["object"] == MEMBERSHIP), None)
        told = [(each, *self._told(each, known=known, guarded=guarded, parent=parent)) for each in rows]
        others = self.tables.rows.find({"contenders": key}, {"object": 1, "key": 1}).sort("_id", ASCENDING)
        told += [({**each, "payload": {}}, "held", _WHY["held"]) async for each in others]
        return Story(read.links, merged, tuple(told))

    def _told(self, row: Row, *, known: bool, guarded: bool, parent: Row | None) -> tuple[str, str | None]:
        """Return a row's state as it is told, and why it is not written."""
        if "dirty_since" not in row:
            return row["state"], _WHY.get(row["state"])
        held = self._held(row, known=known)
        if held is not None:
            return held
        if row["deleted"] and guarded and not row.get("erased") and not row.get("approved"):
            return "held", "the delete guard waits for approval"
        if row["state"] == "waiting" or _waits_for(row, parent):
            return "waiting", "its parent is not written yet"
        return "dirty", "it is its turn soon"

    def _held(self, row: Row, *, known: bool) -> tuple[str, str] | None:
        """Return what holds all rows of a portal back."""
        portal_id: str | None = row["portal_id"]
        if portal_id is None:
            return None
        if not known:
            return "waiting", "the portal is not connected yet"
        if not self.settings.serves(portal_id):
            return "held", "this org is not for the portal"
        return ("held", "dry run") if self.settings.dry_run(portal_id) else None

    async def rejected(
        self, *, filters: Mapping[str, str | None], portals: Sequence[str] | None, after: str | None, limit: int
    ) -> list[Document]:
        """Return refused rows in the order of their ids."""
        asked: dict[str, Any] = {"state": "rejected"}
        if filters.get("object"):
            asked["object"] = filters["object"]
        if filters.get("code"):
            asked["error.code"] = filters["code"]
        conditions: list[dict[str, Any]] = []
        if filters.get("portal_id"):
            conditions.append({"portal_id": filters["portal_id"]})
        if portals is not None:
            conditions.append({"portal_id": {"$in": list(portals)}})
        if conditions:
            asked["$and"] = conditions
        if after is not None:
            asked["_id"] = {"$gt": after}
        return [each async for each in self.tables.rows.find(asked).sort("_id", ASCENDING).limit(limit)]

    async def retry(self, keys: Sequence[str], portals: Sequence[str] | None, now: datetime) -> int:
        """Make refused rows dirty again; how many there were."""
        asked: dict[str, Any] = {"state": "rejected", "key": {"$in": list(keys)}}
        if portals is not None:
            asked["portal_id"] = {"$in": list(portals)}
        debts: dict[str, Any] = {
            "$map": {"input": {"$ifNull": ["$records", []]}, "as": "each", "in": {"$concat": ["counters:", "$$each"]}}
        }
        owes: dict[str, Any] = {"$setUnion": [{"$ifNull": ["$owes", []]}, debts]}
        result = await self.tables.rows.update_many(
            asked,
            [
                {
                    "$set": {
                        "state": "dirty",
                        "dirty_since": now,
                        "forced": True,
                        "retry_at": "$$REMOVE",
                        "owes": {"$cond": [{"$eq": [owes, []]}, "$$REMOVE", owes]},
                    }
                }
            ],
        )
        return result.modified_count


_WHY = {
    "gone": "its contact was deleted in Salesforce; a new link starts again",
    "rejected": "Salesforce refused it; see error",
    "held": "another learner has an enrollment of the same id",
    "deleted": "nothing is to be there: unenrolled, unlinked, voided or erased",
}


def _waits_for(row: Row, parent: Row | None) -> bool:
    is_child = row.get("membership") is not None and row["object"] != MEMBERSHIP
    return is_child and not row["deleted"] and (parent is None or "salesforce_id" not in parent)
