"""When somebody had access, what contradicts itself, and how well publishers send."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from action_logger.domain.access import Contradiction, Period, timeline
from action_logger.domain.rows import Reference, Row
from action_logger.store.publishers import Publishers, Refused
from tests.action_logger.conftest import Site
from tests.action_logger.histories import at
from tests.action_logger.test_report import an_event

SHORT = {"e": "enrollment", "r": "revoked_access", "s": "status_change", "c": "certificate_grant"}


def a_row(minute: int, kind: str, source: str, *, event_id: str = "", corrects: str | None = None) -> Row:
    return Row(
        event=event(event_id or f"{minute}{kind}{source}"),
        time=at(minute),
        email="",
        normal_email="",
        panorama_name=None,
        content_type="course",
        content_title="Safety first",
        type=SHORT[kind],
        source=source,
        timestamp=at(minute),
        corrects=None if corrects is None else event(corrects),
    )


def event(event_id: str) -> Reference:
    return Reference("/lms/acme", event_id)


def spans(*rows: Row) -> list[tuple[datetime, datetime | None]]:
    return [(each.begin, each.end) for each in timeline(rows).periods]


def kinds(*rows: Row) -> list[str]:
    return [each.kind for each in timeline(rows).contradictions]


BOUGHT, EXPIRED = a_row(1, "e", "course_purchase"), a_row(5, "r", "access_expiration")


def test_access_lasts_from_the_enrollment_to_the_revocation() -> None:
    found = timeline([EXPIRED, BOUGHT])
    assert found.periods == [Period(at(1), (BOUGHT.event,), at(5), EXPIRED.event)]
    assert found.contradictions == []


def test_access_that_nobody_took_away_lasts_on_and_a_second_grant_does_not_begin_it_anew() -> None:
    assert spans(BOUGHT, a_row(3, "e", "sso")) == [(at(1), None)]
    assert spans(BOUGHT, a_row(3, "e", "sso"), EXPIRED, a_row(6, "e", "sso")) == [(at(1), at(5)), (at(6), None)]


@pytest.mark.parametrize("moved_out", [3, 4])
def test_moving_to_another_session_leaves_no_gap(moved_out: int) -> None:
    moved = (a_row(3, "e", "reschedule"), a_row(moved_out, "r", "reschedule"))
    assert spans(BOUGHT, *moved) == [(at(1), None)]
    assert spans(BOUGHT, *moved, EXPIRED) == [(at(1), at(5))]
    assert spans(BOUGHT, *moved, a_row(5, "r", "reschedule", event_id="again")) == [(at(1), at(5))]


def test_a_renewal_at_the_instant_of_expiry_leaves_no_gap() -> None:
    assert spans(BOUGHT, EXPIRED, a_row(5, "e", "course_purchase")) == [(at(1), at(5)), (at(5), None)]


def test_a_revocation_without_an_enrollment_is_a_contradiction() -> None:
    assert timeline([EXPIRED]).contradictions == [Contradiction("revocation_without_enrollment", at(5), EXPIRED.event)]
    assert kinds(BOUGHT, EXPIRED, a_row(6, "r", "course_deletion")) == ["revocation_without_enrollment"]


def test_a_completion_after_the_revocation_is_a_contradiction() -> None:
    completed = a_row(6, "s", "course_completed")
    assert kinds(BOUGHT, EXPIRED, completed) == ["completion_after_revocation"]
    assert kinds(BOUGHT, completed) == kinds(completed) == []
    assert kinds(BOUGHT, EXPIRED, a_row(6, "s", "course_started")) == []
    assert kinds(BOUGHT, EXPIRED, a_row(6, "e", "sso"), completed) == []


def test_a_certificate_of_completion_without_one_is_a_contradiction() -> None:
    certificate = a_row(6, "c", "course_completed")
    assert kinds(BOUGHT, certificate) == ["certificate_without_completion"]
    assert kinds(BOUGHT, a_row(6, "s", "course_completed"), certificate) == []
    assert kinds(BOUGHT, a_row(6, "c", "course_purchase"), a_row(6, "c", "manager_grant")) == []


def test_a_corrected_row_does_not_count() -> None:
    wrong = a_row(3, "r", "manager_revoked_access", event_id="wrong")
    assert spans(BOUGHT, wrong, a_row(4, "r", "manager_revoked_access", corrects="wrong")) == [(at(1), at(4))]


@given(
    st.permutations([BOUGHT, EXPIRED, a_row(5, "e", "sso"), a_row(6, "r", "sso"), a_row(7, "c", "course_completed")])
)
def test_the_order_of_rows_makes_no_difference(rows: list[Row]) -> None:
    assert timeline(rows) == timeline(rows[::-1])


async def test_the_timeline_is_asked_by_content_id_or_title_and_kept_to_the_scope(site: Site) -> None:
    content = {"content_id": "c1", "panorama_name": "North"}
    await site.store.take(
        [
            an_event(1, **content),
            an_event(2, content_id="c2"),
            an_event(3, type="revoked_access", source="sso", **content),
            an_event(4, type="status_change", source="course_completed", **content),
        ]
    )
    found = (await site.get("/v1/access-timeline", email="ADA@example.org", content_id="c1")).json()
    assert found == {
        "access": [
            {
                "from": "2026-03-01T12:01:00.000Z",
                "to": "2026-03-01T12:03:00.000Z",
                "granted_by": [{"source": "/lms/acme", "id": "e1"}],
                "revoked_by": {"source": "/lms/acme", "id": "e3"},
            }
        ],
        "has_access": False,
        "contradictions": [
            {
                "kind": "completion_after_revocation",
                "at": "2026-03-01T12:04:00.000Z",
                "event": {"source": "/lms/acme", "id": "e4"},
            }
        ],
        "rows": 3,
        "as_of": "2026-11-22T03:04:05.000Z",
    }
    by_title = await site.get("/v1/access-timeline", email="ada@example.org", content_title="SAFETY FIRST")
    assert by_title.json()["rows"] == 4
    foreign = await site.get("/v1/access-timeline", panoramas=["South"], email="ada@example.org", content_id="c1")
    assert (foreign.json()["rows"], foreign.json()["access"]) == (0, [])
    for wrong in ({}, {"content_id": "c1", "content_title": "x"}):
        assert (await site.get("/v1/access-timeline", email="ada@example.org", **wrong)).status_code == 422
    assert (await site.get("/v1/access-timeline", content_id="c1")).status_code == 422


async def test_publishers_are_counted_by_what_was_taken_in_and_what_was_set_aside(site: Site) -> None:
    await site.store.take([an_event(1), an_event(2), an_event(2)])
    refused = [
        Refused("t/0/1", "/lms/acme", "invalid", at(1)),
        Refused("t/0/1", "/lms/acme", "invalid", at(1)),
        Refused("t/0/2", "/lms/other", "invalid", at(2)),
        Refused("t/0/3", "/lms/other", "conflict", at(3)),
    ]
    await Publishers(site.store.database).add(refused)
    assert await site.items("/v1/publishers") == [
        {
            "source": "/lms/acme",
            "accepted": 2,
            "dead_lettered": {"invalid": 1},
            "last_seen": "2026-11-22T03:04:05.000Z",
        },
        {
            "source": "/lms/other",
            "accepted": 0,
            "dead_lettered": {"invalid": 1, "conflict": 1},
            "last_seen": "2026-03-01T12:03:00.000Z",
        },
    ]
    assert await site.items("/v1/publishers", panoramas=["North"]) == []
