"""The report over HTTP: filters, order, pages, scope."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import ContentActionRecorded, Envelope, LearnerErased, vocabulary
from tests.action_logger.conftest import Site
from tests.action_logger.histories import at
from tests.action_logger.test_rows import an_action, an_attempt


def an_event(number: int, **changes: object) -> Envelope[ContentActionRecorded]:
    changes.setdefault("timestamp", at(number))
    return Envelope.of(an_action(**changes), source="/lms/acme", id=f"e{number}", time=at(number), correlationid=None)


SOME = (
    an_event(1, email="Ada@example.org", panorama_name="North"),
    an_event(2, email="bob@example.org", panorama_name="South", content_type="Video", content_title="Fire drill"),
    an_event(3, email="ada@example.org", panorama_name="North", type="revoked_access", source="sso"),
    an_event(4, email="bob@example.org", type="status_change", source="manager_grant_completed", reference_id="BA-7"),
    an_event(5, email="cyd@example.org", panorama_name="South", source="gift_course_purchase", content_type=" vIDEO "),
)
FILTERS: tuple[tuple[dict[str, str], list[str]], ...] = (
    ({}, ["e5", "e4", "e3", "e2", "e1"]),
    ({"order": "asc"}, ["e1", "e2", "e3", "e4", "e5"]),
    ({"email": " ADA@EXAMPLE.ORG "}, ["e3", "e1"]),
    ({"email": "nobody@example.org"}, []),
    ({"panorama": "South"}, ["e5", "e2"]),
    ({"content_type": "video"}, ["e5", "e2"]),
    ({"content_title": "FIRE"}, ["e2"]),
    ({"content_title": "."}, []),
    ({"type": "enrollment"}, ["e5", "e2", "e1"]),
    ({"source": "sso"}, ["e3", "e2", "e1"]),
    ({"source": "manager_grant_completed"}, ["e4"]),
    ({"source": "Manager_grant_completed"}, ["e4"]),
    ({"source": "gift-course-purchase"}, ["e5"]),
    ({"source": "gift_course_purchase"}, ["e5"]),
    ({"type": "enrollment", "source": "sso", "panorama": "North"}, ["e1"]),
    ({"type": "certificate_grant", "source": "sso"}, []),
    ({"reference_id": "BA-7"}, ["e4"]),
    ({"from_": "2026-03-01T12:02:00Z", "to": "2026-03-01T14:04:00+02:00"}, ["e3", "e2"]),
    ({"to": "2026-03-01"}, []),
    ({"from_": "2026-03-01", "to": "2026-03-02", "email": "", "limit": ""}, ["e5", "e4", "e3", "e2", "e1"]),
)


@pytest.mark.parametrize(("asked", "found"), FILTERS, ids=[str(asked) for asked, _ in FILTERS])
async def test_filters_are_combined(site: Site, asked: dict[str, str], found: list[str]) -> None:
    await site.store.take(SOME)
    assert await site.ids(**asked) == found
    download = await site.get(
        "/v1/content-actions/export", format="jsonl", **{k: v for k, v in asked.items() if k != "limit"}
    )
    assert [json.loads(line)["event"]["id"] for line in download.text.splitlines()] == found


async def test_a_row_reads_as_it_was_told(site: Site) -> None:
    event = Envelope.of(
        an_action(
            panorama_name="North",
            portal_id="acme",
            learner_id="ada",
            content_id="c1",
            actor_id="boss",
            reference_id="BA-1",
            corrects={"source": "/lms/acme", "id": "e0"},
        ),
        source="/lms/acme",
        id="e1",
        time=at(2),
        correlationid="order 7",
    )
    await site.store.take([event])
    answer = await site.get("/v1/content-actions")
    assert answer.json() == {
        "items": [
            {
                "event": {"source": "/lms/acme", "id": "e1"},
                "timestamp": "2026-03-01T12:00:00.000Z",
                "received_at": "2026-11-22T03:04:05.000Z",
                "email": "Ada@example.org",
                "panorama_name": "North",
                "content_type": "course",
                "content_title": "Safety first",
                "type": "enrollment",
                "source": "sso",
                "learner_id": "ada",
                "content_id": "c1",
                "actor_id": "boss",
                "reference_id": "BA-1",
                "corrects": {"source": "/lms/acme", "id": "e0"},
                "correlationid": "order 7",
            }
        ],
        "next_cursor": None,
        "as_of": "2026-11-22T03:04:05.000Z",
    }


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
async def test_pages_are_the_list_in_order_of_timestamp_source_and_id(site: Site, data: st.DataObject) -> None:
    for name in ("log", "people"):
        await site.store.database[name].delete_many({})
    events = [
        Envelope.of(an_action(timestamp=at(minute)), source=source, id=f"{number} {source[-1]}")
        for number, (minute, source) in enumerate(
            data.draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["/a", "/a1", "/b"])), max_size=30))
        )
    ]
    await site.store.take(events)
    order, limit = data.draw(st.sampled_from(["asc", "desc"])), data.draw(st.integers(1, 7))
    found: list[tuple[str, str, str]] = []
    cursor = ""
    while True:
        page = (await site.get("/v1/content-actions", order=order, limit=str(limit), cursor=cursor)).json()
        assert len(page["items"]) == limit or page["next_cursor"] is None
        found += [(each["timestamp"], each["event"]["source"], each["event"]["id"]) for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    wanted = sorted((each.data.timestamp, each.source, each.id) for each in events)
    assert [each[1:] for each in found] == [each[1:] for each in (wanted if order == "asc" else wanted[::-1])]


async def test_a_page_stays_where_it_was_while_rows_arrive(site: Site) -> None:
    await site.store.take(SOME)
    page = (await site.get("/v1/content-actions", limit="2")).json()
    await site.store.take([an_event(9), an_event(8, timestamp=at(0))])
    rest = (await site.get("/v1/content-actions", cursor=page["next_cursor"])).json()
    assert [each["event"]["id"] for each in rest["items"]] == ["e3", "e2", "e1", "e8"]


async def test_a_cursor_holds_with_its_own_filters_alone(site: Site) -> None:
    await site.store.take(SOME)
    cursor = (await site.get("/v1/content-actions", limit="1", type="enrollment")).json()["next_cursor"]
    for wrong in ({"type": "status_change"}, {}, {"type": "enrollment", "order": "asc"}):
        assert (await site.get("/v1/content-actions", cursor=cursor, **wrong)).status_code == 422
    for broken in ("x", "W10", cursor[:-3]):
        assert (await site.get("/v1/content-actions", cursor=broken, type="enrollment")).status_code == 422


BAD: tuple[dict[str, str], ...] = (
    {"limit": "201"},
    {"limit": "0"},
    {"type": "enrolment"},
    {"source": "SSO"},
    {"from_": "yesterday"},
    {"from_": "2026-03-01T12:00:00"},
    {"order": "up"},
    {"portal": "acme"},
    {"email": "a\x00b"},
)


@pytest.mark.parametrize("asked", BAD)
async def test_what_cannot_be_meant_is_refused(site: Site, asked: dict[str, str]) -> None:
    answer = await site.get("/v1/content-actions", **asked)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    ["/v1/content-actions", "/v1/content-actions/export", "/v1/content-actions/summary", "/v1/vocabulary"],
)
async def test_only_analysts_and_operators_read(site: Site, path: str) -> None:
    asked = {"by": "day"} if path.endswith("summary") else {}
    roles = ("analyst", "operator", "manager", "admin")
    statuses = [(await site.get(path, role=role, **asked)).status_code for role in roles]
    assert (statuses, (await site.client.get(path)).status_code) == ([200, 200, 403, 403], 401)


async def test_a_token_sees_its_panoramas_and_nothing_of_others(site: Site) -> None:
    await site.store.take(SOME)
    assert await site.ids(panoramas=["North"]) == ["e3", "e1"]
    assert await site.ids(panoramas=["North", "South"]) == ["e5", "e3", "e2", "e1"]
    assert await site.ids(panoramas=["North"], panorama="South") == []
    assert await site.ids(panoramas=["North"], email="bob@example.org") == []
    assert await site.ids(panoramas=["North"], reference_id="BA-7") == []
    assert await site.ids(panoramas=[]) == []
    download = await site.get("/v1/content-actions/export", panoramas=["North"], format="csv")
    assert len(download.text.splitlines()) == 3
    summary = await site.items("/v1/content-actions/summary", panoramas=["North"], by="panorama")
    assert summary == [{"value": "North", "count": 2}]


async def test_counts_are_of_the_rows_that_the_filters_find(site: Site) -> None:
    await site.store.take(SOME)

    async def counts(**asked: str) -> dict[str | None, int]:
        return {each["value"]: each["count"] for each in await site.items("/v1/content-actions/summary", **asked)}

    assert await counts(by="type") == {"enrollment": 3, "revoked_access": 1, "status_change": 1}
    assert await counts(by="source", type="enrollment") == {"gift-course-purchase": 1, "sso": 2}
    assert await counts(by="panorama") == {"North": 2, "South": 2, None: 1}
    assert await counts(by="content", content_title="fire") == {"Fire drill": 1}
    assert await counts(by="day") == {"2026-03-01": 5}
    assert (await site.get("/v1/content-actions/summary")).status_code == 422


async def test_the_vocabulary_is_served_with_meanings_and_aliases(site: Site) -> None:
    words = await site.items("/v1/vocabulary")
    assert {(each["type"], each["source"]): each["meaning"] for each in words} == dict(vocabulary.PAIRS)
    assert {each["source"]: each["aliases"] for each in words if each["aliases"]} == {
        "gift-course-purchase": ["gift_course_purchase"],
        "Manager_grant_completed": ["manager_grant_completed"],
    }


async def test_an_erased_learner_is_found_nowhere_and_counted_as_before(site: Site) -> None:
    await site.store.take([*SOME, an_attempt()])
    before: list[Any] = await site.items("/v1/content-actions/summary", by="type")
    erased = LearnerErased(portal_id="acme", learner_id="ada", email="ada@example.org", erased_at=at(60))
    await site.store.take([Envelope.of(erased, source="/lms/acme", time=at(60))])
    assert await site.ids(email="ada@example.org") == []
    assert {each["event"]["id"]: each["email"] for each in await site.items() if "bob" not in each["email"]} == {
        "e1": "erased",
        "e3": "erased",
        "acme:l1:course_started": "erased",
        "e5": "cyd@example.org",
    }
    assert await site.items("/v1/content-actions/summary", by="type") == before


async def test_after_an_erasure_the_address_finds_the_later_rows_alone(site: Site) -> None:
    await site.store.take([an_event(1), an_event(8)])
    erased = LearnerErased(portal_id="acme", learner_id="ada", email="ada@example.org", erased_at=at(5))
    await site.store.take([Envelope.of(erased, source="/lms/acme", time=at(5)), an_event(9)])
    assert await site.ids(email="ada@example.org") == ["e9", "e8"]
    assert [(each["event"]["id"], each["email"]) for each in await site.items()] == [
        ("e9", "Ada@example.org"),
        ("e8", "Ada@example.org"),
        ("e1", "erased"),
    ]


async def test_titles_of_rows_that_an_older_version_stored_are_found_after_a_start(site: Site) -> None:
    await site.store.take(SOME)
    await site.store.database["titles"].drop()
    assert await site.ids(content_title="fire") == []
    await site.store.prepare()
    await site.store.prepare()
    assert await site.ids(content_title="fire") == ["e2"]
    assert await site.store.database["titles"].count_documents({}) == 2


async def test_a_part_of_a_title_is_taken_as_it_is_written(site: Site) -> None:
    titles = ["100 % (new) [a-z].*", "Straße", "back\\slash | $1", "x" * 1000]
    await site.store.take([an_event(number, content_title=title) for number, title in enumerate(titles)])
    asked = ["(NEW) [a-z].*", "STRASSE", "\\slash | $1", "x" * 1000, ".*.*"]
    assert [await site.ids(content_title=each) for each in asked] == [["e0"], ["e1"], ["e2"], ["e3"], []]
