"""What a proof of sync asks of the desired rows, what it remembers, and what its repair marks."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from salesforce_syncer.domain import ledger
from salesforce_syncer.domain.objects import row_id
from salesforce_syncer.store.tables import Tables
from shared.mongo import BulkWriteError, Document, InsertOne, UpdateOne, only_duplicates


@dataclass(frozen=True, slots=True)
class Extra:
    """A row that Salesforce holds and should not; the version of ours that says so, None where there is none."""

    object: str
    key: str
    salesforce_id: str
    version: int | None


@dataclass(frozen=True, slots=True)
class ProofStore:
    """Reads the rows a proof compares with."""

    tables: Tables

    async def now(self) -> datetime:
        """Return MongoDB's time, by which answers of Salesforce are kept."""
        database = self.tables.rows.database
        return (await database.command("hello", codec_options=database.codec_options))["localTime"]

    async def rows(self, ids: Sequence[str]) -> dict[str, Document]:
        return {each["_id"]: each async for each in self.tables.rows.find({"_id": {"$in": list(ids)}})}

    async def held(
        self, object_name: str, portals: Sequence[str] | None, size: int, *, before: datetime
    ) -> AsyncGenerator[list[Document]]:
        """Yield the rows that Salesforce had acknowledged before an instant, some at a time."""
        asked: dict[str, Any] = {
            "object": object_name,
            "state": "written",
            "dirty_since": {"$exists": False},
            "written.at": {"$lt": before},
        }
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

    async def doom(self, rows: Sequence[Extra], now: datetime) -> None:
        """Have rows deleted that Salesforce holds and should not. One that has changed since it was read is left alone."""
        writes: list[InsertOne[Document] | UpdateOne] = []
        for each in rows:
            fate = {"deleted": True, "state": "dirty", "dirty_since": now, "salesforce_id": each.salesforce_id}
            name = {"_id": row_id(each.object, each.key)}
            if each.version is not None:
                writes.append(UpdateOne(name | {"version": each.version}, {"$set": fate, "$inc": {"version": 1}}))
                continue
            unknown: Document = {
                "shape": ledger.SHAPE,
                "version": 1,
                "object": each.object,
                "key": each.key,
                "portal_id": each.key.partition(":")[0],
                "learner_id": None,
                "payload": {},
                "hash": "",
                "records": [],
            }
            writes.append(InsertOne(name | unknown | fate))
        if not writes:
            return
        try:
            await self.tables.rows.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            only_duplicates(error)

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
