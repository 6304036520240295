"""salesforce-syncer under load: linked learners, whose last facts are rows in Salesforce, read there by SOQL."""

import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts.courses import CourseRenamed
from contracts.enrollments import FINISHED, EnrollmentChanged, EnrollmentRemoved, PathEnrollmentChanged
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.learners import LearnerAccessed, LearnerLinked
from contracts.portals import PortalConnected
from tests.chaos.ledger import Entry
from tests.chaos.loads.load import SHADOWED, an_id, envelope, maybe
from tests.chaos.loads.salesforce_expected import (
    ENROLLMENTS,
    OF_ENROLLMENT,
    OF_PATH,
    OF_PROFILE,
    PATHS,
    PORTAL,
    Door,
    end_state,
)
from tests.chaos.verifier import Seen, Things, Verdict
from tests.salesforce_syncer.standin import StandIn, running
from tests.world import Process, World

PEOPLE = 15
"""Salesforce records of each kind; learners share them."""
COURSES = 6
STATUSES = ("not_started", "in_progress", "pending_review", "completed", "passed", "failed")


@dataclass
class SalesforceRows:
    service: str = "salesforce-syncer"
    records: dict[Door, list[str]] = field(
        default_factory=lambda: {
            "User": [f"005{number:012}AAA" for number in range(PEOPLE)],
            "Contact": [f"003{number:012}AAA" for number in range(PEOPLE)],
        }
    )
    standin: StandIn | None = None

    async def prepare(self, world: World, stack: AsyncExitStack) -> Mapping[str, str]:
        standin = self.standin = stack.enter_context(running(world.folder))
        self.records = {
            "User": [standin.user() for _ in range(PEOPLE)],
            "Contact": [standin.contact() for _ in range(PEOPLE)],
        }
        no_guard = {"SALESFORCE_DELETE_GUARD_ROWS": "1000000", "SALESFORCE_DELETE_GUARD_PERCENT": "100"}
        # Held back for a quarter of an hour, a last access of two learners of one record would be no end state.
        at_once = {"SALESFORCE_ACCESSED_SECONDS": "1"}
        return standin.settings() | no_guard | at_once | {"SALESFORCE_MIRROR_GO1": "false"}  # attempts: another load's

    def events(self, rng: random.Random, count: int, now: datetime) -> Sequence[Envelope[Any]]:
        connected = now - timedelta(days=90)
        found = [
            PortalConnected(
                portal_id=PORTAL, name="Acme Academy", url="https://acme.example", connected_at=connected, version=1
            ),
            *(_renamed(number, now) for number in range(0, COURSES, 2)),
        ]
        envelopes = [envelope(each, rng, now) for each in found]
        while len(envelopes) < count:
            envelopes += self._learner(rng, now)
        return envelopes

    def _learner(self, rng: random.Random, now: datetime) -> list[Envelope[Any]]:
        """A learner's facts; those that later ones of the same thing replace are marked."""
        learner = an_id(rng)
        begin = now - timedelta(days=60) + timedelta(milliseconds=rng.randrange(86_400_000))
        ids: dict[str, Any] = {"portal_id": PORTAL, "learner_id": learner}
        doors: list[Door] = rng.choice([["User"], ["User"], ["Contact"], ["User", "Contact"]])
        telling: list[Event] = [
            LearnerLinked(
                **ids,
                salesforce_kind="user" if door == "User" else "contact",
                salesforce_id=rng.choice(self.records[door]),
                via="tab_opened" if door == "User" else "contact_imported",
                linked_at=begin,
            )
            for door in doors
        ]
        telling.append(LearnerAccessed(**ids, accessed_at=begin + timedelta(days=1)))
        shadowed: list[Event] = []
        for _ in range(rng.randint(5, 12)):
            *before, last = _enrollment(rng, ids, begin)
            shadowed += before
            telling.append(last)
        telling += [_path(rng, ids, begin) for _ in range(rng.randint(0, 3))]
        found = [envelope(each, rng, now) for each in telling]
        found += [
            Envelope.of(each, source="/lms/acme", id=an_id(rng), time=now, correlationid=SHADOWED) for each in shadowed
        ]
        rng.shuffle(found)
        return found

    def rivals(self, rng: random.Random, good: Sequence[Entry]) -> Sequence[Entry]:
        del rng, good
        return ()

    def expected(self, facts: Sequence[dict[str, Any]]) -> Things:
        return end_state(facts, self.records)

    async def seen(self, world: World, process: Process) -> Seen:
        del world, process
        found = self._rows("LearnUpon_Portal__c", "Portal_Key__c", "Portal_Name__c", "Portal_Url__c", "Connected_At__c")
        membership = ("User__c", "Contact__c", "Learner_Id__c", "Member_Since__c", "Last_Accessed__c")
        found += self._rows(
            "LearnUpon_Portal_Membership__c", "Membership_Key__c", "Portal__r.Portal_Key__c", *membership
        )
        parent = "Membership__r.Membership_Key__c"
        for door in ENROLLMENTS:
            found += self._rows(ENROLLMENTS[door], "Enrollment_Key__c", parent, f"{door}__c", *OF_ENROLLMENT)
            found += self._rows(PATHS[door], "Path_Enrollment_Key__c", parent, f"{door}__c", *OF_PATH)
            mine = self.records[door]
            found += [each for each in self._rows(door, "Id", *OF_PROFILE) if each[0].partition(" ")[2] in mine]
        return found

    def _rows(self, table: str, key: str, *fields: str) -> list[tuple[str, Any]]:
        assert self.standin is not None
        page = self.standin.api("GET", f"/query?q=SELECT+{','.join([key, *fields])}+FROM+{table}")
        records: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.standin.api("GET", page["nextRecordsUrl"].partition("v66.0")[2])
            records += page["records"]
        return [(f"{table} {each[key]}", {name: _value(each, name) for name in fields}) for each in records]

    async def published(self, world: World, expected: Things) -> Verdict:
        del world, expected
        return Verdict(0, ())


