"""What is in the services before they are fuzzed: things of several portals, panoramas and people, each with a mark.

A mark that turns up in an answer to somebody who must not see it is a read across users.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from contracts import (
    BulkActionFinished,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    ContentActionRecorded,
    EnrollmentChanged,
    Event,
    Go1CourseChanged,
    Go1CourseCompleted,
    Go1CourseLaunched,
    LearnerLinked,
    PortalConnected,
    ReportedRow,
    Requester,
)
from contracts.go1 import EntryPoint
from tests.fuzz.tokens import Claims
from tests.world import Process, World

NOW = datetime.now(UTC).replace(microsecond=0)
ACME, GLOBEX = "qqacme", "qqglobex"
NORTH, SOUTH, NOWHERE = "qqnorth", "qqsouth", "qqnowhere"
ADA, BOB, GLOBEX_ADA = "qqada-acme", "qqbob-acme", "qqada-globex"
SALESFORCE_USER = "005000000000001AAA"

Good = tuple[str, Claims, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Seed:
    """One service as it is before: its events, all marks in them, who may see which, ids to ask for."""

    events: Sequence[Event]
    marks: frozenset[str]
    good: Sequence[Good]
    wrong_role: str
    ids: Sequence[str]


def _actions() -> Sequence[Event]:
    return [
        ContentActionRecorded(
            email=f"{mark}-{number}@example.org",
            panorama_name=None if mark == NOWHERE else mark,
            content_type="course",
            content_title=f"Title {mark} {number}",
            type="enrollment",
            source="course_purchase",
            timestamp=NOW - timedelta(hours=number),
            content_id=f"{mark}-c{number}",
        )
        for mark in (NORTH, SOUTH, NOWHERE)
        for number in range(5)
    ]


def _bulk(mark: str, portal: str, subject: str) -> list[Event]:
    found: list[Event] = []
    for number in range(4):
        action_id = f"{mark}-{number}"
        requester = Requester(id=subject, name=f"Name {mark}", email=f"{mark}@example.org", role="manager")
        row = ReportedRow(row=2, status="error", identifier=f"{mark}-row", issue=f"Issue {mark}", resolution="x")
        found += [
            BulkActionSubmitted(
                action_id=action_id,
                portal_id=portal,
                action_type="users_upload",
                requester=requester,
                submitted_at=NOW - timedelta(hours=number + 1),
                file_names=(f"{mark}.csv",),
                reference_id=f"REF-{mark}-{number}",
                notify=False,
            ),
            BulkActionStarted(action_id=action_id, started_at=NOW - timedelta(hours=number + 1)),
            BulkActionRowsReported(action_id=action_id, reported_at=NOW - timedelta(hours=number), rows=(row,)),
        ]
        if number:
            ended = NOW - timedelta(minutes=50) if number > 1 else NOW - timedelta(days=8)
            found.append(BulkActionFinished(action_id=action_id, finished_at=ended, outcome="completed"))
    return found


def _go1() -> Sequence[Event]:
    found: list[Event] = [Go1CourseChanged(course_id="C1", title="A title", duration_minutes=60, version=1)]
    for portal in (ACME, GLOBEX):
        for number in range(4):
            ids: dict[str, Any] = {"portal_id": portal, "email": f"{portal}-{number}@example.org"}
            found.append(
                Go1CourseLaunched(
                    **ids,
                    learner_id=f"{portal}-l{number}",
                    course_id="C1",
                    launch_id=f"{portal}-a{number}",
                    channel="web",
                    entry_point=EntryPoint(kind="catalog"),
                    launched_at=NOW - timedelta(days=2),
                )
            )
            known = "C1" if number % 2 else f"{portal}-unknown"
            completed_at = NOW - timedelta(days=1, hours=number)
            done: dict[str, Any] = {
                "course_id": known,
                "go1_enrollment_id": f"{portal}-e{number}",
                "completed_at": completed_at,
            }
            found.append(Go1CourseCompleted(**ids, **done, passed=True, version=1))
    return found


def _sync() -> Sequence[Event]:
    found: list[Event] = []
    for portal in (ACME, GLOBEX):
        found.append(
            PortalConnected(portal_id=portal, name=portal, url="https://x.example", connected_at=NOW, version=1)
        )
        for number in range(3):
            ids: dict[str, Any] = {"portal_id": portal, "learner_id": f"{portal}-l{number}"}
            link: dict[str, Any] = {
                "salesforce_kind": "user",
                "salesforce_id": SALESFORCE_USER,
                "via": "tab_opened",
                "linked_at": NOW,
            }
            found.append(LearnerLinked(**ids, **link))
            enrollment: dict[str, Any] = {
                "enrollment_id": f"{portal}-e{number}",
                "course_id": "C1",
                "course_name": f"Course {portal}",
            }
            found.append(
                EnrollmentChanged(
                    **ids, **enrollment, status="in_progress", enrolled_at=NOW, completed_at=None, version=1
                )
            )
    return found


def _by_claim(role: str, claim: str, marks: Sequence[str], *, all_of: Sequence[str]) -> list[Good]:
    """Tokens for each mark alone, for all, for none, and for what there is not."""
    other = "portals" if claim == "panoramas" else "panoramas"
    found: list[Good] = [(f"{role} of {each}", {"roles": [role], claim: [each]}, frozenset({each})) for each in marks]
    found.append((f"{role} of all", {"roles": [role], claim: "*"}, frozenset(all_of)))
    found.append((f"{role} of none", {"roles": [role], claim: []}, frozenset()))
    found.append((f"{role} of others", {"roles": [role], claim: ["elsewhere"], other: "*"}, frozenset()))
    return found


def _tracker_good() -> list[Good]:
    def who(mark: str, subject: str, portal: str, role: str) -> Good:
        return (f"{role} {mark}", {"sub": subject, "roles": [role], "portal_id": portal}, frozenset({mark}))

    return [
        who(ADA, "ada", ACME, "manager"),
        who(BOB, "bob", ACME, "admin"),
        who(GLOBEX_ADA, "ada", GLOBEX, "instructor"),
        ("without a portal", {"sub": "ada", "roles": ["admin"]}, frozenset()),
        ("of another portal", {"sub": "bob", "roles": ["admin"], "portal_id": "elsewhere"}, frozenset()),
    ]


def seeds() -> Mapping[str, Seed]:
    portals = (ACME, GLOBEX)
    panoramas = (NORTH, SOUTH, NOWHERE)
    go1_good = _by_claim("analyst", "portals", portals, all_of=portals)
    go1_good += _by_claim("operator", "portals", portals, all_of=portals)
    return {
        "action-logger": Seed(
            _actions(),
            frozenset(panoramas),
            _by_claim("analyst", "panoramas", panoramas[:2], all_of=panoramas)
            + _by_claim("operator", "panoramas", panoramas[:1], all_of=panoramas),
            "manager",
            [*panoramas, *(f"{mark}-{each}" for mark in panoramas for each in ("c1", "1@example.org"))],
        ),
        "bulk-tracker": Seed(
            [*_bulk(ADA, ACME, "ada"), *_bulk(BOB, ACME, "bob"), *_bulk(GLOBEX_ADA, GLOBEX, "ada")],
            frozenset({ADA, BOB, GLOBEX_ADA}),
            _tracker_good(),
            "analyst",
            [
                f"{start}{mark}-{number}"
                for mark in (ADA, BOB, GLOBEX_ADA)
                for number in (0, 1, 2)
                for start in ("", "REF-")
            ],
        ),
        "go1-stats-processor": Seed(
            _go1(),
            frozenset(portals),
            go1_good,
            "admin",
            [*portals, "C1", *(f"{portal}-{each}" for portal in portals for each in ("l1", "a1", "e2", "unknown"))],
        ),
        "salesforce-syncer": Seed(
            _sync(),
            frozenset(portals),
            _by_claim("operator", "portals", portals, all_of=portals),
            "analyst",
            [*portals, *(f"{portal}-{each}" for portal in portals for each in ("l1", "e1", "key"))],
        ),
    }


def refuse_some_rows(world: World, syncer: Process) -> None:
    """Rows that Salesforce has refused, and a guard, as the syncer keeps them: no Salesforce is there to refuse them."""
    error = {"code": "X", "field": None, "message": "no", "first_seen": NOW, "last_seen": NOW, "tries": 1}
    with MongoClient[dict[str, Any]](world.mongo_uri) as client:
        database = client[syncer.environment["LEARNWIRE_MONGO_DATABASE"]]
        for portal in (ACME, GLOBEX):
            for number in range(3):
                key = f"{portal}-key{number}"
                row = {"_id": f"Z:{key}", "object": "LearnUponEnrollment__c", "key": key, "portal_id": portal}
                row |= {"learner_id": f"{portal}-l1", "state": "rejected", "error": error, "payload": {}}
                database["rows"].insert_one(row | {"learner": f"{portal}/x", "deleted": False})
            database["state"].insert_one(
                {"_id": f"guard:{portal}", "portal_id": portal, "deletes": 9, "rows": 10, "since": NOW}
            )
