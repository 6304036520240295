"""Publishers: what each event source sent that was taken in, and what was set aside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from action_logger.store.log import SEPARATOR, reference
from shared.mongo import ASCENDING, Collection, Database, IndexModel, UpdateOne

KEPT_FOR = timedelta(days=30)
"""As long as the dead letters themselves."""
AFTER_SEPARATOR = "\x0b"
UNKNOWN = "unknown"
"""Stands for the source of what is not a readable event."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A dead letter, by the place of the original record: it may be set aside twice, and counts once."""

    record: str
    source: str
    reason: str
    at: datetime


@dataclass(slots=True)
class Publisher:
    """One event source."""

    source: str
    accepted: int = 0
    dead_lettered: dict[str, int] = field(default_factory=dict[str, int])
    last_seen: datetime | None = None

    def seen(self, at: datetime) -> None:
        self.last_seen = at if self.last_seen is None else max(self.last_seen, at)


class Publishers:
    """The collection `refused`, and the identities in `log`."""

    def __init__(self, database: Database) -> None:
        self._log: Collection = database["log"]
        self._refused: Collection = database["refused"]

    async def prepare(self) -> None:
        await self._refused.create_indexes(
            [IndexModel([("at", ASCENDING)], expireAfterSeconds=int(KEPT_FOR.total_seconds()))]
        )

    async def add(self, refused: Sequence[Refused]) -> None:
        if refused:
            await self._refused.bulk_write(
                [
                    UpdateOne(
                        {"_id": each.record},
                        {"$setOnInsert": {"source": each.source, "reason": each.reason, "at": each.at, "shape": 1}},
                        upsert=True,
                    )
                    for each in refused
                ],
                ordered=False,
            )

    async def all(self) -> list[Publisher]:
        """Return every source with its counts, by name."""
        found: dict[str, Publisher] = {}
        for each in await self._sources():
            publisher = found[each] = Publisher(each)
            own = {"_id": {"$gt": each + SEPARATOR, "$lt": each + AFTER_SEPARATOR}}
            publisher.accepted = await self._log.count_documents(own)
            newest = self._log.find(own, {"received_at": 1}).sort("inserted", -1).limit(1)
            for row in await newest.to_list(1):
                publisher.seen(row["received_at"])
        group = {"_id": ["$source", "$reason"], "count": {"$sum": 1}, "last": {"$max": "$at"}}
        for each in await self._refused.aggregate([{"$group": group}]).to_list(None):
            source, reason = each["_id"]
            publisher = found.setdefault(source, Publisher(source))
            publisher.dead_lettered[reason] = each["count"]
            publisher.seen(each["last"])
        return [found[each] for each in sorted(found)]

    async def _sources(self) -> list[str]:
        """Step from source to source along the primary key."""
        sources: list[str] = []
        query: dict[str, object] = {}
        while (row := await self._log.find_one(query, {"_id": 1}, sort=[("_id", ASCENDING)])) is not None:
            sources.append(reference(row["_id"]).source)
            query = {"_id": {"$gte": sources[-1] + AFTER_SEPARATOR}}
        return sources
