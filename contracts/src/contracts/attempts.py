"""Attempts at Go1 courses, as go1-stats-processor works them out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict, StringConstraints

from contracts.event import Event, EventRef, Part
from contracts.go1 import Channel, EntryPoint
from contracts.topics import ATTEMPTS
from contracts.types import Count, DerivedId, EmailAddress, Id, Instant, PortalId, Text, Version

_INT64 = 2**63

InputText = Annotated[str, Field(max_length=1000), StringConstraints(pattern="^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
InputInteger = Annotated[int, Field(ge=-_INT64, lt=_INT64)]
InputNumber = Annotated[float, Field(allow_inf_nan=False)]

Inputs = dict[Text, InputText | InputInteger | InputNumber | bool | None]


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
