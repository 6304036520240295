"""Events with sensible values, as publishers send them; say what matters."""

from datetime import datetime
from typing import Any

from contracts.go1 import (
    EntryPoint,
    Go1CourseChanged,
    Go1CourseCompleted,
    Go1CourseLaunched,
    Go1CourseResumed,
    Go1EnrollmentDeleted,
    Go1MatchDecided,
)
from contracts.learners import LearnerChanged, LearnerErased
from tests.go1_stats_processor.builders import at

CATALOGUED = at("2020-01-01 00:00")


def course(course_id: str = "C1", *, minutes: int | None = 300, version: int = 1, **more: Any) -> Go1CourseChanged:
    known: dict[str, Any] = {"title": f"Title of {course_id}", "changed_at": CATALOGUED}
    return Go1CourseChanged(course_id=course_id, duration_minutes=minutes, version=version, **(known | more))


def learner(learner_id: str = "ada", email: str | None = None, *, version: int = 1, **more: Any) -> LearnerChanged:
    known: dict[str, Any] = {"portal_id": "acme"}
    return LearnerChanged(
        learner_id=learner_id, email=email or f"{learner_id}@example.com", version=version, **(known | more)
    )


def launched(instant: str, launch_id: str = "L1", *, learner_id: str = "ada", **more: Any) -> Go1CourseLaunched:
    known: dict[str, Any] = {
        "portal_id": "acme",
        "email": f"{learner_id}@example.com",
        "course_id": "C1",
        "channel": "web",
        "entry_point": EntryPoint(kind="catalog"),
    }
    return Go1CourseLaunched(learner_id=learner_id, launch_id=launch_id, launched_at=at(instant), **(known | more))


def resumed(instant: str, launch_id: str | None = None, *, learner_id: str = "ada", **more: Any) -> Go1CourseResumed:
    known: dict[str, Any] = {
        "portal_id": "acme",
        "email": f"{learner_id}@example.com",
        "course_id": "C1",
        "channel": "web",
    }
    return Go1CourseResumed(learner_id=learner_id, launch_id=launch_id, resumed_at=at(instant), **(known | more))


def completed(
    instant: str, go1_enrollment_id: str = "E1", *, started: str | None = None, version: int = 1, **more: Any
) -> Go1CourseCompleted:
    known: dict[str, Any] = {"portal_id": "acme", "email": "ada@example.com", "course_id": "C1", "passed": True}
    return Go1CourseCompleted(
        go1_enrollment_id=go1_enrollment_id,
        completed_at=at(instant),
        started_at=None if started is None else at(started),
        version=version,
        **(known | more),
    )


def deleted(instant: str, go1_enrollment_id: str = "E1", **more: Any) -> Go1EnrollmentDeleted:
    known: dict[str, Any] = {"portal_id": "acme", "email": "ada@example.com", "course_id": "C1"}
    return Go1EnrollmentDeleted(go1_enrollment_id=go1_enrollment_id, deleted_at=at(instant), **(known | more))


def decided(learner_id: str, go1_enrollment_id: str = "E1", *, version: int = 1, **more: Any) -> Go1MatchDecided:
    known: dict[str, Any] = {"portal_id": "acme", "decided_by": "operator", "decided_at": at("2026-03-01 00:00")}
    return Go1MatchDecided(
        go1_enrollment_id=go1_enrollment_id, learner_id=learner_id, version=version, **(known | more)
    )


def erased(erased_at: datetime, learner_id: str = "ada", **more: Any) -> LearnerErased:
    known: dict[str, Any] = {"portal_id": "acme"}
    return LearnerErased(learner_id=learner_id, erased_at=erased_at, **(known | more))
