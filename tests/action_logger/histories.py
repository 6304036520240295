"""Histories of the log for Hypothesis, and what they must come to, said directly from the set of facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from action_logger.domain.rows import ERASED, Reference, Row, row_of_action, rows_of_attempt
from contracts import AttemptChanged, ContentActionRecorded, Envelope, LearnerErased
from contracts.types import normal_email

Fact = Envelope[ContentActionRecorded] | Envelope[AttemptChanged] | Envelope[LearnerErased]
View = dict[Reference, tuple[Row, str]]
"""What the log shows: identity → the row, without an address, and the address shown."""

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESSES = ("Ada@example.org", "bob@example.org", "cyd@example.org")
LEARNERS = ("ada", "bob")


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


minutes = st.integers(0, 8)


@st.composite
def actions(draw: st.DrawFn) -> Envelope[ContentActionRecorded]:
    """One identity always has one content, apart from how its address is written."""
    number = draw(st.integers(0, 15))
    address = ADDRESSES[number % 3]
    data = ContentActionRecorded(
        email=draw(st.sampled_from([address, address.upper(), address.lower()])),
        panorama_name=None if number % 2 else "North",
        content_type="course",
        content_title=f"Course {number}",
        type="enrollment",
        source="sso",
        timestamp=at(number),
        portal_id="acme" if number % 4 else None,
        learner_id=LEARNERS[number % 2] if number % 4 else None,
    )
    return Envelope.of(data, source=f"/lms/{number % 2}", id=f"e{number}", time=at(number % 9))


@st.composite
def attempts(draw: st.DrawFn) -> Envelope[AttemptChanged]:
    """States of two attempts; each is published at one time, so that erasure tells them apart alike."""
    number = draw(st.integers(0, 1))
    done = draw(st.booleans())
    data = AttemptChanged(
        attempt_id=f"launch{number}",
        portal_id="acme",
        learner_id=LEARNERS[number],
        email=ADDRESSES[number],
        course_id=f"c{number}",
        origin="platform",
        go1_enrollment_id=f"g{number}" if done else None,
        status="completed" if done else "in_progress",
        legacy=False,
        progress_percent=100 if done else 50,
        started_at=at(number),
        last_activity_at=at(number),
        completed_at=at(number + 1) if done else None,
        change=draw(st.sampled_from(["opened", "completed", "corrected"])),
        version=draw(st.integers(1, 3)),
    )
    return Envelope.of(data, source="/learnwire/go1-stats-processor", time=at(4 + number))


@st.composite
def erasures(draw: st.DrawFn) -> Envelope[LearnerErased]:
    data = LearnerErased(
        portal_id="acme",
        learner_id=draw(st.sampled_from(LEARNERS)),
        email=draw(st.sampled_from([None, None, *ADDRESSES])),
        former_emails=tuple(draw(st.lists(st.sampled_from(ADDRESSES), max_size=1))),
        erased_at=at(draw(minutes)),
    )
    return Envelope.of(data, source="/lms/acme", time=data.erased_at)


histories = st.lists(actions() | actions() | attempts() | erasures(), min_size=1, max_size=14)


@st.composite
def retold(draw: st.DrawFn, history: list[Fact]) -> list[Fact]:
    """The same facts in another order, some of them more than once."""
    again = draw(st.lists(st.sampled_from(history), max_size=6))
    return draw(st.permutations(history + again))


def rows_of(fact: Fact) -> tuple[Row, ...]:
    match fact.data:
        case ContentActionRecorded():
            return (row_of_action(Envelope(id=fact.id, source=fact.source, time=fact.time, data=fact.data)),)
        case AttemptChanged():
            return rows_of_attempt(Envelope(id=fact.id, source=fact.source, time=fact.time, data=fact.data))
        case LearnerErased():
            return ()


@dataclass(frozen=True)
class Erasure:
    learner: str
    addresses: frozenset[str]
    at: datetime


def expected(facts: Iterable[Fact]) -> View:
    """What the specification says of this set of facts, without any order."""
    facts = list(facts)
    rows = [row for fact in facts for row in rows_of(fact)]
    erasures = [
        Erasure(
            data.key(),
            frozenset(normal_email(each) for each in (data.email, *data.former_emails) if each is not None),
            data.erased_at,
        )
        for fact in facts
        if isinstance(data := fact.data, LearnerErased)
    ]

    def reached(row: Row) -> bool:
        return any(
            row.time <= erasure.at
            and (
                row.normal_email in erasure.addresses
                or any(
                    other.learner == erasure.learner
                    and other.normal_email == row.normal_email
                    and other.time <= erasure.at
                    for other in rows
                )
            )
            for erasure in erasures
        )

    return {row.event: (bare(row), ERASED if reached(row) else row.normal_email) for row in rows}


def bare(row: Row) -> Row:
    return row._replace(email="", normal_email="")
