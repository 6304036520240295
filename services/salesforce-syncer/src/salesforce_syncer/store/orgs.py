"""What is remembered of the org: which one it is, our calls by the hour, the delete guards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from salesforce_syncer.store.tables import Tables

ORG = "org"
JOBS = "bulk-jobs"
MIRROR = "mirror"


@dataclass(frozen=True, slots=True)
class OrgStore:
    """The writer's memory beside the rows."""

    tables: Tables

    async def org_id(self) -> str | None:
        """Return the org that rows were written to."""
        found = await self.tables.state.find_one({"_id": ORG})
        return found.get("org_id") if found else None

    async def remember_org(self, org_id: str) -> None:
        await self.tables.state.update_one({"_id": ORG}, {"$set": {"org_id": org_id}}, upsert=True)

    async def accept_another(self, org_id: str, now: datetime) -> int:
        """Take this org for ours: it gets everything anew. Returns how many rows that are."""
        await self.tables.records.delete_many({})
        rows = await self.tables.rows.update_many(
            {"deleted": False},
            [
                {
                    "$set": {
                        "state": "dirty",
                        "dirty_since": {"$ifNull": ["$dirty_since", now]},
                        **dict.fromkeys(("written", "salesforce_id", "in_doubt", "retry_at", "error"), "$$REMOVE"),
                    }
                }
            ],
        )
        await self.tables.rows.update_many(
            {"deleted": True},
            {
                "$set": {"state": "deleted"},
                "$unset": dict.fromkeys(("written", "salesforce_id", "in_doubt", "retry_at", "dirty_since"), ""),
            },
        )
        await self.remember_org(org_id)
        return rows.modified_count

    async def tell(self, said: Mapping[str, Any]) -> None:
        """Keep what the writer says of itself."""
        await self.tables.state.update_one({"_id": "writer"}, {"$set": dict(said)}, upsert=True)

    async def mirrored_go1(self) -> bool | None:
        """Return whether the rows of Go1 attempts were derived when this was last settled; None: never."""
        found = await self.tables.state.find_one({"_id": MIRROR})
        return found["go1"] if found else None

    async def remember_mirrored(self, *, go1: bool) -> None:
        await self.tables.state.update_one({"_id": MIRROR}, {"$set": {"go1": go1}}, upsert=True)

    async def remember_job(self, job: str) -> None:
        """Keep the id of a bulk job that begins: should its writer die, the next one ends it first."""
        await self.tables.state.update_one({"_id": JOBS}, {"$addToSet": {"ids": job}}, upsert=True)

    async def jobs(self) -> list[str]:
        """Return the bulk jobs that may still run."""
        found = await self.tables.state.find_one({"_id": JOBS})
        return found["ids"] if found else []

    async def forget_jobs(self) -> None:
        await self.tables.state.delete_one({"_id": JOBS})

    async def add_calls(self, calls: int, now: datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        await self.tables.calls.update_one(
            {"_id": hour.isoformat()}, {"$inc": {"calls": calls}, "$set": {"hour": hour}}, upsert=True
        )

    async def calls_by_hour(self, now: datetime) -> Mapping[datetime, int]:
        """Return our calls within a day, by the hour."""
        asked = {"hour": {"$gt": now - timedelta(hours=25)}}
        return {each["hour"]: each["calls"] async for each in self.tables.calls.find(asked)}

    async def due_deletes(self, portals: Sequence[str]) -> Mapping[str, int]:
        """Return how many deletes are due, by portal, without erasures and what was approved."""
        matched = {
            "deleted": True,
            "dirty_since": {"$exists": True},
            "portal_id": {"$in": list(portals)},
            "erased": {"$ne": True},
            "approved": {"$ne": True},
        }
        return await self._by_portal(matched)

    async def recent_deletes(self, portals: Sequence[str], since: datetime) -> Mapping[str, int]:
        """Return how many rows Salesforce was rid of since then, by portal; those that came back are not among them."""
        matched = {
            "deleted_at": {"$gt": since},
            "state": "deleted",
            "portal_id": {"$in": list(portals)},
            "erased": {"$ne": True},
            "approved": {"$ne": True},
        }
        return await self._by_portal(matched)

    async def live_rows(self, portals: Sequence[str]) -> Mapping[str, int]:
        return await self._by_portal({"portal_id": {"$in": list(portals)}, "deleted": False})

    async def _by_portal(self, matched: Mapping[str, Any]) -> Mapping[str, int]:
        grouped = [{"$match": dict(matched)}, {"$group": {"_id": "$portal_id", "rows": {"$sum": 1}}}]
        return {each["_id"]: each["rows"] async for each in self.tables.rows.aggregate(grouped)}

    async def guards(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the portals whose deletes wait for approval."""
        found = self.tables.state.find({"_id": {"$regex": "^guard:"}})
        return {each["portal_id"]: each async for each in found}

    async def guard(self, portal_id: str, *, deletes: int, rows: int, now: datetime) -> None:
        await self.tables.state.update_one(
            {"_id": f"guard:{portal_id}"},
            {"$set": {"portal_id": portal_id, "deletes": deletes, "rows": rows}, "$setOnInsert": {"since": now}},
            upsert=True,
        )

    async def unguard(self, portal_id: str) -> None:
        await self.tables.state.delete_one({"_id": f"guard:{portal_id}"})

    async def approve_deletes(self, portal_id: str) -> int:
        """Let the deletes of a portal go that are due now; how many there are."""
        asked = {"portal_id": portal_id, "deleted": True, "dirty_since": {"$exists": True}}
        result = await self.tables.rows.update_many(asked, {"$set": {"approved": True}, "$unset": {"retry_at": ""}})
        await self.unguard(portal_id)
        return result.matched_count
