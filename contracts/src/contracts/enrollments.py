"""Enrollments of learners on courses and on learning paths."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from contracts.event import Event
from contracts.topics import ENROLLMENTS
from contracts.types import Count, Id, Instant, PortalId, Score, Text, Version

EnrollmentStatus = Literal["not_started", "in_progress", "pending_review", "completed", "passed", "failed"]

FINISHED = frozenset({"completed", "passed", "failed"})
"""The statuses in which an enrollment has a `completed_at`."""


class _OfLearner(Event):
    TOPIC: ClassVar[str] = ENROLLMENTS

    portal_id: PortalId
    learner_id: Id

    def key(self) -> str:
        """`{portal_id}/{learner_id}`."""
        return f"{self.portal_id}/{self.learner_id}"


def _only_when_finished(value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> datetime | None:
    return check(value) if info.data.get("status") in FINISHED else None


def _say_when_finished(schema: dict[str, Any]) -> None:
    schema["if"] = {"properties": {"status": {"enum": sorted(FINISHED)}}}
    schema["then"] = {"required": ["completed_at"], "properties": {"completed_at": {"type": "string"}}}


class EnrollmentChanged(_OfLearner):
    """A learner was enrolled on a course, or his progress there has changed.

    `completed_at` is needed when the status is finished, and ignored otherwise, whatever it says.
    """

    model_config = ConfigDict(json_schema_extra=_say_when_finished)

    TYPE: ClassVar[str] = "learnwire.enrollment.changed.v1"

    enrollment_id: Id
    course_id: Id
    course_name: Text
    status: EnrollmentStatus
    enrolled_at: Instant
    completed_at: Annotated[Instant | None, WrapValidator(_only_when_finished)] = None
    score: Score | None = None
    version: Version

    @model_validator(mode="after")
    def _completed_when_finished(self) -> Self:
        if self.status in FINISHED and self.completed_at is None:
            raise PydanticCustomError("completed_at_missing", "A finished enrollment needs completed_at")
        return self


class EnrollmentRemoved(_OfLearner):
    """A learner was unenrolled from a course."""

    TYPE: ClassVar[str] = "learnwire.enrollment.removed.v1"

    enrollment_id: Id
    removed_at: Instant
    version: Version


class PathEnrollmentChanged(_OfLearner):
    """A learner was enrolled on a learning path, or his progress there has changed."""

    TYPE: ClassVar[str] = "learnwire.path-enrollment.changed.v1"

    path_enrollment_id: Id
    path_id: Id
    path_name: Text
    courses_total: Count
    courses_completed: Count
    enrolled_at: Instant
    completed_at: Instant | None = None
    score: Score | None = None
    version: Version

    @model_validator(mode="after")
    def _completed_within_total(self) -> Self:
        if self.courses_completed > self.courses_total:
            raise PydanticCustomError("courses_completed", "courses_completed is greater than courses_total")
        return self


class PathEnrollmentRemoved(_OfLearner):
    """A learner was unenrolled from a learning path."""

    TYPE: ClassVar[str] = "learnwire.path-enrollment.removed.v1"

    path_enrollment_id: Id
    removed_at: Instant
    version: Version
