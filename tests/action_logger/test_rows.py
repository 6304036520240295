"""Events become rows: legal pairs alone, once, and attempts as rows of their own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from action_logger.domain.rows import (
    GO1_SOURCE,
    Reference,
    Row,
    content_digest,
    contradicting,
    first_of_each,
    row_of_action,
    rows_of_attempt,
)
from action_logger.handlers import FIRST_STAYS
from contracts import AttemptChanged, ContentActionRecorded, Envelope, catalog, vocabulary
from contracts.catalog import ATTEMPTS
from contracts.wire import Invalid, decode, encode
from shared.consumer import Fact
from tests.action_logger.histories import at
from tests.action_logger.stores import NO_RECORD

READS = catalog.reads("action-logger")
KEY = b"k" * 32
WORDS = sorted({source for _, source in vocabulary.PAIRS} | set(vocabulary.ALIASES))


def an_action(**changes: object) -> ContentActionRecorded:
    fields: dict[str, object] = {
        "email": "Ada@example.org",
        "content_type": "course",
        "content_title": "Safety first",
        "type": "enrollment",
        "source": "sso",
        "timestamp": at(0),
    }
    return ContentActionRecorded.model_validate(fields | changes)


def an_event(**changes: object) -> Envelope[ContentActionRecorded]:
    return Envelope.of(an_action(**changes), source="/lms/acme", id="e1", time=at(1))


def an_attempt(**changes: object) -> Envelope[AttemptChanged]:
    fields: dict[str, object] = {
        "attempt_id": "l1",
        "portal_id": "acme",
        "learner_id": "ada",
        "email": "ada@example.org",
        "course_id": "c1",
        "course_title": "Safety first",
        "origin": "platform",
        "status": "in_progress",
        "legacy": False,
        "progress_percent": 50,
        "started_at": at(0),
        "last_activity_at": at(0),
        "change": "opened",
        "version": 1,
    }
    return Envelope.of(AttemptChanged.model_validate(fields | changes), source=GO1_SOURCE, time=at(5))


def test_there_are_54_legal_pairs() -> None:
    assert len(vocabulary.PAIRS) == 54


@pytest.mark.parametrize("type_", vocabulary.TYPES)
@pytest.mark.parametrize("source", WORDS)
def test_a_pair_is_taken_in_if_and_only_if_the_vocabulary_has_it(type_: str, source: str) -> None:
    record = encode(an_event())
    value = record.value.replace(b'"type":"enrollment"', f'"type":"{type_}"'.encode()).replace(
        b'"source":"sso"', f'"source":"{source}"'.encode()
    )
    canonical = vocabulary.ALIASES.get(source, source)
    if (type_, canonical) in vocabulary.PAIRS:
        event = decode(value, record.headers, reads=READS)
        assert isinstance(event, Envelope)
        assert isinstance(event.data, ContentActionRecorded)
        row = row_of_action(Envelope(id=event.id, source=event.source, time=event.time, data=event.data))
        assert (row.type, row.source) == (type_, canonical)
        return
    with pytest.raises(Invalid) as refused:
        decode(value, record.headers, reads=READS)
    assert f"{type_}/{source} is no legal pair; did you mean " in refused.value.detail


@pytest.mark.parametrize("source", ["SSO", "Sso", "Manager_Grant_Completed", "gift-course_purchase", "Course_Started"])
def test_no_other_way_to_write_a_source_is_taken_in(source: str) -> None:
    record = encode(an_event())
    for type_ in vocabulary.TYPES:
        value = record.value.replace(b'"type":"enrollment"', f'"type":"{type_}"'.encode())
        with pytest.raises(Invalid):
            decode(value.replace(b'"source":"sso"', f'"source":"{source}"'.encode()), record.headers, reads=READS)


def test_a_row_keeps_all_that_the_event_says() -> None:
    event = an_event(
        panorama_name="North",
        portal_id="acme",
        learner_id="ada",
        content_id="c1",
        actor_id="boss",
        reference_id="BA-1",
        corrects={"source": "/lms/acme", "id": "e0"},
    )
    assert row_of_action(replace(event, correlationid="order 7")) == Row(
        event=Reference("/lms/acme", "e1"),
        time=at(1),
        email="Ada@example.org",
        normal_email="ada@example.org",
        panorama_name="North",
        content_type="course",
        content_title="Safety first",
        type="enrollment",
        source="sso",
        timestamp=at(0),
        portal_id="acme",
        learner_id="ada",
        content_id="c1",
        actor_id="boss",
        reference_id="BA-1",
        corrects=Reference("/lms/acme", "e0"),
        correlationid="order 7",
    )


def test_an_alias_and_another_writing_of_the_address_are_the_same_content() -> None:
    one = row_of_action(an_event(type="status_change", source="manager_grant_completed"))
    other = row_of_action(
        an_event(type="status_change", source="Manager_grant_completed", email=" ADA@EXAMPLE.ORG", timestamp=at(0))
    )
    assert content_digest(one, KEY) == content_digest(other, KEY)


OTHERS: tuple[dict[str, object], ...] = (
    {"email": "bob@example.org"},
    {"panorama_name": "North"},
    {"content_type": "video"},
    {"content_title": "Safety last"},
    {"type": "revoked_access"},
    {"source": "public"},
    {"timestamp": at(0) + timedelta(milliseconds=1)},
    {"portal_id": "acme"},
    {"learner_id": "ada"},
    {"content_id": "ada"},
    {"actor_id": "ada"},
    {"reference_id": "ada"},
    {"corrects": {"source": "ada", "id": "b"}},
)


def test_any_other_content_has_another_digest() -> None:
    digests = [content_digest(row_of_action(an_event(**change)), KEY) for change in ({}, *OTHERS)]
    assert len(set(digests)) == len(digests)
    assert content_digest(row_of_action(an_event()), b"x" * 32) not in digests


def test_what_is_stored_stays_and_else_the_first() -> None:
    rows = [row_of_action(an_event(content_title=title)) for title in ("A", "B", "A")]
    digests = [content_digest(row, KEY) for row in rows]
    assert first_of_each(rows) == (0,)
    assert contradicting(rows, digests, {}) == (1,)
    assert contradicting(rows, digests, {rows[0].event: digests[1]}) == (0, 2)


def test_an_attempt_that_opens_is_a_started_course() -> None:
    (row,) = rows_of_attempt(an_attempt())
    assert row == Row(
        event=Reference(GO1_SOURCE, "acme:l1:course_started"),
        time=at(5),
        email="ada@example.org",
        normal_email="ada@example.org",
        panorama_name=None,
        content_type="course",
        content_title="Safety first",
        type="status_change",
        source="course_started",
        timestamp=at(0),
        portal_id="acme",
        learner_id="ada",
        content_id="c1",
    )


def test_a_completion_by_go1_is_a_completed_course_whatever_has_changed() -> None:
    rows = rows_of_attempt(
        an_attempt(
            status="completed",
            go1_enrollment_id="g1",
            completed_at=at(3),
            progress_percent=100,
            result="success",
            course_title=None,
            change="corrected",
            version=4,
        )
    )
    assert [(row.event.id, row.source, row.timestamp, row.content_title) for row in rows] == [
        ("acme:l1:course_started", "course_started", at(0), "c1"),
        ("acme:g1:course_completed", "course_completed", at(3), "c1"),
    ]


def test_a_completion_without_a_launch_never_started_here() -> None:
    (row,) = rows_of_attempt(
        an_attempt(
            attempt_id="go1:g1",
            origin="go1",
            status="completed",
            go1_enrollment_id="g1",
            completed_at=at(3),
            progress_percent=100,
            change="completed",
        )
    )
    assert row.event.id == "acme:g1:course_completed"


def test_legacy_and_voided_attempts_show_no_completion() -> None:
    legacy = rows_of_attempt(an_attempt(status="completed", legacy=True, progress_percent=0))
    voided = rows_of_attempt(
        an_attempt(
            attempt_id="go1:g1",
            origin="go1",
            status="voided",
            go1_enrollment_id="g1",
            completed_at=at(3),
            change="voided",
        )
    )
    assert [row.source for row in legacy] == ["course_started"]
    assert voided == ()


def test_attempts_that_show_one_row_are_handled_in_the_order_in_which_they_were_read() -> None:
    things = FIRST_STAYS[ATTEMPTS]
    opened, completed, moved = (
        set(things(Fact(event, NO_RECORD)))
        for event in (
            an_attempt(attempt_id="a1"),
            an_attempt(attempt_id="a1", go1_enrollment_id="g1"),
            an_attempt(attempt_id="a2", go1_enrollment_id="g1"),
        )
    )
    assert opened & completed
    assert completed & moved
    assert not opened & moved
    assert not opened & set(things(Fact(an_attempt(attempt_id="a3"), NO_RECORD)))
