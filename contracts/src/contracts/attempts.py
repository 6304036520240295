"""Attempts at Go1 courses, as go1-stats-processor works them out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from contracts.event import Event, EventRef, Part
from contracts.go1 import Channel, EntryPoint
from contracts.topics import ATTEMPTS
from contracts.types import Count, DerivedId, EmailAddress, Id, Instant, PortalId, Text, Version

Inputs = dict[str, str | int | float | bool | None]


class Why(Part):
    """One rule that made a number of the attempt, what it looked at, and the events that brought it."""

    rule: Text
    inputs: Inputs = Field(default_factory=dict)
    events: Annotated[tuple[EventRef, ...], Strict(strict=False)] = ()


class AttemptChanged(Event):
    """An attempt, whole, and what has just happened to it."""

    TYPE: ClassVar[str] = "learnwire.attempt.changed.v1"
    TOPIC: ClassVar[str] = ATTEMPTS

    attempt_id: DerivedId
    portal_id: PortalId
    learner_id: Id
    email: EmailAddress
    course_id: Id
    course_title: Text | None = None
    origin: Literal["platform", "go1"]
    channel: Channel | None = None
    entry_point: EntryPoint | None = None
    go1_enrollment_id: Id | None = None
    status: Literal["in_progress", "completed", "voided"]
    legacy: bool
    progress_percent: Annotated[int, Field(ge=0, le=100)]
    result: Literal["success", "failed"] | None = None
    started_at: Instant | None = None
    last_activity_at: Instant
    completed_at: Instant | None = None
    time_spent_seconds: Count | None = None
    time_spent_basis: Literal["elapsed", "capped", "legacy_zero", "unknown"] | None = None
    why: Annotated[tuple[Why, ...], Strict(strict=False)] = ()
    change: Literal["opened", "resumed", "completed", "corrected", "voided"]
    version: Version

    def key(self) -> str:
        """`{portal_id}/{learner_id}`."""
        return f"{self.portal_id}/{self.learner_id}"
