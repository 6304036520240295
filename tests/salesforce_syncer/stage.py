"""A syncer as a process, Salesforce beside it, and short ways to tell it facts about somebody of the test's own."""

import itertools
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts import (
    AttemptChanged,
    EnrollmentChanged,
    EnrollmentRemoved,
    Envelope,
    Event,
    LearnerAccessed,
    LearnerErased,
    LearnerLinked,
    LearnerUnlinked,
    PathEnrollmentChanged,
    PathEnrollmentRemoved,
    PortalConnected,
)
from tests.salesforce_syncer.standin import StandIn, running
from tests.world import WAIT_SECONDS, Process, World, eventually

START = datetime(2026, 11, 1, tzinfo=UTC)
PORTAL, MEMBERSHIP = "LearnUpon_Portal__c", "LearnUpon_Portal_Membership__c"
USER_ROWS, CONTACT_ROWS = "LearnUponEnrollment__c", "LearnUponContactEnrollment__c"
USER_PATHS, CONTACT_PATHS = "LearnUponLearningPathEnrollment__c", "LearnUponLearningPathContactEnrollment__c"
COUNTERS = ("Enrolled", "Completed", "Passed", "Failed", "In_Progress", "Pending_Review")
numbers = itertools.count(1)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


@dataclass
class Stage:
    """A syncer that writes into a stand-in, with the portal `acme` connected."""

    world: World
    standin: StandIn
    syncer: Process

    async def tell(self, *facts: tuple[float, Event]) -> None:
        """Publish facts, each recorded at its hour."""
        await self.world.publish(*(Envelope.of(data, source="/lms/acme", time=at(hour)) for hour, data in facts))

    async def shows(self, look: Callable[[], Any], expected: Any, *, seconds: float = WAIT_SECONDS) -> None:
        """Wait until Salesforce shows this."""

        async def look_once() -> Any:
            return look()

        await self.becomes(look_once, expected, seconds=seconds)

    async def becomes(
        self, look: Callable[[], Awaitable[Any]], expected: Any, *, seconds: float = WAIT_SECONDS
    ) -> None:
        """Wait until a look shows this; what is seen instead is told with the syncer's last warnings."""
        try:
            await eventually(look, "it to be so", until=lambda found: found == expected, seconds=seconds)
        except AssertionError:
            told = [each for each in self.syncer.log() if each.get("level") != "info"]
            assert await look() == expected, told[-5:]
            raise


@asynccontextmanager
async def staged(
    kafka: str, mongo_uri: str, used_prefixes: list[str], folder: Path, *options: str, **settings: str
) -> AsyncGenerator[Stage]:
    """A world with a stand-in (started with these options) and a syncer (with these settings); `acme` is connected."""
    prefix = f"t{secrets.token_hex(4)}."
    used_prefixes.append(prefix)
    with ExitStack() as stack:
        standin = stack.enter_context(running(folder, *options))
        async with World(kafka, mongo_uri, prefix, folder) as world:
            syncer = world.service("salesforce-syncer", **standin.settings() | settings)
            await world.ready(syncer, seconds=90)
            stage = Stage(world, standin, syncer)
            await stage.tell((0, a_portal("acme")))
            yield stage


