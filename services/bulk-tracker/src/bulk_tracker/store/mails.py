"""The queue of mails: which end of which action is to be told. No name and no address lie here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bulk_tracker.domain.action import MAIL, Action
from shared.mongo import ASCENDING, Database, IndexModel, ReturnDocument, UpdateOne

CLAIMED_FOR = timedelta(minutes=5)
"""Longer than sending takes at most; after a crash another process sends again, with the same Message-ID."""
GIVEN_UP_AFTER = timedelta(hours=24)
FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 900
KEPT_SECONDS = 30 * 86_400
"""How long a settled mail is remembered, so that a debt paid twice is one mail."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A mail to send."""

    name: str
    action_id: str
    status: str
    ended_at: datetime
    queued_at: datetime
    attempts: int


class Mails:
    """The queue; a mail is claimed by one process at a time."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._collection = database["mails"]
        self._clock = clock

    async def prepare(self) -> None:
        await self._collection.create_indexes(
            [
                IndexModel([("next_at", ASCENDING)], name="next", sparse=True),
                IndexModel([("settled_at", ASCENDING)], name="settled", expireAfterSeconds=KEPT_SECONDS),
            ]
        )

    async def queue(self, actions: Iterable[Action]) -> None:
        """Queue the mail of each action that owes one; once, however often it is asked for."""
        now = self._clock()
        writes = [
            UpdateOne(
                {"_id": f"{each.action_id}/{each.mailed}"},
                {
                    "$setOnInsert": {
                        "action_id": each.action_id,
                        "status": each.status,
                        "ended_at": each.ended_at,
                        "queued_at": now,
                        "next_at": now,
                        "attempts": 0,
                    }
                },
                upsert=True,
            )
            for each in actions
            if MAIL in each.owes
        ]
        if writes:
            await self._collection.bulk_write(writes, ordered=False)

    async def claim(self) -> Queued | None:
        """Take the mail that has waited longest, for as long as sending it may last.

        What another is sending is told by MongoDB's clock: processes' clocks may differ by more than a claim lasts.
        """
        now = self._clock()
        free = {"$lte": [{"$ifNull": ["$claimed_until", "$$NOW"]}, "$$NOW"]}
        claimed = {"$add": ["$$NOW", CLAIMED_FOR // timedelta(milliseconds=1)]}
        attempts = {"$add": ["$attempts", 1]}
        found = await self._collection.find_one_and_update(
            {"next_at": {"$lte": now}, "$expr": free},
            [{"$set": {"next_at": now + CLAIMED_FOR, "claimed_until": claimed, "attempts": attempts}}],
            sort=[("next_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        if not found:
            return None
        return Queued(
            found["_id"], found["action_id"], found["status"], found["ended_at"], found["queued_at"], found["attempts"]
        )

    async def settle(self, mail: Queued, outcome: str) -> None:
        """Remember that nothing is left to do: `sent`, `dropped`, `refused` or `given_up`."""
        change = {
            "$set": {"outcome": outcome, "settled_at": self._clock()},
            "$unset": {"next_at": "", "claimed_until": ""},
        }
        await self._collection.update_one({"_id": mail.name}, change)

    async def later(self, mail: Queued) -> None:
        """Try again after a while that doubles."""
        seconds = min(FIRST_DELAY_SECONDS * 2 ** min(mail.attempts - 1, 20), LONGEST_DELAY_SECONDS)
        next_at = self._clock() + timedelta(seconds=seconds)
        change = {"$set": {"next_at": next_at}, "$unset": {"claimed_until": ""}}
        await self._collection.update_one({"_id": mail.name}, change)

    async def waiting(self) -> int:
        return await self._collection.count_documents({"next_at": {"$exists": True}})
