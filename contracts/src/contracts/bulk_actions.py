"""Bulk actions: what somebody started for many learners or much content at once, and how it goes."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from contracts.event import Event, Part
from contracts.topics import BULK_ACTIONS, BULK_STATUSES
from contracts.types import Count, EmailAddress, Id, Instant, Lines, PortalId, Text, Version, Whole

BulkStatus = Literal[
    "not_started",
    "scheduled",
    "in_progress",
    "completed",
    "completed_with_errors",
    "cancelled",
    "failed",
    "timeout",
]


class Requester(Part):
    """Who started it."""

    id: Id
    name: Text
    email: EmailAddress | None = None
    role: Literal["admin", "manager", "instructor"]


class Task(Part):
    """The task of several steps that an action is one step of."""

    task_id: Id
    step: Whole
    steps: Whole
    label: Text


class ReportedRow(Part):
    """What is wrong with one row of a file; row 0 means the whole file."""

    row: Count
    status: Literal["error", "warning"]
    identifier: Text
    issue: Lines
    resolution: Lines


class _OfAction(Event):
    TOPIC: ClassVar[str] = BULK_ACTIONS

    action_id: Id

    def key(self) -> str:
        """`action_id`."""
        return self.action_id


class BulkActionSubmitted(_OfAction):
    """Somebody has started, or scheduled, a bulk action."""

    TYPE: ClassVar[str] = "learnwire.bulk-action.submitted.v1"

    portal_id: PortalId
    action_type: Text
    requester: Requester
    submitted_at: Instant
    scheduled_for: Instant | None = None
    file_names: Annotated[tuple[Text, ...], Strict(strict=False), Field(max_length=50)]
    task: Task | None = None
    total_rows: Count | None = None
    notify: bool = True
    reference_id: Id | None = None
    stalls_after_seconds: Whole | None = None


class BulkActionStarted(_OfAction):
    """Work on it has begun."""

    TYPE: ClassVar[str] = "learnwire.bulk-action.started.v1"

    started_at: Instant


class BulkActionProgressed(_OfAction):
    """How far it is, in absolute numbers; also the sign that it is still alive."""

    TYPE: ClassVar[str] = "learnwire.bulk-action.progressed.v1"

    progressed_at: Instant
    processed: Count
    succeeded: Count
    warnings: Count
    errors: Count
    total_rows: Count | None = None


class BulkActionRowsReported(_OfAction):
    """Rows with errors or warnings. The same row said twice is one row."""

    TYPE: ClassVar[str] = "learnwire.bulk-action.rows-reported.v1"

    reported_at: Instant
    file_name: Text | None = None
    rows: Annotated[tuple[ReportedRow, ...], Strict(strict=False), Field(min_length=1, max_length=1000)]


class BulkActionFinished(_OfAction):
    """It has ended."""

    TYPE: ClassVar[str] = "learnwire.bulk-action.finished.v1"

    finished_at: Instant
    outcome: Literal["completed", "completed_with_errors", "cancelled", "failed"]
    message: Text | None = None


class BulkActionStatusChanged(_OfAction):
    """bulk-tracker shows the action with another status than before."""

    TYPE: ClassVar[str] = "learnwire.bulk-action.status-changed.v1"
    TOPIC: ClassVar[str] = BULK_STATUSES

    portal_id: PortalId
    reference_id: Id | None = None
    status: BulkStatus
    previous_status: BulkStatus | None = None
    changed_at: Instant
    version: Version
