"""Courses and learning paths: who took what, how it ended, and the rows and counters that Salesforce shows of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from learnwire_local.demo.stories import people
from learnwire_local.demo.stories.ledger import Ledger, Person, ago

FILE = "3-enrollments"
SUNDAY = "8-sunday"
COURSES = {
    "C-11": "Welcome to the Company",
    "C-12": "Fire Safety Basics",
    "C-13": "Giving Feedback",
    "C-14": "Data Protection for Everyone",
    "C-15": "Selling the Orchard Line",
    "C-16": "Forklift Refresher",
    "C-17": "Spreadsheets, Second Steps",
}
RENAMED = {"C-14": "Data Protection 2027"}
DELETED = "C-16"
PATHS = {"LP-1": "First Ninety Days", "LP-2": "Certified Partner"}
FINISHED = ("completed", "passed", "failed")
COUNTERS = {
    "in_progress": "LearnUpon_Courses_In_Progress__c",
    "pending_review": "LearnUpon_Courses_Pending_Review__c",
    "passed": "LearnUpon_Courses_Passed__c",
    "failed": "LearnUpon_Courses_Failed__c",
}
OBJECTS = {
    "user": ("LearnUponEnrollment__c", "LearnUponLearningPathEnrollment__c"),
    "contact": ("LearnUponContactEnrollment__c", "LearnUponLearningPathContactEnrollment__c"),
}


@dataclass(frozen=True)
class Course:
    """How one enrollment went: its statuses in order; `removed` after them, `back` in progress after that."""

    course_id: str
    statuses: tuple[str, ...]
    score: float | None = None
    removed: bool = False
    back: bool = False


WAYS: tuple[tuple[tuple[str, ...], float | None, bool, bool], ...] = (
    (("not_started", "in_progress", "passed"), 92.5, False, False),
    (("not_started", "in_progress"), None, False, False),
    (("not_started", "in_progress", "completed"), None, False, False),
    (("not_started", "in_progress", "failed"), 0, False, False),
    (("in_progress", "pending_review"), None, False, False),
    (("not_started",), None, False, False),
    (("in_progress",), None, True, False),
    (("in_progress", "passed"), 77.777, True, False),
    (("in_progress",), None, True, True),
)


def tell(ledger: Ledger) -> None:
    way = 0
    for person in people.EVERYBODY:
        if not person.learner_id.startswith(("L-109", "L-110")):
            for course_id in sorted(ledger.chance.sample(sorted(COURSES), 3 if person.link else 2)):
                _take(ledger, person, Course(course_id, *WAYS[way % len(WAYS)]), number=way)
                way += 1
    for number, (person, done, removed) in enumerate(
        (
            (people.MIRA, 2, False),
            (people.LENA, 3, False),
            (people.SAM, 3, False),
            (people.GRETA, 1, True),
            (people.INES, 0, False),
        )
    ):
        _walk(
            ledger,
            person,
            f"PE-{700 + number}",
            ("LP-1" if person.portal_id == "acme" else "LP-2"),
            done,
            removed=removed,
        )
    for portal_id in people.PORTALS:
        for course_id, name in RENAMED.items():
            data = {
                "portal_id": portal_id,
                "course_id": course_id,
                "course_name": name,
                "renamed_at": ago(days=1),
                "version": 2,
            }
            ledger.event("4-catalog", "course.renamed", data, ago(days=1))
        deleted = {"portal_id": portal_id, "course_id": DELETED, "deleted_at": ago(hours=3)}
        ledger.event(SUNDAY, "course.deleted", deleted, ago(hours=3))
    ledger.repeat(FILE, 0.08)


def _take(ledger: Ledger, person: Person, course: Course, number: int) -> None:
    enrollment_id = f"E-{5000 + number}"
    who: dict[str, Any] = {
        "portal_id": person.portal_id,
        "learner_id": person.learner_id,
        "enrollment_id": enrollment_id,
    }
    enrolled = ago(days=5, hours=ledger.chance.uniform(0, 20))
    at, version = enrolled, 0
    for status in course.statuses + (("in_progress",) if course.back else ()):
        if course.back and version == len(course.statuses):
            at, version = at + timedelta(hours=9), version + 1
            ledger.event(FILE, "enrollment.removed", who | {"removed_at": at, "version": version}, at)
        at, version = at + timedelta(hours=ledger.chance.uniform(1, 20)), version + 1
        finished = status in FINISHED
        data = who | {
            "course_id": course.course_id,
            "course_name": COURSES[course.course_id],
            "status": status,
            "enrolled_at": enrolled,
            "completed_at": at if finished else None,
            "score": course.score if finished else None,
            "version": version,
        }
        ledger.event(FILE, "enrollment.changed", data, at)
    if course.removed and not course.back:
        at, version = at + timedelta(hours=5), version + 1
        ledger.event(FILE, "enrollment.removed", who | {"removed_at": at, "version": version}, at)
    _expect(ledger, person, course, enrollment_id)


def _expect(ledger: Ledger, person: Person, course: Course, enrollment_id: str) -> None:
    status = "in_progress" if course.back else course.statuses[-1]
    finished = status in FINISHED
    unenrolled = (course.removed and not course.back) or course.course_id == DELETED or person.leaves == "unlinked"
    if person.leaves == "erased" or (unenrolled and not finished):
        return
    name = COURSES[course.course_id]
    if not course.removed or course.back:  # who left before the renaming keeps the old name
        name = RENAMED.get(course.course_id, name)
    show(
        ledger,
        person,
        f"{person.portal_id}:{enrollment_id}",
        name=name,
        status=status,
        score=None if course.score is None or not finished else round(course.score, 2),
    )


def show(ledger: Ledger, person: Person, key: str, *, name: str, status: str, score: float | None) -> None:
    """A row for each door of the person."""
    for kind in person.link.split():
        fields = {"Course_Name__c": name, "Status__c": status, "Score__c": score, "profile": person.record_of(kind)}
        ledger.row(OBJECTS[kind][0], key, **fields)


def _walk(ledger: Ledger, person: Person, number: str, path_id: str, done: int, *, removed: bool) -> None:
    who: dict[str, Any] = {"portal_id": person.portal_id, "learner_id": person.learner_id, "path_enrollment_id": number}
    total, enrolled = 3, ago(days=5)
    for completed in range(done + 1):
        at = enrolled + timedelta(hours=10 * completed)
        data = who | {
            "path_id": path_id,
            "path_name": PATHS[path_id],
            "courses_total": total,
            "courses_completed": completed,
            "enrolled_at": enrolled,
            "completed_at": at if completed == total else None,
            "score": 88 if completed == total else None,
            "version": completed + 1,
        }
        ledger.event(FILE, "path-enrollment.changed", data, at)
    if removed:
        ledger.event(
            FILE, "path-enrollment.removed", who | {"removed_at": ago(days=1), "version": done + 2}, ago(days=1)
        )
        return
    for kind in person.link.split():
        fields = {
            "Learning_Path_Name__c": PATHS[path_id],
            "Courses_Completed__c": done,
            "Score__c": 88 if done == total else None,
        }
        ledger.row(OBJECTS[kind][1], f"{person.portal_id}:{number}", **fields)


def profiles(ledger: Ledger) -> None:
    """The counters of each User and Contact: last, when all rows are known."""
    for each in people.records():
        record = each["record"]
        kind = record.partition(":")[0]
        rows = [row for row in ledger.salesforce.get(OBJECTS[kind][0], {}).values() if row["profile"] == record]
        counters: dict[str, int | None] = {
            field: sum(row["Status__c"] == status for row in rows) for status, field in COUNTERS.items()
        }
        counters["LearnUpon_Courses_Enrolled__c"] = len(rows)
        counters["LearnUpon_Courses_Completed__c"] = sum(row["Status__c"] in FINISHED for row in rows)
        if record == people.PAVEL.record_of("contact"):
            counters = dict.fromkeys(counters)
        ledger.row("User" if kind == "user" else "Contact", record, **counters)
    for object_name, _ in OBJECTS.values():
        for row in ledger.salesforce.get(object_name, {}).values():
            del row["profile"]
