"""Who may run what only one may run: a document in MongoDB, dated by MongoDB's clock, with a fencing number."""

from typing import Any

from shared.mongo import Collection, Database, DuplicateKeyError, ReturnDocument


class Lease:
    """A lease by name. `fence` grows with every new holder: writes that carry an older one are refused by their store."""

    def __init__(self, database: Database, name: str, *, holder: str, seconds: float) -> None:
        self._leases: Collection = database["leases"]
        self._name = name
        self._holder = holder
        self._milliseconds = int(seconds * 1000)

    async def acquire(self) -> int | None:
        """Take or renew the lease; its fencing number, or None while another holds it."""
        ours: dict[str, Any] = {"$eq": ["$holder", self._holder]}
        free: dict[str, Any] = {"$or": [ours, {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}]}
        wanted = {
            "holder": self._holder,
            "until": {"$add": ["$$NOW", self._milliseconds]},
            "fence": {"$cond": [ours, "$fence", {"$add": [{"$ifNull": ["$fence", 0]}, 1]}]},
        }
        update = {"$set": {name: {"$cond": [free, value, f"${name}"]} for name, value in wanted.items()}}
        try:
            found = await self._leases.find_one_and_update(
                {"_id": self._name}, [update], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # two made it at the same moment, and the other was first
            return await self.acquire()
        return int(found["fence"]) if found["holder"] == self._holder else None

    async def release(self) -> None:
        """Give the lease up, if it is ours."""
        await self._leases.update_one(
            {"_id": self._name, "holder": self._holder}, [{"$set": {"until": "$$NOW", "holder": None}}]
        )
