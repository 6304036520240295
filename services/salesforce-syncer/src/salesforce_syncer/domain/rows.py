"""The desired rows: what Salesforce should hold of a learner, of a portal, of a profile."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contracts.enrollments import FINISHED
from salesforce_syncer.domain.course import Course
from salesforce_syncer.domain.kept import Data
from salesforce_syncer.domain.learner import Learner, Link
from salesforce_syncer.domain.objects import ACCESSED, DOORS, MEMBERSHIP, PORTAL, PROFILE_ACCESSED, row_id, row_key

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row that Salesforce should hold."""

    object: str
    key: str
    portal_id: str | None
    learner_id: str | None
    payload: Payload
    records: tuple[str, ...] = ()
    """The users and contacts it shows; the profile of each counts it."""
    membership: str | None = None
    """Key of the parent row."""
    touched: tuple[str, ...] = ()
    """Every record that this learner ever belonged to: their profiles are ours to write."""
    gone: bool = False
    """Its contact was deleted in Salesforce: nothing can be written."""
    version: int = 0
    """Of the fact that it follows from: where two learners ask for one row, the greater one stands."""

    @property
    def id(self) -> str:
        return row_id(self.object, self.key)


@dataclass(frozen=True, slots=True)
class Records:
    """What Salesforce said of records that no longer are: merged into another, or gone."""

    merged: Mapping[str, str]
    gone: Collection[str]

    def now(self, record: str) -> str:
        return self.merged.get(record, record)


NOTHING_MERGED = Records({}, ())
NO_COURSE = Course()


def of_portal(data: Data) -> Row:
    return Row(
        PORTAL,
        data["portal_id"],
        data["portal_id"],
        None,
        {
            "Portal_Name__c": text(data["name"]),
            "Portal_Url__c": text(data["url"]),
            "Connected_At__c": data["connected_at"],
        },
    )


def of_learner(
    learner: Learner, courses: Mapping[str, Course], *, records: Records = NOTHING_MERGED, mirror_go1: bool = True
) -> tuple[Row, ...]:
    """Return all rows of a learner; none before he was linked, none after his erasure."""
    if not learner.links:
        return ()
    rows = [_membership(learner, records)]
    for link in learner.links:
        for enrollment_id, changed, removed in learner.enrollments:
            course = courses.get(changed["course_id"], NO_COURSE)
            if (name := _course_name(changed, removed, course, link)) is not None:
                rows.append(_enrollment(learner, link, records, enrollment_id, {**changed, "course_name": name}))
        rows += [
            _path(learner, link, records, path_id, changed)
            for path_id, changed, removed in learner.paths
            if _path_stays(changed, removed, link)
        ]
        if mirror_go1:
            rows += [
                _enrollment(learner, link, records, f"go1:{attempt_id}", mirrored)
                for attempt_id, attempt in learner.attempts
                if (mirrored := _mirrored(attempt)) is not None and not _ended_unfinished(mirrored, link)
            ]
    return tuple(rows)


def _membership(learner: Learner, records: Records) -> Row:
    live = {link.kind: records.now(link.record) for link in learner.links if link.ended_at is None}
    shown = {kind: record for kind, record in live.items() if record not in records.gone}
    payload = {
        "Portal__r": {"Portal_Key__c": learner.portal_id},
        "User__c": shown.get("user"),
        "Contact__c": shown.get("contact"),
        "Learner_Id__c": learner.learner_id,
        "Member_Since__c": learner.since,
        ACCESSED: learner.accessed_at,
    }
    return Row(
        MEMBERSHIP,
        row_key(learner.portal_id, learner.learner_id),
        learner.portal_id,
        learner.learner_id,
        payload,
        records=tuple(sorted(shown.values())),
        touched=tuple(sorted({records.now(each) for each in learner.touched} - set(records.gone))),
        gone=bool(live) and not shown,
    )


def _course_name(changed: Data, removed: Data | None, course: Course, link: Link) -> str | None:
    """Return the name that the row shows, None where there is no row."""
    ends = [link.ended_at] if link.ended_at is not None else []
    if removed is not None and removed["version"] >= changed["version"]:
        ends.append(removed["removed_at"])
    if course.deleted_at is not None:
        ends.append(course.deleted_at)
    if ends and changed["status"] not in FINISHED:
        return None
    if _ended_unfinished(changed, link):
        return None
    return course.name(min(ends, default=None)) or changed["course_name"]