def of_module(*options: str, **settings: str) -> Any:
    """A fixture: one stage for all tests of a module, started with these options and settings."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def stage(
        kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path_factory: pytest.TempPathFactory
    ) -> AsyncGenerator[Stage]:
        folder = tmp_path_factory.mktemp("salesforce")
        async with staged(kafka, mongo_uri, used_prefixes, folder, *options, **settings) as stage:
            yield stage

    return stage


def a_portal(portal_id: str, *, name: str = "Acme Academy", version: int = 1) -> PortalConnected:
    return PortalConnected(
        portal_id=portal_id, name=name, url="https://acme.example", connected_at=at(0), version=version
    )


@dataclass
class Someone:
    """A learner of the test's own."""

    portal_id: str = "acme"
    id: str = field(default_factory=lambda: f"l{next(numbers)}")

    @property
    def ids(self) -> dict[str, Any]:
        return {"portal_id": self.portal_id, "learner_id": self.id}

    @property
    def membership(self) -> str:
        return f"{self.portal_id}:{self.id}"

    def key(self, thing: str) -> str:
        return f"{self.portal_id}:{self.id}-{thing}"

    def linked(self, hour: float, record: str) -> tuple[float, Event]:
        kind: Any = "user" if record.startswith("005") else "contact"
        via: Any = "tab_opened" if kind == "user" else "contact_imported"
        link = LearnerLinked(**self.ids, salesforce_kind=kind, salesforce_id=record, via=via, linked_at=at(hour))
        return hour, link

    def unlinked(self, hour: float, kind: Any) -> tuple[float, Event]:
        return hour, LearnerUnlinked(**self.ids, salesforce_kind=kind, unlinked_at=at(hour))

    def accessed(self, hour: float) -> tuple[float, Event]:
        return hour, LearnerAccessed(**self.ids, accessed_at=at(hour))

    def erased(self, hour: float) -> tuple[float, Event]:
        return hour, LearnerErased(**self.ids, erased_at=at(hour))

    def enrolled(
        self, thing: str, version: int, status: Any = "in_progress", *, score: float | None = None, course: str = "c1"
    ) -> tuple[float, Event]:
        done = status in {"completed", "passed", "failed"}
        return version, EnrollmentChanged(
            **self.ids,
            enrollment_id=f"{self.id}-{thing}",
            course_id=course,
            course_name="Safety at work",
            status=status,
            enrolled_at=at(0),
            completed_at=at(version) if done else None,
            score=score,
            version=version,
        )

    def removed(self, thing: str, version: int) -> tuple[float, Event]:
        gone = EnrollmentRemoved(
            **self.ids, enrollment_id=f"{self.id}-{thing}", removed_at=at(version), version=version
        )
        return version, gone

    def on_path(
        self, thing: str, version: int, *, done: int, completed: bool = False, score: float | None = None
    ) -> tuple[float, Event]:
        return version, PathEnrollmentChanged(
            **self.ids,
            path_enrollment_id=f"{self.id}-{thing}",
            path_id="path1",
            path_name="Onboarding",
            courses_total=3,
            courses_completed=done,
            enrolled_at=at(0),
            completed_at=at(version) if completed else None,
            score=score,
            version=version,
        )

    def off_path(self, thing: str, version: int) -> tuple[float, Event]:
        return version, PathEnrollmentRemoved(
            **self.ids, path_enrollment_id=f"{self.id}-{thing}", removed_at=at(version), version=version
        )

    def attempted(self, thing: str, version: int, status: Any) -> tuple[float, Event]:
        """A Go1 attempt: in progress, completed, or voided."""
        done = status == "completed"
        return version, AttemptChanged(
            **self.ids,
            attempt_id=f"{self.id}-{thing}",
            email="ann@example.com",
            course_id="go7",
            course_title="Go further",
            origin="platform",
            status=status,
            legacy=False,
            progress_percent=100 if done else 50,
            result="success" if done else None,
            started_at=at(1),
            last_activity_at=at(1),
            completed_at=at(2) if done else None,
            change="opened" if status == "in_progress" else status,
            version=version,
        )


def shown(standin: StandIn, object_name: str, key: str, *fields: str) -> tuple[Any, ...] | None:
    row = standin.rows(object_name).get(key)
    return None if row is None else tuple(row.get(each) for each in fields)


def counters(standin: StandIn, object_name: str, record: str) -> tuple[Any, ...] | None:
    return shown(standin, object_name, record, *(f"LearnUpon_Courses_{each}__c" for each in COUNTERS))


def stamp(hour: float) -> str:
    return at(hour).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
