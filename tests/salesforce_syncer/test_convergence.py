"""The law of convergence: any order, with any repetition, ends with the same desired rows."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import PortalConnected
from salesforce_syncer.domain import portal
from tests.salesforce_syncer.facts import (
    CONTACT,
    OTHER_CONTACT,
    OTHER_USER,
    PORTAL,
    USER,
    Fact,
    accessed,
    at,
    attempt,
    deleted,
    desired,
    enrolled,
    erased,
    linked,
    off_path,
    on_path,
    renamed,
    unenrolled,
    unlinked,
)
from tests.salesforce_syncer.sharing import of, rows_of_all

HOURS = st.integers(0, 8).map(float)
VERSIONS = st.integers(1, 4)
IDS = st.sampled_from(["e-1", "e-2"])
COURSES = st.sampled_from(["c-1", "c-2"])
STATUSES = st.sampled_from(["not_started", "in_progress", "pending_review", "completed", "passed", "failed"])

FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(linked, HOURS, st.sampled_from([USER, OTHER_USER, CONTACT, OTHER_CONTACT]), recorded=HOURS),
    st.builds(unlinked, HOURS, st.sampled_from(["user", "contact"])),
    st.builds(accessed, HOURS),
    st.builds(erased, HOURS),
    st.builds(
        enrolled,
        VERSIONS,
        STATUSES,
        id=IDS,
        course_id=COURSES,
        completed=HOURS,
        score=st.none() | st.sampled_from([0.0, 79.995]),
        name=st.sampled_from(["A", "B"]),
        recorded=HOURS,
    ),
    st.builds(unenrolled, VERSIONS, id=IDS, hour=HOURS, recorded=HOURS),
    st.builds(on_path, VERSIONS, done=st.integers(0, 3), completed=st.none() | HOURS),
    st.builds(off_path, VERSIONS),
    st.builds(attempt, VERSIONS, st.sampled_from(["in_progress", "voided"])),
    st.builds(renamed, VERSIONS, st.sampled_from(["X", "Y"]), hour=HOURS, course_id=COURSES),
    st.builds(deleted, HOURS, course_id=COURSES),
)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_permutation_with_repetitions_of_a_history_gives_the_same_rows(data: st.DataObject) -> None:
    history = data.draw(st.lists(FACTS, max_size=16))
    repeated = history + (data.draw(st.lists(st.sampled_from(history), max_size=6)) if history else [])
    shuffled = data.draw(st.permutations(repeated))
    assert desired(shuffled) == desired(history)


LEARNERS = st.sampled_from(["l-1", "l-2", "l-3"])
SHARED: st.SearchStrategy[Fact] = st.builds(
    of,
    LEARNERS,
    st.one_of(
        st.builds(linked, HOURS, st.sampled_from([USER, OTHER_USER]), recorded=HOURS),
        st.builds(unlinked, HOURS, st.just("user")),
        st.builds(erased, HOURS),
        st.builds(enrolled, VERSIONS, STATUSES, id=st.sampled_from(["e-1", "go1:a-1"]), recorded=HOURS),
        st.builds(unenrolled, VERSIONS, hour=HOURS, recorded=HOURS),
        st.builds(attempt, VERSIONS, st.sampled_from(["in_progress", "voided"])),
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_an_enrollment_that_moves_between_learners_is_the_same_ones_in_the_end_in_any_order(
    data: st.DataObject,
) -> None:
    history = [of(each, linked(0, USER)) for each in ("l-1", "l-2", "l-3")]
    history += data.draw(st.lists(SHARED, max_size=14))
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=6))
    shuffled = data.draw(st.permutations(repeated))
    assert rows_of_all(shuffled) == rows_of_all(history)


def connected(version: int, name: str, url: str, hour: float) -> Fact:
    data = PortalConnected(portal_id=PORTAL, name=name, url=url, connected_at=at(hour), version=version)
    return Fact(data, at(hour))


CONNECTIONS = st.builds(
    connected,
    VERSIONS,
    st.sampled_from(["Acme", "Acme Academy", "\U0001d4b3"]),
    st.sampled_from(["https://acme.example", "https://b.example"]),
    HOURS,
)


def portal_after(batches: list[list[Fact]]) -> dict[str, Any] | None:
    """A portal's document after its facts have come in these batches."""
    document: dict[str, Any] | None = None
    for batch in batches:
        document = portal.fold(PORTAL, document, batch).document or document
    return document


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_order_repetition_and_batching_of_a_portals_facts_gives_the_same_portal(data: st.DataObject) -> None:
    history = data.draw(st.lists(CONNECTIONS, max_size=8))
    repeated = history + (data.draw(st.lists(st.sampled_from(history), max_size=4)) if history else [])
    shuffled = data.draw(st.permutations(repeated))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert portal_after([shuffled[:cut], shuffled[cut:]]) == portal_after([history])


@given(st.lists(CONNECTIONS, min_size=1, max_size=8))
def test_of_a_portals_facts_the_highest_version_stands_and_nothing_older_changes_it(history: list[Fact]) -> None:
    held = portal_after([history])
    assert held is not None
    assert held["data"]["version"] == max(
        each.data.version for each in history if isinstance(each.data, PortalConnected)
    )
    assert portal.fold(PORTAL, held, history).document is None
