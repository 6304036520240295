"""Time spent: whole seconds, and what they rest on."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from go1_stats_processor.domain.rules import Rules

Basis = Literal["elapsed", "capped", "legacy_zero", "unknown"]
_SECOND = timedelta(seconds=1)


class TimeSpent(NamedTuple):
    """`rule` is the id that `why` shows."""

    seconds: int | None
    basis: Basis
    rule: str


def time_spent(
    *, started_at: datetime | None, completed_at: datetime, duration_minutes: int | None, rules: Rules
) -> TimeSpent:
    """The shorter of the course's duration and the time from start to completion; 0 before the cut-over."""
    if (started_at or completed_at) < rules.time_cutover:
        return TimeSpent(0, "legacy_zero", "time.legacy_zero")
    if started_at is None:
        return TimeSpent(None, "unknown", "time.unknown")
    elapsed = max(0, (completed_at - started_at) // _SECOND)
    if duration_minutes is None:
        return TimeSpent(elapsed, "elapsed", "time.no_duration")
    if elapsed <= duration_minutes * 60:
        return TimeSpent(elapsed, "elapsed", "time.elapsed")
    return TimeSpent(duration_minutes * 60, "capped", "time.capped")
