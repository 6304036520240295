"""What a proof of sync asks of the desired rows, what it remembers, and what its repair marks."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salesforce_syncer.domain import ledger
from salesforce_syncer.domain.objects import row_id
from salesforce_syncer.store.tables import Tables
from shared.mongo import Document, UpdateOne


@dataclass(frozen=True, slots=True)
class ProofStore:
    """Reads the rows a proof compares with."""

    tables: Tables

    async def rows(self, ids: Sequence[str]) -> dict[str, Document]:
        return {each["_id"]: each async for each in self.tables.rows.find({"_id": {"$in": list(ids)}})}

    async def held(self, object_name: str, portals: Sequence[str] | None, size: int) -> AsyncGenerator[list[Document]]:
        """Yield the rows that Salesforce has acknowledged, some at a time."""
        asked: dict[str, Any] = {"object": object_name, "state": "written", "dirty_since": {"$exists": False}}
        if portals is not None:
            asked["portal_id"] = {"$in": list(portals)}
        some: list[Document] = []
        async for each in self.tables.rows.find(asked):
            some.append(each)
            if len(some) == size:
                yield some
                some = []
        if some:
            yield some

    async def doom(self, rows: Sequence[tuple[str, str, str]], now: datetime) -> None:
        """Have rows deleted that Salesforce holds and should not, given as (object, key, Salesforce id)."""
        writes = [
            UpdateOne(
                {"_id": row_id(object_name, key)},
                {
                    "$set": {"deleted": True, "state": "dirty", "dirty_since": now, "salesforce_id": salesforce_id},
                    "$inc": {"version": 1},
                    "$setOnInsert": {
                        "shape": ledger.SHAPE,
                        "object": object_name,
                        "key": key,
                        "portal_id": key.partition(":")[0],
                        "learner_id": None,
                        "payload": {},
                        "hash": "",
                        "records": [],
                    },
                },
                upsert=True,
            )
            for object_name, key, salesforce_id in rows
        ]
        if writes:
            await self.tables.rows.bulk_write(writes, ordered=False)

    async def remember(self, *, rows: int, drift: int, portal_id: str | None, now: datetime) -> None:
        await self.tables.state.update_one(
            {"_id": "proof"}, {"$set": {"at": now, "rows": rows, "drift": drift, "portal_id": portal_id}}, upsert=True
        )

    async def remember_night(self, now: datetime) -> None:
        await self.tables.state.update_one({"_id": "nightly-proof"}, {"$set": {"at": now}}, upsert=True)

    async def last_night(self) -> datetime | None:
        """Return when the nightly proof was last done."""
        found = await self.tables.state.find_one({"_id": "nightly-proof"})
        return found["at"] if found else None
