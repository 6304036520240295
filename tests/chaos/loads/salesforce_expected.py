"""What Salesforce must hold in the end: the highest version of each thing, as rows of the objects its learner has."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from contracts.courses import CourseRenamed
from contracts.enrollments import FINISHED, EnrollmentChanged, EnrollmentRemoved, PathEnrollmentChanged
from contracts.event import Event
from contracts.learners import LearnerAccessed, LearnerLinked
from contracts.portals import PortalConnected

PORTAL = "acme"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COUNTED = {"In_Progress": "in_progress", "Passed": "passed", "Failed": "failed", "Pending_Review": "pending_review"}
TYPES: tuple[type[Event], ...] = (
    PortalConnected,
    CourseRenamed,
    LearnerLinked,
    LearnerAccessed,
    EnrollmentChanged,
    EnrollmentRemoved,
    PathEnrollmentChanged,
)

Door = Literal["User", "Contact"]
ENROLLMENTS: Mapping[Door, str] = {"User": "LearnUponEnrollment__c", "Contact": "LearnUponContactEnrollment__c"}
PATHS: Mapping[Door, str] = {
    "User": "LearnUponLearningPathEnrollment__c",
    "Contact": "LearnUponLearningPathContactEnrollment__c",
}
OF_ENROLLMENT = ["Course_Id__c", "Course_Name__c", "Enrolled_At__c", "Completed_At__c", "Status__c", "Score__c"]
OF_PATH = [
    "Learning_Path_Id__c",
    "Learning_Path_Name__c",
    "Courses_Total__c",
    "Courses_Completed__c",
    "Enrolled_At__c",
    "Completed_At__c",
    "Score__c",
]
OF_PROFILE = [
    f"LearnUpon_{name}__c"
    for name in ("Last_Accessed", "Courses_Enrolled", "Courses_Completed", *(f"Courses_{each}" for each in COUNTED))
]


def end_state(facts: Sequence[dict[str, Any]], records: Mapping[Door, Sequence[str]]) -> dict[str, Any]:
    """Every row by object and key."""
    by_type: dict[str, list[dict[str, Any]]] = {each.TYPE: [] for each in TYPES}
    for fact in facts:
        by_type[fact["type"]].append(fact["data"])
    names = {each["course_id"]: each["course_name"] for each in by_type[CourseRenamed.TYPE]}
    accessed = {each["learner_id"]: each["accessed_at"] for each in by_type[LearnerAccessed.TYPE]}
    links = _links(by_type[LearnerLinked.TYPE])
    rows = _memberships(links, accessed)
    standing = _standing([*by_type[EnrollmentChanged.TYPE], *by_type[EnrollmentRemoved.TYPE]])
    for door, table in ENROLLMENTS.items():
        for each in _of(door, standing, links):
            rows[f"{table} {_key(each, 'enrollment_id')}"] = _enrollment_row(each, links, door, names)
    for door, table in PATHS.items():
        for each in _of(door, by_type[PathEnrollmentChanged.TYPE], links):
            rows[f"{table} {_key(each, 'path_enrollment_id')}"] = _path_row(each, links, door)
    rows |= _profiles(records, links, accessed, rows) | _portals(by_type[PortalConnected.TYPE])
    return {name: {field: _as_kept(value) for field, value in row.items()} for name, row in rows.items()}


def _as_kept(value: Any) -> Any:
    """Salesforce keeps instants to the second."""
    return f"{value[:19]}.000Z" if isinstance(value, str) and INSTANT.fullmatch(value) else value


def _key(each: dict[str, Any], name: str) -> str:
    return f"{PORTAL}:{each[name]}"


def _links(facts: Sequence[dict[str, Any]]) -> dict[str, dict[Door, dict[str, Any]]]:
    links: dict[str, dict[Door, dict[str, Any]]] = {}
    for each in facts:
        links.setdefault(each["learner_id"], {})["User" if each["salesforce_kind"] == "user" else "Contact"] = each
    return links


def _of(door: Door, facts: Sequence[dict[str, Any]], links: "Links") -> Sequence[dict[str, Any]]:
    """Those of learners who have a link of this kind."""
    return [each for each in facts if door in links.get(each["learner_id"], {})]


def _standing(facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The highest version of each enrollment, if it is no removal (here only unfinished ones are removed)."""
    highest: dict[str, dict[str, Any]] = {}
    for each in facts:
        known = highest.get(each["enrollment_id"])
        if known is None or known["version"] < each["version"]:
            highest[each["enrollment_id"]] = each
    return [each for each in highest.values() if "removed_at" not in each]


def _portals(portals: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        f"LearnUpon_Portal__c {each['portal_id']}": {
            "Portal_Name__c": each["name"],
            "Portal_Url__c": each["url"],
            "Connected_At__c": each["connected_at"],
        }
        for each in portals
    }


Links = Mapping[str, Mapping[Door, dict[str, Any]]]


def _memberships(links: Links, accessed: Mapping[str, str]) -> dict[str, Any]:
    return {
        f"LearnUpon_Portal_Membership__c {PORTAL}:{learner}": {
            "Portal__r.Portal_Key__c": PORTAL,
            **{f"{door}__c": link["salesforce_id"] for door, link in doors.items()},
            "Learner_Id__c": learner,
            "Member_Since__c": min(link["linked_at"] for link in doors.values()),
            "Last_Accessed__c": accessed.get(learner),
        }
        for learner, doors in links.items()
    }


def _parents(each: dict[str, Any], links: Links, door: Door) -> dict[str, Any]:
    learner = each["learner_id"]
    return {
        "Membership__r.Membership_Key__c": f"{PORTAL}:{learner}",
        f"{door}__c": links[learner][door]["salesforce_id"],
        "Enrolled_At__c": each["enrolled_at"],
        "Completed_At__c": each.get("completed_at"),
        "Score__c": each.get("score"),
    }


def _enrollment_row(each: dict[str, Any], links: Links, door: Door, names: Mapping[str, str]) -> dict[str, Any]:
    return _parents(each, links, door) | {
        "Course_Id__c": each["course_id"],
        "Course_Name__c": names.get(each["course_id"], each["course_name"]),
        "Status__c": each["status"],
    }


def _path_row(each: dict[str, Any], links: Links, door: Door) -> dict[str, Any]:
    return _parents(each, links, door) | {
        "Learning_Path_Id__c": each["path_id"],
        "Learning_Path_Name__c": each["path_name"],
        "Courses_Total__c": each["courses_total"],
        "Courses_Completed__c": each["courses_completed"],
    }


def _profiles(
    records: Mapping[Door, Sequence[str]], links: Links, accessed: Mapping[str, str], rows: Mapping[str, Any]
) -> dict[str, Any]:
    """Counters of each user and contact that a learner belongs to; nothing on the others."""
    found: dict[str, Any] = {}
    for door, people in records.items():
        mine = [row for name, row in rows.items() if name.startswith(f"{ENROLLMENTS[door]} ")]
        for person in people:
            learners = [each for each, doors in links.items() if doors.get(door, {}).get("salesforce_id") == person]
            statuses = Counter(row["Status__c"] for row in mine if row[f"{door}__c"] == person)
            latest = max((accessed[each] for each in learners if each in accessed), default=None)
            counts = {
                "Enrolled": statuses.total(),
                "Completed": sum(statuses[each] for each in FINISHED),
                **{name: statuses[status] for name, status in COUNTED.items()},
            }
            found[f"{door} {person}"] = {"LearnUpon_Last_Accessed__c": latest} | {
                f"LearnUpon_Courses_{name}__c": count if learners else None for name, count in counts.items()
            }
    return found
