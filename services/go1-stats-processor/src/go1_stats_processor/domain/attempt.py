"""An attempt as it is shown, and why it shows what it shows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from go1_stats_processor.domain.facts import Ref
from go1_stats_processor.domain.timing import Basis

Status = Literal["in_progress", "completed", "voided"]
Inputs = Mapping[str, str | int | float | bool | None]


class Why(NamedTuple):
    """A rule that made a number, what it looked at, and the events that brought it."""

    rule: str
    inputs: Inputs
    events: tuple[Ref, ...] = ()


class Attempt(NamedTuple):
    """One try of a learner at a course, as it is shown.

    `recorded_at`: the earliest recording among the facts that it is made of. Erasure asks for it: what holds a fact of
    before an erasure is of before it, whatever else it holds.
    """

    attempt_id: str
    email: str
    origin: Literal["platform", "go1"]
    channel: str | None
    entry_kind: str | None
    entry_id: str | None
    go1_enrollment_id: str | None
    status: Status
    legacy: bool
    progress_percent: int
    result: Literal["success", "failed"] | None
    started_at: datetime | None
    last_activity_at: datetime
    completed_at: datetime | None
    time_spent_seconds: int | None
    time_spent_basis: Basis | None
    why: tuple[Why, ...]
    recorded_at: datetime
