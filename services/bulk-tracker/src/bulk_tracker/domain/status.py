"""The status: a function of an action's facts and the time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bulk_tracker.domain.action import Action, Rules
from bulk_tracker.domain.vocabulary import Status
from contracts.bulk_actions import BulkActionFinished
from contracts.types import instant_text


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an action stands: since when, why, when the clock alone will move it on, and when it ended."""

    status: Status
    at: datetime
    cause: str
    due_at: datetime | None = None
    ended_at: datetime | None = None


def stand(action: Action, *, now: datetime, rules: Rules) -> Standing:
    """Return the status that the facts and the time give; the submission must be there."""
    assert action.submission is not None  # noqa: S101  callers have looked
    data = action.submission.data
    if action.finish is not None:
        return _finished(action.finish, action.first_error_at)
    if action.heartbeat_at is not None:
        return _running(action.heartbeat_at, action, rules)
    if data.scheduled_for is None:
        return Standing(Status.NOT_STARTED, data.submitted_at, "submitted")
    if now < data.scheduled_for:
        return Standing(Status.SCHEDULED, data.submitted_at, "submitted for a later time", data.scheduled_for)
    return Standing(Status.NOT_STARTED, max(data.scheduled_for, data.submitted_at), "the scheduled time was reached")


def _finished(finish: BulkActionFinished, first_error_at: datetime | None) -> Standing:
    if finish.outcome == "completed" and first_error_at is not None:
        at = max(finish.finished_at, first_error_at)
        cause = "finished, and rows with errors were reported"
        return Standing(Status.COMPLETED_WITH_ERRORS, at, cause, ended_at=finish.finished_at)
    return Standing(Status(finish.outcome), finish.finished_at, "finished", ended_at=finish.finished_at)


def _running(heartbeat_at: datetime, action: Action, rules: Rules) -> Standing:
    times_out_at = later(heartbeat_at, stall_of(action, rules))
    if action.judged_until is not None and times_out_at <= action.judged_until:
        cause = f"no heartbeat since {instant_text(heartbeat_at)}"
        return Standing(Status.TIMEOUT, times_out_at, cause, ended_at=times_out_at)
    woken = action.status is Status.TIMEOUT
    cause = "a heartbeat came after the timeout" if woken else "started" if action.progress is None else "progressed"
    return Standing(Status.IN_PROGRESS, heartbeat_at, cause, times_out_at)


def stall_of(action: Action, rules: Rules) -> timedelta:
    assert action.submission is not None  # noqa: S101  callers have looked
    data = action.submission.data
    if data.stalls_after_seconds is not None:
        return timedelta(seconds=data.stalls_after_seconds)
    return rules.stalls_after_by_type.get(data.action_type, rules.stalls_after)


def report_is_over(action: Action, now: datetime, rules: Rules) -> bool:
    """Tell whether the time in which the error report is kept has passed."""
    return action.ended_at is not None and now >= later(action.ended_at, rules.report_for)


def later(instant: datetime, by: timedelta) -> datetime:
    """Return the sum, or the last instant there is: publishers may say any year."""
    try:
        return instant + by
    except OverflowError:
        return _LAST


_LAST = datetime.max.replace(microsecond=999_000, tzinfo=UTC)
