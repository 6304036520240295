"""The facts that go1's variants read: 20,000 learners' tries at courses unless said, five facts each, in order of time."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.load import JSON
from contracts import Envelope, Go1CourseChanged, Go1CourseCompleted, Go1CourseLaunched, Go1CourseResumed
from contracts.catalog import ATTEMPTS, DEAD_LETTERS, GO1, LEARNERS
from contracts.event import Event
from contracts.go1 import EntryPoint
from contracts.wire import Record, encode

PARTITIONS = 6
PLAIN = "plain-go1"
"""The same records under another content type, for FastStream, as in `bench.load`."""
FACTS_OF_A_PAIR = 5
COURSES = 200
COURSES_OF_A_LEARNER = 4
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
SOURCE = "/lms/acme"
SPAN_MINUTES = 90 * 24 * 60


def catalogue() -> list[Go1CourseChanged]:
    """Every course, with a duration, from long before anybody begins."""
    return [
        Go1CourseChanged(
            course_id=f"course{each}",
            title=f"Course {each}: how to do the thing well",
            duration_minutes=30 + each,
            changed_at=BEGIN - timedelta(days=365),
            version=1,
        )
        for each in range(COURSES)
    ]


def facts(pairs: int, rng: random.Random) -> list[tuple[datetime, Event]]:
    """START, two resumes, a completion and its correction for each pair, by the instants when they were recorded."""
    found: list[tuple[datetime, Event]] = []
    for pair in range(pairs):
        found += _of_pair(pair // COURSES_OF_A_LEARNER, pair % COURSES_OF_A_LEARNER, rng)
    found.sort(key=lambda each: each[0])
    return found


def _of_pair(learner: int, number: int, rng: random.Random) -> Iterator[tuple[datetime, Event]]:
    course_id = f"course{(learner * 7 + number * 13) % COURSES}"
    who = {"portal_id": "acme", "email": f"learner{learner}@example.org", "course_id": course_id}
    began = BEGIN + timedelta(minutes=rng.randrange(SPAN_MINUTES), milliseconds=rng.randrange(60_000))
    on_platform: dict[str, Any] = {**who, "learner_id": f"learner{learner}", "channel": rng.choice(("web", "mobile"))}
    launch_id = f"launch-{learner}-{number}"
    yield (
        began,
        Go1CourseLaunched(
            **on_platform, launch_id=launch_id, launched_at=began, entry_point=EntryPoint(kind="catalog")
        ),
    )
    instant = began
    for _ in range(2):
        instant += timedelta(minutes=rng.randrange(1, 3 * 24 * 60))
        yield instant, Go1CourseResumed(**on_platform, launch_id=launch_id, resumed_at=instant)
    completed_at = instant + timedelta(minutes=rng.randrange(1, 120))
    for version in (1, 2):
        yield (
            completed_at + timedelta(hours=version - 1),
            Go1CourseCompleted(
                **who,
                go1_enrollment_id=f"enrollment-{learner}-{number}",
                started_at=began,
                completed_at=completed_at,
                passed=version == 2 or rng.random() < 0.5,
                version=version,
            ),
        )


def record(number: int, recorded_at: datetime, data: Event) -> Record:
    """As the publisher writes it."""
    return encode(Envelope.of(data, source=SOURCE, id=f"fact-{number:08}", time=recorded_at))


async def make_topics(kafka: str, prefix: str) -> None:
    """All topics that the service reads or writes, under this prefix."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [GO1, PLAIN, LEARNERS, ATTEMPTS, *(each.name for each in DEAD_LETTERS)]
        await admin.create_topics([NewTopic(prefix + each, PARTITIONS, 1) for each in names])
    finally:
        await admin.close()


async def fill(kafka: str, prefix: str, pairs: int, *, seed: int) -> int:
    """Make the topics and fill the one of Go1's facts; bytes of all values."""
    await make_topics(kafka, prefix)
    size = 0
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, linger_ms=20) as producer:
        for number, (recorded_at, data) in enumerate(facts(pairs, random.Random(seed))):
            made = record(number, recorded_at, data)
            size += len(made.value)
            await producer.send(prefix + GO1, made.value, key=made.key, headers=made.headers)
            plain = [(name, JSON if name == "content-type" else content) for name, content in made.headers]
            await producer.send(prefix + PLAIN, made.value, key=made.key, headers=plain)
        await producer.flush()
    return size
