"""What is known of a bulk action: the digest of its facts, and what was seen to follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bulk_tracker.domain.vocabulary import Status, reference_of
from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
)

ActionFact = (
    BulkActionSubmitted | BulkActionStarted | BulkActionProgressed | BulkActionRowsReported | BulkActionFinished
)

MAIL = "mail"
STATUS = "status:"
"""What a document may owe: the mail of its end, and `status:<version>` for each change of status."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that the domain needs."""

    stalls_after: timedelta = timedelta(hours=1)
    stalls_after_by_type: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    report_for: timedelta = timedelta(hours=168)
    mail_on_timeout: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """What an event takes over from the envelope of the fact that caused it."""

    causationid: str | None = None
    correlationid: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """The submission that stands; `said_at` is when its publisher recorded it."""

    data: BulkActionSubmitted
    said_at: datetime
    erased: bool = False
    origin: Origin = field(default=Origin(), compare=False)
    """Not compared: the same submission in another envelope says nothing new."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of status."""

    version: int
    at: datetime
    status: Status
    previous: Status | None
    cause: str
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Action:
    """All that is known of one action. Nothing of it is shown before its submission is there."""

    action_id: str
    submission: Submission | None = None
    started: BulkActionStarted | None = None
    progress: BulkActionProgressed | None = None
    total: BulkActionProgressed | None = None
    finish: BulkActionFinished | None = None
    first_row_at: datetime | None = None
    first_error_at: datetime | None = None
    judged_until: datetime | None = None
    """Up to when we know of every heartbeat: only what lies before it can be timed out."""
    rows_deleted: bool = False
    status: Status | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    version: int = 0
    history: tuple[Change, ...] = ()
    mailed: str | None = None
    owes: tuple[str, ...] = ()

    @property
    def reference_id(self) -> str | None:
        if self.submission is None:
            return None
        data = self.submission.data
        return reference_of(
            portal_id=data.portal_id, action_id=self.action_id, action_type=data.action_type, sent=data.reference_id
        )

    @property
    def heartbeat_at(self) -> datetime | None:
        beats = [self.started.started_at] if self.started else []
        beats += [self.progress.progressed_at] if self.progress else []
        return max(beats, default=None)

    @property
    def total_rows(self) -> int | None:
        if self.total is not None:
            return self.total.total_rows
        return self.submission.data.total_rows if self.submission else None