def _value(record: dict[str, Any], name: str) -> Any:
    value: Any = record
    for step in name.split("."):
        value = None if value is None else value[step]
    return value.replace("+0000", "Z") if isinstance(value, str) else value


def _renamed(number: int, now: datetime) -> CourseRenamed:
    return CourseRenamed(
        portal_id=PORTAL, course_id=f"course{number}", course_name=f"New name {number}", renamed_at=now, version=1
    )


def _enrollment(rng: random.Random, ids: dict[str, Any], begin: datetime) -> list[Event]:
    """One to three facts, of which the last decides: a status, or the removal of something unfinished."""
    enrollment = an_id(rng)
    versions: list[Event] = []
    for version in range(1, rng.randint(1, 3) + 1):
        status: Any = rng.choice(STATUSES)
        versions.append(
            EnrollmentChanged(
                **ids,
                enrollment_id=enrollment,
                course_id=f"course{rng.randrange(COURSES)}",
                course_name=f"First name {version}",
                status=status,
                enrolled_at=begin,
                completed_at=begin + timedelta(days=version) if status in FINISHED else None,
                score=maybe(rng, float(rng.randint(0, 100))),
                version=version,
            )
        )
        if status not in FINISHED and rng.random() < 0.1:
            removed_at = begin + timedelta(days=9)
            gone = EnrollmentRemoved(**ids, enrollment_id=enrollment, removed_at=removed_at, version=version + 1)
            return [*versions, gone]
    return versions


def _path(rng: random.Random, ids: dict[str, Any], begin: datetime) -> Event:
    total = rng.randint(1, 9)
    done = rng.randint(0, total)
    return PathEnrollmentChanged(
        **ids,
        path_enrollment_id=an_id(rng),
        path_id=f"path{rng.randrange(5)}",
        path_name="A path",
        courses_total=total,
        courses_completed=done,
        enrolled_at=begin,
        completed_at=begin + timedelta(days=3) if done == total else None,
        score=maybe(rng, float(rng.randint(0, 100))),
        version=1,
    )
