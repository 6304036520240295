"""One pass of the writer: portals, memberships, enrollments and paths, profiles, deletes; in this order."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from salesforce_syncer.domain import ledger
from salesforce_syncer.domain.chunks import Chunk, cut
from salesforce_syncer.domain.objects import ACCESSED, CHILDREN, MEMBERSHIP, PORTAL, PROFILE_ACCESSED, PROFILES, row_id
from salesforce_syncer.domain.quota import Pace
from salesforce_syncer.domain.rows import profile
from salesforce_syncer.jobs.brakes import ORG, Brakes
from salesforce_syncer.jobs.deleting import Deleting
from salesforce_syncer.jobs.lanes import Lanes
from salesforce_syncer.jobs.preflight import Preflight
from salesforce_syncer.jobs.resolving import Resolving
from salesforce_syncer.jobs.sending import LATER, Result, Sending
from salesforce_syncer.jobs.spending import Spending
from salesforce_syncer.salesforce import bulk
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.salesforce.rows import AT_ONCE, Outcome
from salesforce_syncer.settings import Settings
from salesforce_syncer.store import answers
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Document, UpdateOne

log = structlog.stdlib.get_logger()

SLICE = 4_000
"""Rows of one object held in memory at once."""
MOST_TRIES = 5
"""How often a row waits for a parent that was written anew."""


@dataclass
class Writing:
    """Makes Salesforce equal to the desired rows."""

    settings: Settings
    store: WritingStore
    sending: Sending
    resolving: Resolving
    deleting: Deleting
    preflight: Preflight
    spending: Spending
    brakes: Brakes
    clock: Callable[[], datetime]
    fence: int = 0
    _more: bool = field(default=False, init=False)

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.settings.salesforce_accessed_seconds)

    async def begin(self, fence: int) -> None:
        """Take over from whoever wrote before."""
        self.fence = fence
        await self.store.recover(self.clock())

    async def one_pass(self) -> bool:
        """Write what is dirty; True where there is more to do at once. Raises `Refused` for what concerns the org."""
        self._more = False
        await self.preflight.look()
        if self.brakes.stopped(ORG):
            return False
        pace = await self.spending.pace()
        if pace is Pace.PAUSED:
            return False
        try:
            await self.sending.end_jobs()
            await self._write_all(essential=pace is Pace.ESSENTIAL)
        finally:
            await self.spending.note()
        return self._more

    async def portals(self) -> list[str]:
        """Return the portals whose rows may be written."""
        known = await self.store.known_portals()
        return [each for each in known if self.settings.serves(each) and not self.settings.dry_run(each)]

    async def _write_all(self, *, essential: bool) -> None:
        now = self.clock()
        await self.store.promote(now, self.every)
        portals = await self.portals()
        if not portals:
            return
        self._more |= await self.store.settle_debts(portals, now=now, every=self.every)
        await self._write([PORTAL], portals, essential=False)
        await self._write([MEMBERSHIP], portals, essential=essential)
        await self._write(CHILDREN, portals, essential=essential)
        if not essential:
            for each in PROFILES:
                await self._write([each], portals, essential=False)
        self._more |= await self.deleting.one_pass(portals, fence=self.fence, limit=SLICE)

    async def _write(self, objects: Sequence[str], portals: Sequence[str], *, essential: bool) -> None:
        total = Result()
        chunks: list[Chunk] = []
        for object_name in objects:
            if self.brakes.stopped(object_name):
                continue
            rows = await self._due(object_name, portals, essential=essential)
            if 0 < self.settings.salesforce_bulk_rows < len(rows):
                # Sorted by parent: Salesforce cuts a job into parts and runs them side by side.
                rows.sort(key=lambda each: (each.get("membership") or "", each["key"]))
                await self._guarded(object_name, self.sending.in_bulk, rows, total)
            else:
                chunks += cut(object_name, rows, AT_ONCE)
        await self._run(chunks, total)
        await self._follow_up(objects, total)

    async def _due(self, object_name: str, portals: Sequence[str], *, essential: bool) -> list[Document]:
        """Return rows of an object that are to be sent now."""
        asked = None if object_name in PROFILES else portals
        limit = bulk.AT_ONCE if self.settings.salesforce_bulk_rows else SLICE
        rows = await self.store.dirty(object_name, asked, now=self.clock(), limit=limit, essential=essential)
        self._more |= len(rows) == limit
        if object_name in PROFILES:
            rows = await self._counted(rows, portals)
        if object_name in CHILDREN:
            rows = await self._with_parents(rows)
        return await self._unlike(rows)

    async def _follow_up(self, objects: Sequence[str], result: Result) -> None:
        """Do what the answers ask for: children wake, missing parents are written, moved contacts are followed."""
        if objects == [MEMBERSHIP] and result.written:
            await self.store.wake_children(result.written)
        await self._adopt(result.orphans)
        if result.unresolved:
            await self.resolving.rows(result.unresolved)
            self._more = True

    async def _unlike(self, rows: Sequence[Document]) -> list[Document]:
        """Return the rows that Salesforce does not hold already."""
        now = self.clock()
        unlike: list[Document] = []
        updates: list[UpdateOne] = []
        for each in rows:
            accessed = each["payload"].get(ACCESSED) or each["payload"].get(PROFILE_ACCESSED)
            same, due = ledger.told(each, hash_=each["hash"], accessed=accessed, now=now, every=self.every)
            if same:
                updates.append(answers.unchanged(each, due))
            elif (each.get("error") or {}).get("hash") == each["hash"] and not each.get("forced"):
                updates.append(answers.still_rejected(each))
            else:
                unlike.append(each)
        await self.store.save(updates)
        return unlike

    async def _counted(self, rows: Sequence[Document], portals: Sequence[str]) -> list[Document]:
        """Return profiles with what they should show now."""
        feeds = await self.store.feeds([each["key"] for each in rows], portals)
        counted: list[Document] = []
        for each in rows:
            feed = feeds[each["key"]]
            payload = profile(feed.statuses, feed.accessed_at, fed=feed.fed)
            counted.append({**each, "payload": payload, "hash": ledger.payload_hash(payload)})
        await self.store.mark_profiles(counted)
        return counted

    async def _with_parents(self, rows: Sequence[Document]) -> list[Document]:
        """Return the rows whose membership Salesforce holds; the others wait."""
        written = await self.store.written_memberships(sorted({each["membership"] for each in rows}))
        until = self.clock() + LATER
        await self.store.save(
            [
                answers.postponed(each, state="waiting", until=until)
                for each in rows
                if each["membership"] not in written
            ]
        )
        return [each for each in rows if each["membership"] in written]

    async def _adopt(self, orphans: Sequence[Document]) -> None:
        """Have the parents written anew that Salesforce turned out not to hold, and let their children wait."""
        if not orphans:
            return
        now = self.clock()
        hopeless = [each for each in orphans if answers.tries(each, _NO_PARENT.code) >= MOST_TRIES]
        waiting = [each for each in orphans if answers.tries(each, _NO_PARENT.code) < MOST_TRIES]
        parents = {
            row_id(PORTAL, each["portal_id"])
            if each["object"] == MEMBERSHIP
            else row_id(MEMBERSHIP, each["membership"])
            for each in waiting
        }
        await self.store.force(sorted(parents), now)
        await self.store.save(
            [answers.postponed(each, state="waiting", until=now + LATER, why=_NO_PARENT.code) for each in waiting]
        )
        await self.sending.reject([(each, _NO_PARENT) for each in hopeless])
        log.warning(
            "parents.renewed",
            parents=len(parents),
            rows=len(orphans),
            reason="deleted in Salesforce",
            next_step="none; they are written anew",
        )
        self._more = True

    async def _run(self, chunks: Sequence[Chunk], total: Result) -> None:
        """Send chunks side by side."""

        async def send(chunk: Chunk) -> None:
            if not self.brakes.stopped(chunk.object):
                await self._guarded(chunk.object, self.sending.chunk, chunk.rows, total)

        await Lanes(send, chunks).run()

    async def _guarded(
        self, object_name: str, send: Callable[..., Awaitable[Result]], rows: Sequence[Document], total: Result
    ) -> None:
        """Send rows of one object; if it cannot be written, it stops alone."""
        try:
            result = await send(object_name, rows, self.preflight.schemas.get(object_name), fence=self.fence)
        except Refused as error:
            if error.action is not Action.STOP_OBJECT:
                raise
            self.preflight.stop(object_name, error.code)
            return
        total.add(result)
        if result.stop is not None:
            self.preflight.stop(object_name, result.stop.code)


_NO_PARENT = Outcome(
    None, Action.PARENT, "PARENT_MISSING", "its parent was written anew several times and is not found"
)
