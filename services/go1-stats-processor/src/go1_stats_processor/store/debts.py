"""What a batch owes to readers: noted before its groups are written, struck off when Kafka has acknowledged all.

One note a batch does what a note in each document would do, for two writes instead of one more a document. It names
every group that the batch may change; what of them is to be told can be seen in them: attempts whose newest
publication is not older than the note. After a crash the sweep tells these, again where they were told.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.envelope import uuid7
from shared.kafka import Sender
from shared.mongo import Collection, Database, Document
from shared.outbox import Outbox

SHAPE = 1
GROUPS_OF_A_NOTE = 20_000
"""A note stays far below the 16 MiB of a document."""


@dataclass(frozen=True, slots=True)
class Debt:
    """A note: its id, the groups that may have changed, and since when."""

    id: str
    groups: Sequence[str]
    at: datetime


class Debts:
    """The notes of batches on their way."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        tell: Callable[[Debt], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._collection: Collection = database["debts"]
        self._tell = tell
        self.outbox = Outbox(self._collection, sender, lambda _document: (), self._settle, clock=clock)

    async def prepare(self) -> None:
        await self.outbox.prepare()

    async def note(self, groups: Iterable[str], at: datetime) -> Debt:
        """Make a debt durable; before any of these groups is written."""
        debt = Debt(uuid7(), list(groups), at)
        pages = range(0, len(debt.groups), GROUPS_OF_A_NOTE)
        await self._collection.insert_many(
            [
                {
                    "_id": f"{debt.id} {start}",
                    "batch": debt.id,
                    "groups": debt.groups[start : start + GROUPS_OF_A_NOTE],
                    "owes": ["groups"],
                    "owed_since": at,
                    "shape": SHAPE,
                    "revision": 1,
                }
                for start in pages
            ]
        )
        return debt

    async def strike(self, debt: Debt) -> None:
        """All is told."""
        ids = [f"{debt.id} {start}" for start in range(0, len(debt.groups), GROUPS_OF_A_NOTE)]
        await self._collection.delete_many({"_id": {"$in": ids}})

    async def _settle(self, documents: Sequence[Document]) -> None:
        for each in documents:
            await self._tell(Debt(each["batch"], each["groups"], each["owed_since"]))
            await self._collection.delete_one({"_id": each["_id"]})
