"""go1-stats-processor under load: each learner starts a course once at most and completes it once at most.

Such plain histories need no fold: an attempt is told from its launch and its completion alone.
"""

import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.catalog import ATTEMPTS
from contracts.envelope import Envelope
from contracts.go1 import EntryPoint, Go1CourseChanged, Go1CourseCompleted, Go1CourseLaunched
from contracts.types import instant_text
from tests.chaos.ledger import Entry
from tests.chaos.loads.load import an_id, envelope, maybe
from tests.chaos.verifier import Seen, Things, Verdict, compare_publications
from tests.world import Process, World

PORTAL = "acme"
LEARNERS = 300
FACTS_OF_A_LEARNER = 100
"""At most, where there are many: nobody takes a thousand courses, and who syncs him holds all that he has."""
UPDATED_AT = {"web": datetime(2024, 12, 18, 23, tzinfo=UTC), "mobile": datetime(2024, 12, 25, 23, tzinfo=UTC)}
TIME_CUTOVER = datetime(2024, 12, 19, 11, tzinfo=UTC)
FIELDS = (
    "attempt_id",
    "portal_id",
    "learner_id",
    "email",
    "course_id",
    "course_title",
    "origin",
    "channel",
    "entry_point",
    "go1_enrollment_id",
    "status",
    "legacy",
    "progress_percent",
    "result",
    "started_at",
    "last_activity_at",
    "completed_at",
    "time_spent_seconds",
    "time_spent_basis",
)
COMPARED_WHEN_TOLD = tuple(each for each in FIELDS if each != "course_title")
"""Without the title: a rename alone publishes nothing."""


