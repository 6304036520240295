"""Kafka in: what is said about bulk actions, and who is to be forgotten.

Every step may be repeated: a batch that was interrupted is given again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from bulk_tracker.domain.action import Origin
from bulk_tracker.domain.status import report_is_over
from bulk_tracker.store.actions import Told
from bulk_tracker.store.stores import Stores
from contracts import topics
from contracts.bulk_actions import BulkActionRowsReported, BulkActionSubmitted
from contracts.learners import LearnerErased
from shared import metrics
from shared.consumer import Fact, Handler, Refusal
from shared.mongo import Document
from shared.outbox import Outbox

log = structlog.stdlib.get_logger()


def handlers(stores: Stores, outbox: Outbox) -> Mapping[str, Handler]:
    """Return the handlers by topic."""

    async def actions(facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        await _keep_rows(stores, [each for each in facts if isinstance(each.data, BulkActionRowsReported)])
        told: dict[str, list[Told]] = {}
        for each in facts:
            told.setdefault(each.data.action_id, []).append(Told(each.data, each.time, Origin(**each.cause)))
        saved, contradicted = await stores.actions.take(told)
        for event_type in contradicted:
            metrics.conflicts.labels(event_type).inc()
            log.warning(
                "event.conflict",
                event_type=event_type,
                next_step="none here; its publisher said two things of one instant",
            )
        forgotten = await _forget_whom_others_erased(stores, facts)
        await outbox.settle([*{each["_id"]: each for each in (*saved, *forgotten)}.values()])
        return ()

    async def learners(facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        for each in facts:
            if isinstance(each.data, LearnerErased):
                await outbox.settle(await _erase(stores, each.data))
        return ()

    return {topics.BULK_ACTIONS: actions, topics.LEARNERS: learners}


async def _keep_rows(stores: Stores, facts: Sequence[Fact[BulkActionRowsReported]]) -> None:
    """Store the rows of reports that are still to be had."""
    if not facts:
        return
    known = await stores.actions.load({each.data.action_id for each in facts})
    now = stores.clock()
    over = {name for name, action in known.items() if report_is_over(action, now, stores.rules)}
    portals = {name: action.submission.data.portal_id for name, action in known.items() if action.submission}
    live = [(each.data, each.time) for each in facts if each.data.action_id not in over]
    await stores.rows.keep(live, portals)
    if late := len(facts) - len(live):
        log.info("rows.dropped", events=late, reason="their report had expired")


async def _forget_whom_others_erased(stores: Stores, facts: Iterable[Fact[Any]]) -> list[Document]:
    """Obey erasures that were there before the submissions they concern."""
    erased_at: dict[str, datetime] = {}
    for each in facts:
        data: object = each.data
        if not isinstance(data, BulkActionSubmitted) or not await stores.erasures.any(data.portal_id):
            continue
        person = data.requester
        marks = [stores.marks.of_id(person.id), *([stores.marks.of_address(person.email)] if person.email else [])]
        instants = (await stores.erasures.known(data.portal_id, marks)).values()
        if instants and each.time <= max(instants):
            erased_at[data.action_id] = max(instants)
            await _erase_marks(stores, data.portal_id, marks, max(instants))
        await stores.rows.erase_in_action(data.action_id, data.portal_id)
    return await stores.actions.forget_requesters(erased_at)


async def _erase(stores: Stores, data: LearnerErased) -> list[Document]:
    """Forget a learner: by his id, the addresses given, and those seen with his id."""
    marks = {stores.marks.of_id(data.learner_id)}
    marks |= {stores.marks.of_address(each) for each in (data.email, *data.former_emails) if each is not None}
    marks |= await stores.actions.marks_of_requester(data.portal_id, data.learner_id, until=data.erased_at)
    # The tombstone first: whoever stores something of him from now on finds it.
    await stores.erasures.record((data.portal_id, mark, data.erased_at) for mark in marks)
    concerned = await stores.actions.of_requester(data.portal_id, data.learner_id, sorted(marks))
    forgotten = await stores.actions.forget_requesters(dict.fromkeys(concerned, data.erased_at))
    await _erase_marks(stores, data.portal_id, sorted(marks), data.erased_at)
    log.info("learner.erased", requests=len(forgotten))
    return forgotten


async def _erase_marks(stores: Stores, portal_id: str, marks: Sequence[str], erased_at: datetime) -> None:
    await stores.erasures.record((portal_id, mark, erased_at) for mark in marks)
    async for rows in stores.rows.naming(marks):
        portals = await stores.actions.portals({each["action_id"] for each in rows})
        await stores.rows.erase(rows, portals)
