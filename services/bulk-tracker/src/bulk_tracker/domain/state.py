"""A bulk action's state: what its facts say, joined one by one; and its status, a function of that and of the time.

Joining is commutative, associative and idempotent, so the order of arrival and repetitions change nothing. Version and
history are exempt: they tell what we have seen happen, and when.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bulk_tracker.domain.action import MAIL, STATUS, Action, ActionFact, Change, Origin, Rules, Submission
from bulk_tracker.domain.status import Standing, report_is_over, stand
from bulk_tracker.domain.vocabulary import Status
from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
)
from contracts.event import Event, canonical
from contracts.types import instant_text

MOST_HISTORY = 500
"""An action that stalls and wakes for ever must not outgrow its document: the oldest changes but the first go."""
NO_ORIGIN = Origin()


def join(
    action: Action, fact: ActionFact, *, said_at: datetime, now: datetime, rules: Rules, origin: Origin = NO_ORIGIN
) -> Action:
    """Take one fact in; the same action where it says nothing new."""
    joined = _take(action, fact, said_at, origin)
    if action.rows_deleted and isinstance(fact, BulkActionRowsReported) and not report_is_over(action, now, rules):
        joined = replace(joined, rows_deleted=False)  # a later finish has opened the report again
    return action if joined == action else _settle(action, joined, now=now, rules=rules, origin=origin)


def judge(action: Action, *, now: datetime, known_until: datetime | None, rules: Rules) -> Action:
    """Let the clock act; `known_until` is the instant up to which every published fact has been read, if known."""
    until = max((each for each in (action.judged_until, known_until) if each is not None), default=None)
    judged = _settle(action, replace(action, judged_until=until), now=now, rules=rules, origin=None)
    # Knowing for longer that nothing happened is no news: the document is only written when the status moves.
    return action if replace(judged, judged_until=action.judged_until) == action else judged


def conflicts(action: Action, fact: ActionFact) -> bool:
    """Tell whether a fact of the same instant, but with other content, was there before."""
    match fact:
        case BulkActionSubmitted():
            known = action.submission.data if action.submission else None
            return known is not None and known.submitted_at == fact.submitted_at and _unlike(action, fact)
        case BulkActionProgressed():
            return _same_instant(action.progress, fact, _progressed_at)
        case BulkActionFinished():
            return _same_instant(action.finish, fact, _finished_at)
        case _:
            return False


def _unlike(action: Action, fact: BulkActionSubmitted) -> bool:
    known = action.submission
    return known is not None and not known.erased and known.data != fact


E_ = TypeVar("E_", bound=Event)


def _same_instant(known: E_ | None, fact: E_, instant: Callable[[E_], datetime]) -> bool:
    return known is not None and instant(known) == instant(fact) and known != fact


def _progressed_at(fact: BulkActionProgressed) -> datetime:
    return fact.progressed_at


def _finished_at(fact: BulkActionFinished) -> datetime:
    return fact.finished_at


def _started_at(fact: BulkActionStarted) -> datetime:
    return fact.started_at


def _take(action: Action, fact: ActionFact, said_at: datetime, origin: Origin) -> Action:
    match fact:
        case BulkActionSubmitted():
            submission = Submission(fact, said_at, origin=origin)
            return replace(action, submission=_later_submission(action.submission, submission))
        case BulkActionStarted():
            return replace(action, started=_later(action.started, fact, _started_at))
        case BulkActionProgressed():
            total = action.total if fact.total_rows is None else _later(action.total, fact, _progressed_at)
            return replace(action, progress=_later(action.progress, fact, _progressed_at), total=total)
        case BulkActionRowsReported():
            return _take_rows(action, fact)
        case BulkActionFinished():
            return replace(action, finish=_later(action.finish, fact, _finished_at))


def _later(known: E_ | None, fact: E_, instant: Callable[[E_], datetime]) -> E_:
    if known is None:
        return fact
    if instant(known) != instant(fact):
        return max(known, fact, key=instant)
    return max(known, fact, key=canonical)


def _later_submission(known: Submission | None, new: Submission) -> Submission:
    if known is None or known.data.submitted_at < new.data.submitted_at:
        return new
    if known.data.submitted_at > new.data.submitted_at:
        return known
    if known.data == new.data or (known.erased and without_person(new.data) == known.data):
        # The same said twice: only what was said after an erasure brings the person back.
        return new if new.said_at > known.said_at else known
    return max(known, new, key=lambda each: canonical(each.data))


def forget(action: Action, *, erased_at: datetime) -> Action:
    """Take the requester's name and address out, if they were said before the erasure."""
    submission = action.submission
    if submission is None or submission.erased or submission.said_at > erased_at:
        return action
    erased = replace(submission, data=without_person(submission.data), erased=True)
    return replace(action, submission=erased, version=action.version + 1)