@dataclass(frozen=True, slots=True)
class Go1Attempts:
    service: str = "go1-stats-processor"

    async def prepare(self, world: World, stack: AsyncExitStack) -> Mapping[str, str]:
        del world, stack
        return {}

    def events(self, rng: random.Random, count: int, now: datetime) -> Sequence[Envelope[Any]]:
        courses = [f"course{number}" for number in range(max(3, count // 100))]
        found = [self._course(each, rng, now) for each in courses]
        most = min(max(LEARNERS, count // FACTS_OF_A_LEARNER), max(2, count // 12))
        for first in range(0, most, LEARNERS):  # one after the other, as learners come and go
            learners = range(first, min(first + LEARNERS, most))
            share = (count - len(courses)) * len(learners) // most
            found += self._of_learners(learners, courses, share, rng, now)
        return found

    def _of_learners(
        self, learners: range, courses: Sequence[str], count: int, rng: random.Random, now: datetime
    ) -> list[Envelope[Any]]:
        found: list[Envelope[Any]] = []
        # A learner whom no launch has shown would leave his completions parked: the first course is launched by all.
        pairs = [(learner, course) for course in courses[1:] for learner in learners]
        rng.shuffle(pairs)
        for learner, course in [*((learner, courses[0]) for learner in learners), *pairs]:
            if len(found) >= count:
                break
            found += self._history(learner, course, rng, now, launched=course == courses[0] or rng.random() < 0.9)
        return found

    def _course(self, course: str, rng: random.Random, now: datetime) -> Envelope[Any]:
        minutes = maybe(rng, rng.randint(10, 600), 0.8)
        data = Go1CourseChanged(course_id=course, title=f"Title of {course}", duration_minutes=minutes, version=1)
        return envelope(data, rng, now)

    def _history(
        self, learner: int, course: str, rng: random.Random, now: datetime, *, launched: bool
    ) -> list[Envelope[Any]]:
        email = f"Go1.Learner{learner}@example.org"
        legacy_time = rng.random() < 0.2
        span = timedelta(days=30)
        begin = (TIME_CUTOVER - span / 3 if legacy_time else now - 2 * span) + span * rng.random()
        begin = begin.replace(microsecond=begin.microsecond // 1000 * 1000)
        found: list[Envelope[Any]] = []
        if launched:
            launch = Go1CourseLaunched(
                portal_id=PORTAL,
                learner_id=f"learner{learner}",
                email=email,
                course_id=course,
                launch_id=an_id(rng),
                channel=rng.choice(["web", "mobile"]),
                entry_point=EntryPoint(kind="path_session", id=f"session{rng.randrange(9)}"),
                launched_at=begin,
            )
            found.append(envelope(launch, rng, now))
        if not launched or rng.random() < 0.7:
            completion = Go1CourseCompleted(
                portal_id=PORTAL,
                email=email.upper(),
                course_id=course,
                go1_enrollment_id=an_id(rng),
                started_at=maybe(rng, begin),
                completed_at=begin + timedelta(minutes=rng.randint(1, 900), milliseconds=rng.randrange(1000)),
                passed=rng.random() < 0.8,
                version=1,
            )
            found.append(envelope(completion, rng, now))
        return found

    def rivals(self, rng: random.Random, good: Sequence[Entry]) -> Sequence[Entry]:
        del rng, good
        return ()

    def expected(self, facts: Sequence[dict[str, Any]]) -> Things:
        courses = {fact["data"]["course_id"]: fact["data"] for fact in facts if "course-changed" in fact["type"]}
        launches = {_pair(fact): fact["data"] for fact in facts if "course-launched" in fact["type"]}
        completions = {_pair(fact): fact["data"] for fact in facts if "course-completed" in fact["type"]}
        learners = {each["email"].casefold(): each["learner_id"] for each in launches.values()}
        found: dict[str, Any] = {}
        for pair in {**launches, **completions}:
            attempt = _attempt(launches.get(pair), completions.get(pair), courses, learners)
            if attempt is not None:
                found[attempt["attempt_id"]] = attempt
        return found

    async def seen(self, world: World, process: Process) -> Seen:
        token = world.token(self.service, "operator")
        found: list[tuple[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await world.get(process, "/v1/attempts", token=token, portal_id=PORTAL, limit="200", **cursor)
            answer.raise_for_status()
            page = answer.json()
            found += [(each["attempt_id"], {name: each.get(name) for name in FIELDS}) for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    async def published(self, world: World, expected: Things) -> Verdict:
        records = await world.records(ATTEMPTS)
        return compare_publications(
            f"/learnwire/{self.service}", records, expected, thing="attempt_id", fields=COMPARED_WHEN_TOLD
        )


def _pair(fact: Mapping[str, Any]) -> tuple[str, str]:
    return fact["data"]["email"].casefold(), fact["data"]["course_id"]


def _attempt(
    launch: dict[str, Any] | None,
    completion: dict[str, Any] | None,
    courses: Mapping[str, dict[str, Any]],
    learners: Mapping[str, str],
) -> dict[str, Any] | None:
    first = launch or completion
    if first is None:
        return None
    course = courses.get(first["course_id"])
    learner = learners.get(first["email"].casefold())
    if learner is None or course is None:
        return None if launch is None else _open(launch, course)
    attempt = {"portal_id": PORTAL, "learner_id": learner, "email": first["email"], "course_id": first["course_id"]}
    attempt |= {"course_title": course["title"], "legacy": False}
    if launch is not None:
        attempt |= _open(launch, course)
    else:
        attempt |= {"attempt_id": f"go1:{first['go1_enrollment_id']}", "origin": "go1"}
        attempt |= {"started_at": first.get("started_at")}
    return attempt if completion is None else attempt | _completed(completion, attempt.get("started_at"), course)


def _open(launch: dict[str, Any], course: dict[str, Any] | None) -> dict[str, Any]:
    legacy = _instant(launch["launched_at"]) < UPDATED_AT[launch["channel"]]
    taken = ("portal_id", "learner_id", "email", "course_id", "channel", "entry_point")
    return {name: launch[name] for name in taken} | {
        "attempt_id": launch["launch_id"],
        "course_title": course["title"] if course else None,
        "origin": "platform",
        "status": "completed" if legacy else "in_progress",
        "legacy": legacy,
        "progress_percent": 0 if legacy else 50,
        "started_at": launch["launched_at"],
        "last_activity_at": launch["launched_at"],
    }


def _completed(completion: dict[str, Any], started_at: str | None, course: dict[str, Any]) -> dict[str, Any]:
    completed_at = completion["completed_at"]
    seconds, basis = _time(started_at, completed_at, course.get("duration_minutes"))
    return {
        "go1_enrollment_id": completion["go1_enrollment_id"],
        "status": "completed",
        "legacy": False,
        "progress_percent": 100,
        "result": "success" if completion["passed"] else "failed",
        "last_activity_at": completed_at,
        "completed_at": completed_at,
        "time_spent_seconds": seconds,
        "time_spent_basis": basis,
    }


def _time(started_at: str | None, completed_at: str, minutes: int | None) -> tuple[int | None, str]:
    if _instant(started_at or completed_at) < TIME_CUTOVER:
        return 0, "legacy_zero"
    if started_at is None:
        return None, "unknown"
    elapsed = int((_instant(completed_at) - _instant(started_at)).total_seconds() // 1)
    if minutes is not None and minutes * 60 < elapsed:
        return minutes * 60, "capped"
    return elapsed, "elapsed"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


assert instant_text(TIME_CUTOVER) == "2024-12-19T11:00:00.000Z"
