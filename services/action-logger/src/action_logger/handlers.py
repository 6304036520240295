"""Kafka in: facts become rows, erasures take addresses away."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from action_logger import metrics
from action_logger.domain.rows import GO1_SOURCE, row_of_action, rows_of_attempt
from action_logger.store.log import Log
from action_logger.store.people import People
from contracts.attempts import AttemptChanged
from contracts.catalog import ATTEMPTS, CONTENT_ACTIONS, LEARNERS
from contracts.content_actions import ContentActionRecorded
from contracts.learners import LearnerErased
from contracts.types import normal_email
from shared.consumer import Fact, Handler, InOrder, Refusal

log = structlog.stdlib.get_logger()

CONFLICT = "another content is logged under this source and id; the first one stays"
OURS = f"source: {GO1_SOURCE} is kept for rows that come from attempts"


def _event(fact: Fact[ContentActionRecorded]) -> Sequence[Hashable]:
    return ((fact.source, fact.id),)


def _rows(fact: Fact[AttemptChanged]) -> Sequence[Hashable]:
    data = fact.data
    return [(data.portal_id, each) for each in (data.attempt_id, data.go1_enrollment_id) if each is not None]


FIRST_STAYS: InOrder = {CONTENT_ACTIONS: _event, ATTEMPTS: _rows}
"""Of two contents with one identity the one that was read first stays. A start's row is named by its attempt, a completion's
by its enrollment at Go1."""


def handlers(rows: Log, people: People, clock: Callable[[], datetime]) -> Mapping[str, Handler]:
    async def content_actions(facts: Sequence[Fact[ContentActionRecorded]]) -> Sequence[Refusal]:
        usurped = [Refusal(each, "invalid", OURS) for each in facts if each.source == GO1_SOURCE]
        if usurped:
            facts = [each for each in facts if each.source != GO1_SOURCE]
        conflicting = await rows.write([row_of_action(each.event) for each in facts], clock())
        metrics.rows_conflicting.inc(len(conflicting))
        return [*usurped, *(Refusal(facts[at], "conflict", CONFLICT) for at in conflicting)]

    async def attempts(facts: Sequence[Fact[AttemptChanged]]) -> Sequence[Refusal]:
        # Later states tell the same rows with other titles or reasons: the first content stays, and that is no conflict.
        await rows.write([row for each in facts for row in rows_of_attempt(each.event)], clock())
        return ()

    async def learners(facts: Sequence[Fact[LearnerErased]]) -> Sequence[Refusal]:
        for each in facts:
            data = each.data
            given = (data.email, *data.former_emails) if data.email is not None else data.former_emails
            count = await people.erase(data.key(), {normal_email(one) for one in given}, data.erased_at)
            log.info("learner.erased", event_id=each.id, event_source=each.source, addresses=count)
        return ()

    found: dict[str, Any] = {CONTENT_ACTIONS: content_actions, ATTEMPTS: attempts, LEARNERS: learners}
    return found
