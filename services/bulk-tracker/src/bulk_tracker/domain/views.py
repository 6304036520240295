"""What requesters are shown of an action, by the API and by the page."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from bulk_tracker.domain.action import Action, Change, Rules
from bulk_tracker.domain.reports import report_of
from bulk_tracker.domain.vocabulary import Status, label_of
from contracts.bulk_actions import BulkActionSubmitted
from contracts.types import Instant


class Model(BaseModel):
    """Frozen; absent values are null, never left out."""

    model_config = ConfigDict(frozen=True)


class Person(Model):
    """Who started the action; without a name once he was erased."""

    id: str
    name: str | None


class Step(Model):
    """Which step of which task the action is."""

    task_id: str
    step: int
    steps: int
    label: str


class Counts(Model):
    """Absolute numbers of rows; `total` null while nobody has said it."""

    total: int | None
    processed: int
    succeeded: int
    warnings: int
    errors: int


class ReportState(Model):
    """Whether there is an error report, until when, and under which name it is downloaded."""

    state: Literal["none", "available", "expired"]
    expires_at: Instant | None
    file_name: str | None


class Item(Model):
    """An action as lists show it."""

    action_id: str
    reference_id: str | None
    action_type: str
    label: str
    status: Status
    status_label: str
    requester: Person
    submitted_at: Instant
    scheduled_for: Instant | None
    started_at: Instant | None
    last_heartbeat_at: Instant | None
    finished_at: Instant | None
    file_names: tuple[str, ...]
    task: Step | None
    counts: Counts
    report: ReportState
    message: str | None
    version: int

    @classmethod
    def of(cls, action: Action, *, now: datetime, rules: Rules) -> Self:
        """Return how an action is shown; its submission must be there."""
        return cls(**_fields(action, now, rules))


def known(action: Action) -> tuple[BulkActionSubmitted, Status]:
    """Return the submission and the status of an action that may be shown."""
    if action.submission is None or action.status is None:
        raise LookupError("an action is not shown before its submission has come")
    return action.submission.data, action.status


def _fields(action: Action, now: datetime, rules: Rules) -> dict[str, Any]:
    data, status = known(action)
    progress = action.progress
    report = report_of(action, now=now, rules=rules)
    erased = action.submission is not None and action.submission.erased
    return {
        "action_id": action.action_id,
        "reference_id": action.reference_id,
        "action_type": data.action_type,
        "label": label_of(data.action_type),
        "status": status,
        "status_label": status.label,
        "requester": Person(id=data.requester.id, name=None if erased else data.requester.name),
        "submitted_at": data.submitted_at,
        "scheduled_for": data.scheduled_for,
        "started_at": action.started.started_at if action.started else None,
        "last_heartbeat_at": action.heartbeat_at,
        "finished_at": action.finish.finished_at if action.finish else None,
        "file_names": data.file_names,
        "task": Step(**data.task.model_dump()) if data.task else None,
        "counts": Counts(
            total=action.total_rows,
            processed=progress.processed if progress else 0,
            succeeded=progress.succeeded if progress else 0,
            warnings=progress.warnings if progress else 0,
            errors=progress.errors if progress else 0,
        ),
        "report": ReportState(state=report.state, expires_at=report.expires_at, file_name=report.file_name),
        "message": action.finish.message if action.finish else None,
        "version": action.version,
    }


class HistoryItem(Model):
    """A change of status."""

    at: Instant
    status: Status
    cause: str

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(at=change.at, status=change.status, cause=change.cause)


class StepItem(Model):
    """An action that is a step of the same task."""

    action_id: str
    reference_id: str | None
    step: int
    label: str
    status: Status
    status_label: str

    @classmethod
    def of(cls, action: Action) -> Self:
        data, status = known(action)
        return cls(
            action_id=action.action_id,
            reference_id=action.reference_id,
            step=data.task.step if data.task else 0,
            label=label_of(data.action_type),
            status=status,
            status_label=status.label,
        )


class Details(Item):
    """An action alone."""

    history: tuple[HistoryItem, ...]
    steps: tuple[StepItem, ...]

    @classmethod
    def with_steps(cls, action: Action, steps: list[Action], *, now: datetime, rules: Rules) -> Self:
        history = tuple(HistoryItem.of(change) for change in action.history)
        return cls(**_fields(action, now, rules), history=history, steps=tuple(StepItem.of(each) for each in steps))


class Page(Model):
    """A page of a list."""

    items: tuple[Item, ...]
    next_cursor: str | None


class IssueItem(Model):
    """Rows with the same trouble."""

    status: Literal["error", "warning"]
    issue: str
    resolution: str
    count: int
    first_rows: tuple[int, ...]


class Summary(Model):
    """An error report in short: the most frequent issues first."""

    errors: int
    warnings: int
    expires_at: Instant
    issues: tuple[IssueItem, ...]
