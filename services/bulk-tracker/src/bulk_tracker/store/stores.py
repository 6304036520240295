"""All collections together, as the tracker's rooms are given them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bulk_tracker.domain.action import Rules
from bulk_tracker.store.actions import Actions
from bulk_tracker.store.erasures import Erasures
from bulk_tracker.store.live import Live
from bulk_tracker.store.mails import Mails
from bulk_tracker.store.marks import Marks
from bulk_tracker.store.rows import Rows
from shared.keys import Keys
from shared.mongo import Database

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept, the rules it is kept by, and the clock."""

    actions: Actions
    live: Live
    rows: Rows
    mails: Mails
    erasures: Erasures
    marks: Marks
    rules: Rules
    clock: Callable[[], datetime]

    @classmethod
    def of(cls, database: Database, keys: Keys, rules: Rules, clock: Callable[[], datetime]) -> "Stores":
        marks = Marks(keys)
        erasures = Erasures(database)
        actions = Actions(database, marks=marks, rules=rules, clock=clock)
        return cls(
            actions=actions,
            live=Live(actions, clock),
            rows=Rows(database, marks=marks, erasures=erasures),
            mails=Mails(database, clock),
            erasures=erasures,
            marks=marks,
            rules=rules,
            clock=clock,
        )

    async def prepare(self) -> None:
        """Make the indexes."""
        for each in (self.actions, self.rows, self.mails, self.erasures):
            await each.prepare()

    async def delete_ended_before(self, instant: datetime) -> int:
        """Delete actions that ended before then, their rows first."""
        gone = 0
        while ids := await self.actions.ended_before(instant, at_most=AT_ONCE):
            for each in ids:
                await self.rows.delete(each)
            gone += await self.actions.delete(ids)
        return gone
