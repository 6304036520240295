"""Short ways to say facts about one learner, and to ask what Salesforce should hold after them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import (
    AttemptChanged,
    CourseDeleted,
    CourseRenamed,
    EnrollmentChanged,
    EnrollmentRemoved,
    Event,
    LearnerAccessed,
    LearnerErased,
    LearnerLinked,
    LearnerUnlinked,
    PathEnrollmentChanged,
    PathEnrollmentRemoved,
)
from salesforce_syncer.domain import course, learner, rows
from salesforce_syncer.domain.rows import Records, Row

PORTAL = "acme"
LEARNER = "l-1"
USER = "005000000000001AAA"
OTHER_USER = "005000000000002AAA"
CONTACT = "003000000000001AAA"
OTHER_CONTACT = "003000000000002AAA"
START = datetime(2026, 11, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


@dataclass(frozen=True)
class Fact:
    data: Event
    time: datetime


def linked(hour: float, record: str = USER, *, recorded: float | None = None) -> Fact:
    kind = "user" if record.startswith("005") else "contact"
    via = "tab_opened" if kind == "user" else "contact_imported"
    data = LearnerLinked(
        portal_id=PORTAL, learner_id=LEARNER, salesforce_kind=kind, salesforce_id=record, via=via, linked_at=at(hour)
    )
    return Fact(data, at(hour if recorded is None else recorded))


def unlinked(hour: float, kind: Any = "user") -> Fact:
    return Fact(
        LearnerUnlinked(portal_id=PORTAL, learner_id=LEARNER, salesforce_kind=kind, unlinked_at=at(hour)), at(hour)
    )


def accessed(hour: float) -> Fact:
    return Fact(LearnerAccessed(portal_id=PORTAL, learner_id=LEARNER, accessed_at=at(hour)), at(hour))


def erased(hour: float) -> Fact:
    return Fact(LearnerErased(portal_id=PORTAL, learner_id=LEARNER, erased_at=at(hour)), at(hour))


def enrolled(
    version: int,
    status: Any = "in_progress",
    *,
    id: str = "e-1",  # noqa: A002  the word of the events
    course_id: str = "c-1",
    completed: float | None = None,
    score: float | None = None,
    name: str = "Safety",
    recorded: float | None = None,
) -> Fact:
    if status in {"completed", "passed", "failed"} and completed is None:
        completed = float(version)
    data = EnrollmentChanged(
        portal_id=PORTAL,
        learner_id=LEARNER,
        enrollment_id=id,
        course_id=course_id,
        course_name=name,
        status=status,
        enrolled_at=at(0),
        completed_at=None if completed is None else at(completed),
        score=score,
        version=version,
    )
    return Fact(data, at(version if recorded is None else recorded))


def unenrolled(version: int, *, id: str = "e-1", hour: float | None = None, recorded: float | None = None) -> Fact:  # noqa: A002  as above
    hour = float(version) if hour is None else hour
    data = EnrollmentRemoved(
        portal_id=PORTAL, learner_id=LEARNER, enrollment_id=id, removed_at=at(hour), version=version
    )
    return Fact(data, at(hour if recorded is None else recorded))


def on_path(version: int, *, done: int = 0, completed: float | None = None, score: float | None = None) -> Fact:
    data = PathEnrollmentChanged(
        portal_id=PORTAL,
        learner_id=LEARNER,
        path_enrollment_id="p-1",
        path_id="path-9",
        path_name="Onboarding",
        courses_total=3,
        courses_completed=done,
        enrolled_at=at(0),
        completed_at=None if completed is None else at(completed),
        score=score,
        version=version,
    )
    return Fact(data, at(version))


def off_path(version: int) -> Fact:
    data = PathEnrollmentRemoved(
        portal_id=PORTAL, learner_id=LEARNER, path_enrollment_id="p-1", removed_at=at(version), version=version
    )
    return Fact(data, at(version))


def attempt(
    version: int, status: Any = "in_progress", *, result: Any = None, legacy: bool = False, title: str | None = "Go"
) -> Fact:
    data = AttemptChanged(
        attempt_id="a-1",
        portal_id=PORTAL,
        learner_id=LEARNER,
        email="ann@example.com",
        course_id="go-7",
        course_title=title,
        origin="platform",
        channel="web",
        status=status,
        legacy=legacy,
        progress_percent=100 if result else 50,
        result=result,
        started_at=at(1),
        last_activity_at=at(2),
        completed_at=at(2) if result else None,
        change="voided" if status == "voided" else "opened",
        version=version,
    )
    return Fact(data, at(version))


def renamed(version: int, name: str, *, hour: float | None = None, course_id: str = "c-1") -> Fact:
    hour = float(version) if hour is None else hour
    data = CourseRenamed(portal_id=PORTAL, course_id=course_id, course_name=name, renamed_at=at(hour), version=version)
    return Fact(data, at(hour))


def deleted(hour: float, *, course_id: str = "c-1") -> Fact:
    return Fact(CourseDeleted(portal_id=PORTAL, course_id=course_id, deleted_at=at(hour)), at(hour))


def desired(
    facts: Iterable[Fact], *, records: Records = rows.NOTHING_MERGED, mirror_go1: bool = True
) -> dict[str, Row]:
    """Fold one fact after the other, as they come, and return the rows that follow."""
    document: dict[str, Any] | None = None
    courses: dict[str, dict[str, Any]] = {}
    for each in facts:
        if isinstance(each.data, CourseRenamed | CourseDeleted):
            known = courses.get(each.data.course_id)
            folded = course.fold(PORTAL, each.data.course_id, known, [each]).document
            if folded is not None:
                courses[each.data.course_id] = folded
        else:
            document = learner.fold(PORTAL, LEARNER, document, [each]).document or document
    if document is None:
        return {}
    read = {name: course.read(each) for name, each in courses.items()}
    return {
        row.id: row for row in rows.of_learner(learner.read(document), read, records=records, mirror_go1=mirror_go1)
    }


def payloads(facts: Iterable[Fact]) -> dict[str, dict[str, Any]]:
    return {row_id: row.payload for row_id, row in desired(facts).items()}