def without_person(data: BulkActionSubmitted) -> BulkActionSubmitted:
    """Return the submission without the requester's name and address."""
    return data.model_copy(update={"requester": data.requester.model_copy(update={"name": "erased", "email": None})})


def _take_rows(action: Action, fact: BulkActionRowsReported) -> Action:
    first_row_at = min(action.first_row_at or fact.reported_at, fact.reported_at)
    if not any(row.status == "error" for row in fact.rows):
        return replace(action, first_row_at=first_row_at)
    first_error_at = min(action.first_error_at or fact.reported_at, fact.reported_at)
    return replace(action, first_row_at=first_row_at, first_error_at=first_error_at)


def _settle(before: Action, after: Action, *, now: datetime, rules: Rules, origin: Origin | None) -> Action:
    """Derive what follows from the facts: status, next step of the clock, version, history, debts.

    `origin` is that of the fact just taken in, None where the clock acts.
    """
    submission = after.submission
    if submission is None:
        return after
    standing = stand(after, now=now, rules=rules)
    after = replace(after, status=standing.status, ended_at=standing.ended_at, due_at=standing.due_at)
    if replace(after, judged_until=before.judged_until) == before:
        return after
    after = replace(after, version=before.version + 1)
    if after.status != before.status:
        taken_over = _origin_of_change(before, submission, standing, origin, now=now, rules=rules)
        change = Change(after.version, standing.at, standing.status, before.status, standing.cause, taken_over)
        after = replace(
            after, history=_trimmed((*after.history, change)), owes=(*after.owes, f"{STATUS}{after.version}")
        )
    ending = _ending_to_mail(after, rules)
    if ending is None or ending == after.mailed:
        return after
    return replace(after, mailed=ending, owes=(*(each for each in after.owes if each != MAIL), MAIL))


def _origin_of_change(
    before: Action, submission: Submission, standing: Standing, fact: Origin | None, *, now: datetime, rules: Rules
) -> Origin:
    """Return what a change takes over: from the fact, or, where the clock caused it, from the submission's flow.

    A fact may come after the time of a step, but before the watchdog: the clock has caused that step too.
    """
    by_clock = before.submission is not None and stand(before, now=now, rules=rules).status is standing.status
    if fact is None or by_clock:
        return replace(submission.origin, causationid=None)
    return replace(fact, correlationid=fact.correlationid or submission.origin.correlationid)


def _trimmed(history: tuple[Change, ...]) -> tuple[Change, ...]:
    return history if len(history) <= MOST_HISTORY else (history[0], *history[-MOST_HISTORY + 1 :])


def _ending_to_mail(action: Action, rules: Rules) -> str | None:
    """Return a name for the end that asks for a mail; the same for the same end, for ever."""
    submission = action.submission
    if submission is None or not submission.data.notify or submission.data.requester.email is None:
        return None
    if action.finish is not None:
        return _digest(canonical(action.finish))
    if action.status is Status.TIMEOUT and rules.mail_on_timeout and action.ended_at is not None:
        return _digest(f"timeout/{action.action_id}/{instant_text(action.ended_at)}")
    return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
