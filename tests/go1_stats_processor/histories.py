"""Histories for Hypothesis: a small world in which much happens at the same moments."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.go1 import EntryPoint
from tests.go1_stats_processor import events
from tests.go1_stats_processor.builders import at

MOMENTS = [
    "2024-12-10 09:00", "2024-12-10 12:00", "2024-12-18T22:59:59Z", "2024-12-18T23:00:00Z", "2024-12-19T10:59:59Z",
    "2024-12-19T11:00:00Z", "2024-12-19 14:30", "2024-12-24 10:00", "2024-12-25T22:59:59Z", "2024-12-25T23:00:00Z",
    "2025-01-02 09:00", "2025-01-02 10:00", "2025-01-02 10:00:01", "2025-01-02 15:30", "2025-02-01 09:00",
]  # fmt: skip
RECORDED = at("2025-03-01 00:00")

moments = st.sampled_from(MOMENTS)
instants = moments.map(at)
channels = st.sampled_from(["web", "mobile"])
learner_ids = st.sampled_from(["ada", "ada", "ada", "bob"])
course_ids = st.sampled_from(["C1", "C1", "C1", "C1", "C2"])
enrollment_ids = st.sampled_from(["E1", "E1", "E2", "E2", "E3"])
versions = st.sampled_from([1, 1, 2, 3])
entry_points = st.sampled_from(
    [EntryPoint(kind="catalog"), EntryPoint(kind="path_session", id="S1"), EntryPoint(kind="other")]
)


def addresses(learner_id: str) -> st.SearchStrategy[str]:
    """Addresses that no other learner ever has; in more than one way of writing."""
    return st.sampled_from(
        [f"{learner_id}@example.com", f"{learner_id.upper()}@Example.com ", f"{learner_id}@old.example"]
    )


anybodys = st.sampled_from(
    [
        "ada@example.com",
        "ada@example.com",
        "Ada@Example.com ",
        "ada@old.example",
        "bob@example.com",
        "nobody@example.com",
    ]
)


@st.composite
def launches(draw: st.DrawFn) -> Event:
    learner_id, course_id = draw(learner_ids), draw(course_ids)
    launch_id = f"{learner_id}-{course_id}-{draw(st.integers(1, 3))}"
    return events.launched(
        draw(moments), launch_id, learner_id=learner_id, course_id=course_id, channel=draw(channels),
        email=draw(addresses(learner_id)), entry_point=draw(entry_points),
    )  # fmt: skip


@st.composite
def resumes(draw: st.DrawFn) -> Event:
    learner_id, course_id = draw(learner_ids), draw(course_ids)
    launch_id = draw(st.none() | st.integers(1, 4).map(lambda number: f"{learner_id}-{course_id}-{number}"))
    return events.resumed(draw(moments), launch_id, learner_id=learner_id, course_id=course_id, channel=draw(channels))


completions = st.builds(
    events.completed,
    moments,
    enrollment_ids,
    started=st.none() | moments,
    version=versions,
    passed=st.booleans(),
    course_id=course_ids,
    email=anybodys,
)
deletions = st.builds(events.deleted, moments, enrollment_ids, course_id=course_ids, email=anybodys)
decisions = st.builds(events.decided, learner_ids, enrollment_ids, version=versions, decided_at=instants)
courses = st.builds(
    events.course,
    course_ids,
    minutes=st.none() | st.sampled_from([1, 60, 300]),
    version=versions,
    changed_at=st.none() | instants,
    available=st.booleans(),
)


@st.composite
def learners(draw: st.DrawFn) -> Event:
    learner_id = draw(learner_ids)
    return events.learner(learner_id, draw(addresses(learner_id)), version=draw(versions), active=draw(st.booleans()))


facts: st.SearchStrategy[Any] = st.one_of(
    launches(),
    launches(),
    resumes(),
    completions,
    completions,
    completions,
    deletions,
    decisions,
    courses,
    courses,
    learners(),
    learners(),
)


@st.composite
def histories(draw: st.DrawFn, *, most: int = 14) -> list[Envelope[Any]]:
    """Events in the order in which they were published, each in its envelope."""
    return [in_envelope(each, number) for number, each in enumerate(draw(st.lists(facts, min_size=1, max_size=most)))]


def in_envelope(event: Event, number: int, *, recorded: datetime = RECORDED) -> Envelope[Any]:
    return Envelope.of(event, source="/test", id=f"event {number}", time=recorded + timedelta(minutes=number))


@st.composite
def arrivals(draw: st.DrawFn, history: list[Envelope[Any]]) -> list[list[Envelope[Any]]]:
    """The same events in another order, some of them again, in batches."""
    again = draw(st.lists(st.sampled_from(history), max_size=4))
    shuffled = draw(st.permutations([*history, *again]))
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    batches: list[list[Envelope[Any]]] = []
    while shuffled:
        size = sizes[len(batches) % len(sizes)]
        batches.append(shuffled[:size])
        shuffled = shuffled[size:]
    return batches
