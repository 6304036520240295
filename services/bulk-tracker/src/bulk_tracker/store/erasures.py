"""Who was erased: ids and keyed hashes of addresses, by portal, with the latest erasure's instant."""

from collections.abc import Iterable
from datetime import datetime

from shared.mongo import ASCENDING, Database, UpdateOne


class Erasures:
    """Tombstones. Facts said at or before their instant show nothing of the person any more."""

    def __init__(self, database: Database) -> None:
        self._collection = database["erasures"]

    async def prepare(self) -> None:
        await self._collection.create_index([("portal_id", ASCENDING)], name="portal")

    async def record(self, marks: Iterable[tuple[str, str, datetime]]) -> None:
        """Keep `(portal, mark, instant)`; of several instants the latest."""
        writes = [
            UpdateOne(
                {"_id": f"{portal_id}/{mark}"},
                {"$max": {"erased_at": erased_at}, "$setOnInsert": {"portal_id": portal_id}},
                upsert=True,
            )
            for portal_id, mark, erased_at in marks
        ]
        if writes:
            await self._collection.bulk_write(writes, ordered=False)

    async def any(self, portal_id: str) -> bool:
        """Tell whether anybody was erased on this portal."""
        return await self._collection.find_one({"portal_id": portal_id}, {"_id": 1}) is not None

    async def known(self, portal_id: str, marks: Iterable[str]) -> dict[str, datetime]:
        """Return when each of these marks was erased, of those that were."""
        if not await self.any(portal_id):
            return {}
        ids = {f"{portal_id}/{mark}": mark for mark in marks}
        cursor = self._collection.find({"_id": {"$in": list(ids)}})
        return {ids[each["_id"]]: each["erased_at"] async for each in cursor}
