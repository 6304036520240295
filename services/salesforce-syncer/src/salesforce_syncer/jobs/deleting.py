"""Deletes: by Salesforce's ids, last in a pass, and not before the guard has looked at how many they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from salesforce_syncer import metrics
from salesforce_syncer.domain import guard
from salesforce_syncer.domain.objects import KEY_FIELDS
from salesforce_syncer.jobs.brakes import Brakes
from salesforce_syncer.jobs.sending import LATER, TRIES, Sending
from salesforce_syncer.salesforce import rows as wire
from salesforce_syncer.salesforce import soql
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.salesforce.rows import Outcome
from salesforce_syncer.settings import Settings
from salesforce_syncer.store import answers
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Document

log = structlog.stdlib.get_logger()

HOUR = timedelta(hours=1)
NOT_THERE = "NOT_THERE_YET"
ALREADY_GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})


@dataclass(frozen=True, slots=True)
class Deleting:
    """Takes rows out of Salesforce."""

    settings: Settings
    client: Client
    store: WritingStore
    orgs: OrgStore
    sending: Sending
    brakes: Brakes
    clock: Callable[[], datetime]

    async def one_pass(self, portals: Sequence[str], *, fence: int, limit: int) -> bool:
        """Delete what is due; True where there may be more."""
        now = self.clock()
        held = await self.held(portals)
        rows = await self.store.to_delete(portals, now=now, held=held, limit=limit)
        while rows and (held_by_now := await self.held(portals)) != held:  # rows came in that were not counted
            held = held_by_now
            rows = await self.store.to_delete(portals, now=now, held=held, limit=limit)
        for object_name in KEY_FIELDS:
            of_object = [each for each in rows if each["object"] == object_name]
            if of_object and not self.brakes.stopped(object_name):
                await self._or_stop(object_name, of_object, fence)
        return len(rows) == limit

    async def _or_stop(self, object_name: str, rows: Sequence[Document], fence: int) -> None:
        """Delete; an object that cannot be written stops alone."""
        try:
            await self._delete(object_name, rows, fence)
        except Refused as error:
            if error.action is not Action.STOP_OBJECT:
                raise
            recheck = timedelta(seconds=self.settings.salesforce_recheck_seconds)
            self.brakes.stop(
                object_name, error.code, again_in=recheck, next_step="check the rights to delete; it goes on by itself"
            )

    async def held(self, portals: Sequence[str]) -> list[str]:
        """Return the portals whose deletes must wait, and say so once."""
        due = await self.orgs.due_deletes(portals)
        guards = await self.orgs.guards()
        for portal_id in guards.keys() - due.keys():
            await self._release(portal_id, deletes=0)
        if not due:
            metrics.guarded_deletes.set(0)
            return []
        counts = await self._counts(due, {name: each["since"] for name, each in guards.items()})
        held: list[str] = []
        for portal_id, (deletes, rows) in counts.items():
            if guard.holds(
                deletes=deletes,
                rows=rows,
                most_rows=self.settings.salesforce_delete_guard_rows,
                most_percent=self.settings.salesforce_delete_guard_percent,
            ):
                held.append(portal_id)
                await self._hold(portal_id, deletes=deletes, rows=rows, new=portal_id not in guards)
            elif portal_id in guards:
                await self._release(portal_id, deletes=deletes)
        metrics.guarded_deletes.set(sum(due[each] for each in held))
        return sorted(held)

    async def _counts(
        self, due: Mapping[str, int], held_since: Mapping[str, datetime]
    ) -> Mapping[str, tuple[int, int]]:
        """Return by portal how many rows are deleted or to be deleted within an hour, and of how many.

        For a portal that is held the hour stands still: the guard lets go when deletes fall away, or are approved, and
        not because nobody looked for an hour.
        """
        now = self.clock()
        recent = dict(await self.orgs.recent_deletes(list(due), now - HOUR))
        for portal_id in held_since.keys() & due.keys():
            before = await self.orgs.recent_deletes([portal_id], held_since[portal_id] - HOUR)
            recent[portal_id] = before.get(portal_id, 0)
        live = await self.orgs.live_rows(list(due))
        deletes = {portal_id: count + recent.get(portal_id, 0) for portal_id, count in due.items()}
        return {portal_id: (count, count + live.get(portal_id, 0)) for portal_id, count in deletes.items()}

    async def _release(self, portal_id: str, *, deletes: int) -> None:
        await self.orgs.unguard(portal_id)
        log.info("deletes.released", portal_id=portal_id, deletes=deletes, reason="too few are left to be guarded")

    async def _hold(self, portal_id: str, *, deletes: int, rows: int, new: bool) -> None:
        await self.orgs.guard(portal_id, deletes=deletes, rows=rows, now=self.clock())
        if new:
            log.error(
                "deletes.guarded",
                portal_id=portal_id,
                deletes=deletes,
                rows=rows,
                reason="more deletes within an hour than the guard lets through",
                next_step=f"look why; if it is right: salesforce-syncer approve-deletes {portal_id}",
            )

    async def _delete(self, object_name: str, rows: Sequence[Document], fence: int) -> None:
        known = [each for each in rows if each.get("salesforce_id")]
        known += await self._looked_up(object_name, [each for each in rows if not each.get("salesforce_id")])
        for start in range(0, len(known), wire.AT_ONCE):
            chunk = known[start : start + wire.AT_ONCE]
            await self.store.mark_in_doubt(chunk, fence)
            await self.sending.under_way.finished(self._answered(object_name, chunk))

    async def _answered(self, object_name: str, rows: Sequence[Document]) -> None:
        """Delete once and keep the answers."""
        await self._keep(object_name, rows, await wire.delete(self.client, [each["salesforce_id"] for each in rows]))

    async def _looked_up(self, object_name: str, rows: Sequence[Document]) -> list[Document]:
        """Find the ids of rows whose write was never acknowledged; a row that is not there needs no delete.

        A write without an answer may still be carried out after somebody has looked: so what is in doubt and not there
        is looked for once more, later.
        """
        if not rows:
            return []
        names = self.client.names
        key_field = names.out(KEY_FIELDS[object_name])
        ids: dict[str, str] = {}
        for _, values in soql.lists([each["key"] for each in rows]):
            question = f"SELECT Id, {key_field} FROM {names.out(object_name)} WHERE {key_field} IN {values}"  # noqa: S608  quoted by soql.lists
            async for each in soql.query(self.client, question):
                ids[each[KEY_FIELDS[object_name]]] = each["Id"]
        now = self.clock()
        absent = [each for each in rows if each["key"] not in ids]
        await self.store.save(
            [
                answers.postponed(each, state="dirty", until=now + LATER, why=NOT_THERE)
                if "in_doubt" in each and not answers.tries(each, NOT_THERE)
                else answers.deleted(each, now)
                for each in absent
            ]
        )
        return [{**each, "salesforce_id": ids[each["key"]]} for each in rows if each["key"] in ids]

    async def _keep(self, object_name: str, rows: Sequence[Document], outcomes: Sequence[Outcome]) -> None:
        now = self.clock()
        gone = [row for row, each in zip(rows, outcomes, strict=True) if _gone(each)]
        await self.store.save([answers.deleted(each, now) for each in gone])
        metrics.rows.labels(object_name, "deleted").inc(len(gone))
        refused = [(row, each) for row, each in zip(rows, outcomes, strict=True) if not _gone(each)]
        later = [
            (row, each)
            for row, each in refused
            if each.action in {Action.RETRY, Action.AGAIN, Action.STOP_OBJECT}
            or answers.tries(row, each.code) + 1 < TRIES.get(each.action or Action.REJECT, 1)
        ]
        await self.store.save(
            [answers.postponed(row, state="dirty", until=now + LATER, why=each.code) for row, each in later]
        )
        await self.sending.reject([each for each in refused if each not in later])


def _gone(outcome: Outcome) -> bool:
    return outcome.action is None or outcome.code in ALREADY_GONE