def _ended_unfinished(changed: Data, link: Link) -> bool:
    """Tell whether the link ended before this was finished."""
    if link.ended_at is None:
        return False
    completed_at = changed.get("completed_at")
    return completed_at is None or completed_at > link.ended_at


def _path_stays(changed: Data, removed: Data | None, link: Link) -> bool:
    if _ended_unfinished(changed, link):
        return False
    is_removed = removed is not None and removed["version"] >= changed["version"]
    return not is_removed or changed.get("completed_at") is not None


def _mirrored(attempt: Data) -> Data | None:
    """Return a Go1 attempt as an enrollment; None for a voided one."""
    if attempt["status"] == "voided":
        return None
    done = attempt["status"] == "completed" and not attempt["legacy"]
    status = (
        {"success": "passed", "failed": "failed"}.get(attempt.get("result") or "", "completed")
        if done
        else "in_progress"
    )
    return {
        "course_id": attempt["course_id"],
        "course_name": attempt.get("course_title") or attempt["course_id"],
        "status": status,
        "enrolled_at": attempt.get("started_at") or attempt.get("completed_at"),
        "completed_at": attempt.get("completed_at") if done else None,
        "version": attempt["version"],
    }


def _attached(learner: Learner, link: Link, records: Records) -> dict[str, Any]:
    record = records.now(link.record)
    return {
        "portal_id": learner.portal_id,
        "learner_id": learner.learner_id,
        "records": (record,),
        "membership": row_key(learner.portal_id, learner.learner_id),
        "gone": record in records.gone,
    }


def _enrollment(learner: Learner, link: Link, records: Records, enrollment_id: str, data: Data) -> Row:
    door = DOORS[link.kind]
    payload = {
        "Membership__r": {"Membership_Key__c": row_key(learner.portal_id, learner.learner_id)},
        door.lookup: records.now(link.record),
        "Course_Id__c": data["course_id"],
        "Course_Name__c": text(data["course_name"]),
        "Enrolled_At__c": data["enrolled_at"],
        "Completed_At__c": data.get("completed_at"),
        "Status__c": data["status"],
        "Score__c": score(data.get("score")),
    }
    return Row(
        door.enrollments,
        row_key(learner.portal_id, enrollment_id),
        payload=payload,
        version=data["version"],
        **_attached(learner, link, records),
    )


def _path(learner: Learner, link: Link, records: Records, path_enrollment_id: str, data: Data) -> Row:
    door = DOORS[link.kind]
    payload = {
        "Membership__r": {"Membership_Key__c": row_key(learner.portal_id, learner.learner_id)},
        door.lookup: records.now(link.record),
        "Learning_Path_Id__c": data["path_id"],
        "Learning_Path_Name__c": text(data["path_name"]),
        "Courses_Total__c": data["courses_total"],
        "Courses_Completed__c": data["courses_completed"],
        "Enrolled_At__c": data["enrolled_at"],
        "Completed_At__c": data.get("completed_at"),
        "Score__c": score(data.get("score")),
    }
    return Row(
        door.paths,
        row_key(learner.portal_id, path_enrollment_id),
        payload=payload,
        version=data["version"],
        **_attached(learner, link, records),
    )


def profile(statuses: Mapping[str, int], accessed_at: str | None, *, fed: bool) -> Payload:
    """Return a profile's fields from the rows kept for its record; all null where no learner feeds it any more."""
    if not fed:
        return dict.fromkeys((PROFILE_ACCESSED, *_COUNTED)) | {"LearnUpon_Courses_Enrolled__c": None}
    return {
        PROFILE_ACCESSED: accessed_at,
        "LearnUpon_Courses_Enrolled__c": sum(statuses.values()),
        **{name: sum(statuses.get(status, 0) for status in counted) for name, counted in _COUNTED.items()},
    }


_COUNTED: Mapping[str, Sequence[str]] = {
    "LearnUpon_Courses_Completed__c": ("completed", "passed", "failed"),
    "LearnUpon_Courses_Passed__c": ("passed",),
    "LearnUpon_Courses_Failed__c": ("failed",),
    "LearnUpon_Courses_In_Progress__c": ("in_progress",),
    "LearnUpon_Courses_Pending_Review__c": ("pending_review",),
}


def text(value: str) -> str | None:
    """Salesforce trims texts and keeps an empty one as null."""
    return value.strip() or None


def score(value: float | None) -> float | None:
    """Return a score as it is shown: rounded half up to two decimals."""
    if value is None:
        return None
    rounded = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)
