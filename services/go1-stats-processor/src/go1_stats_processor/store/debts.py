"""What a batch owes to readers: noted before its groups are written, struck off when Kafka has acknowledged all.

One note a batch does what a note in each document would do, for two writes instead of one more a document. It names
every group that the batch may change; what of them is to be told can be seen in them: attempts whose newest
publication is not older than the note. After a crash the sweep tells these, again where they were told.

Only the writer strikes a note off. The sweep cannot: that nothing has changed yet may mean that the writer was killed,
or that it stands still between its note and its write, will write, and be killed before it tells. The sweep looks again
whenever a note has become twice as old, for what has changed since, until it is `KEPT`. So whenever a writer dies after
it has written, a note is there; what is told late is told at the latest when as much time again has passed.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import uuid7
from shared.kafka import Sender
from shared.mongo import Collection, Database, Document
from shared.outbox import Outbox

SHAPE = 1
GROUPS_OF_A_NOTE = 20_000
"""A note stays far below the 16 MiB of a document."""
KEPT = timedelta(days=1)
"""No process stands still so long and then writes. A note costs a dozen looks until it goes."""
Revisions = Mapping[str, int]
"""Of groups, as they were when they were told."""


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
        tell: Callable[[Debt, Revisions], Awaitable[Revisions]],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._collection: Collection = database["debts"]
        self._tell = tell
        self._clock = clock
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
                    "at": at,
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
            note, groups = {"_id": each["_id"]}, each["groups"]
            at = each.get("at") or each["owed_since"]  # the release before had no `at`, and struck off what it had told
            told = await self._tell(
                Debt(each["batch"], groups, at), dict(zip(groups, each.get("told") or (), strict=False))
            )
            now = self._clock()
            if now - at >= KEPT:
                await self._collection.delete_one(note)
                continue
            again = {"owed_since": now + (now - at), "told": [told.get(group, 0) for group in groups]}
            # With another revision it goes on owing; where its writer has struck it off meanwhile, it stays away.
            await self._collection.update_one(note, {"$set": again, "$inc": {"revision": 1}})
