"""A token for one panorama learns nothing of another, by any route, filter, cursor or count.

The same questions are asked before and after rows of other panoramas came: every answer must be the same, byte for byte.
Routes and their parameters are read from the route table: a new one without questions here fails the test.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.action_logger.conftest import Site, token
from tests.action_logger.histories import at
from tests.action_logger.test_report import an_event

OWN = (
    an_event(1, email="ada@example.org", panorama_name="North", content_id="c1", content_title="Safety first"),
    an_event(2, email="ada@example.org", panorama_name="North", content_id="c1", type="revoked_access", source="sso"),
    an_event(3, email="bob@example.org", panorama_name="North", content_type="Video", reference_id="BA-1"),
    an_event(4, email="bob@example.org", panorama_name="North", source="public", content_title="Common words"),
)
FOREIGN = (
    an_event(11, email="ada@example.org", panorama_name="Secret", content_id="c1", timestamp=at(1), type="enrollment"),
    an_event(12, email="cyd@hidden.example", panorama_name="Secret", content_id="c9", content_title="Hidden words"),
    an_event(13, email="bob@example.org", panorama_name="Secret", content_type="video", reference_id="BA-1"),
    an_event(14, email="ada@example.org", content_id="c1", content_title="Hidden drill", timestamp=at(900)),
    an_event(15, email="cyd@hidden.example", panorama_name="Secret", type="certificate_grant", source="api"),
)
SECRETS = ("Secret", "hidden.example", "Hidden", "c9", "certificate_grant/api")
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "email": ("ada@example.org", "bob@example.org", "cyd@hidden.example"),
    "panorama": ("North", "Secret", "secret"),
    "content_type": ("video", "course"),
    "content_title": ("words", "hidden", "Hidden words", "safety first"),
    "content_id": ("c1", "c9"),
    "type": ("enrollment", "certificate_grant"),
    "source": ("sso", "api"),
    "reference_id": ("BA-1",),
    "from": ("2026-03-01T12:02:00Z",),
    "to": ("2026-03-01T12:12:00Z", "2027-01-01"),
    "by": ("type", "source", "panorama", "content", "day"),
    "format": ("csv", "jsonl", "json"),
    "order": ("asc", "desc"),
    "limit": ("1", "2"),
    "bom": ("true",),
    "cursor": ("",),
}
NEEDED: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "/v1/content-actions/summary": tuple({"by": each} for each in QUESTIONS["by"]),
    "/v1/access-timeline": tuple(
        {"email": email} | content
        for email in QUESTIONS["email"]
        for content in ({"content_id": "c1"}, {"content_id": "c9"}, {"content_title": "safety first"})
    ),
}
NOT_OF_ROWS = {"/", "/launch", "/launch/confirm", "/logout", "/static/{version}/{name}", "/dev/login"}
"""The page is asked below; the others show no rows."""


def table(site: Site) -> dict[str, list[str]]:
    """Path → names of its query parameters, of all that can be got."""
    paths: dict[str, Any] = site.web.openapi()["paths"]
    return {
        path: [each["name"] for each in methods["get"].get("parameters", ()) if each["in"] == "query"]
        for path, methods in paths.items()
        if "get" in methods and path not in NOT_OF_ROWS
    }


def questions(path: str, parameters: list[str]) -> Iterator[Mapping[str, str]]:
    """Each parameter alone with each of its values, and each with every way to limit the list, over what is needed."""
    for needed in NEEDED.get(path, ({},)):
        yield needed
        for name in parameters:
            for value in QUESTIONS[name]:
                yield {**needed, name: value}
                if "panorama" in parameters:
                    yield {**needed, "panorama": "Secret", name: value}


async def answers(site: Site) -> dict[tuple[str, str], bytes]:
    found: dict[tuple[str, str], bytes] = {}
    for path, parameters in table(site).items():
        for asked in questions(path, parameters):
            bearer = token(
                sub=f"analyst {len(found)}", panoramas=["North"], roles=["analyst"]
            )  # each asks at his own rate
            answer = await site.client.get(path, params=dict(asked), headers={"Authorization": f"Bearer {bearer}"})
            found[path, repr(sorted(asked.items()))] = b"%d %b" % (answer.status_code, answer.content)
    return found


async def pages(site: Site, **asked: str) -> list[bytes]:
    """The whole list, page by page."""
    found: list[bytes] = []
    cursor = ""
    while True:
        answer = await site.get("/v1/content-actions", panoramas=["North"], limit="1", cursor=cursor, **asked)
        found.append(answer.content)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


async def test_no_answer_to_one_panorama_depends_on_another(site: Site) -> None:
    await site.store.take(OWN)
    before, pages_before = await answers(site), [await pages(site), await pages(site, order="asc")]
    await site.store.take(FOREIGN)
    after = await answers(site)
    assert {question: after[question] for question in before if after[question] != before[question]} == {}
    assert [await pages(site), await pages(site, order="asc")] == pages_before
    assert sum(answer.startswith(b"200") for answer in after.values()) > len(after) * 0.8
    assert not [question for question, answer in after.items() if any(each.encode() in answer for each in SECRETS[:3])]


async def test_every_route_and_parameter_is_asked(site: Site) -> None:
    found = table(site)
    assert {name for parameters in found.values() for name in parameters} <= QUESTIONS.keys()
    assert set(found) == {
        "/v1/content-actions",
        "/v1/content-actions/export",
        "/v1/content-actions/summary",
        "/v1/access-timeline",
        "/v1/publishers",
        "/v1/vocabulary",
    }
    assert {"email", "panorama", "content_type", "content_title", "type", "source", "reference_id", "from", "to"} <= {
        *found["/v1/content-actions"]
    }


async def test_a_cursor_of_who_sees_all_shows_nothing_more_to_who_does_not(site: Site) -> None:
    await site.store.take([*OWN, *FOREIGN])
    cursor = (await site.get("/v1/content-actions", limit="1")).json()["next_cursor"]
    page = (await site.get("/v1/content-actions", panoramas=["North"], cursor=cursor)).json()
    assert {each["panorama_name"] for each in page["items"]} == {"North"}


@pytest.mark.parametrize("panoramas", [[], ["Nowhere"]])
async def test_who_sees_no_panorama_sees_no_row(site: Site, panoramas: list[str]) -> None:
    await site.store.take([*OWN, *FOREIGN])
    for by in QUESTIONS["by"]:
        assert await site.items("/v1/content-actions/summary", panoramas=panoramas, by=by) == []
    assert await site.ids(panoramas=panoramas) == []
    download = await site.get("/v1/content-actions/export", panoramas=panoramas, format="jsonl")
    assert download.content == b""


async def test_the_page_of_one_panorama_is_the_same_with_and_without_another(site: Site) -> None:
    await site.store.take(OWN)
    await site.sign_in(panoramas=["North"])
    asked = [{}, *({name: value} for name, values in QUESTIONS.items() for value in values)]
    before = [await _page(site, each) for each in asked]
    await site.store.take(FOREIGN)
    after = [await _page(site, each) for each in asked]
    assert [each for each, one, other in zip(asked, before, after, strict=True) if one != other] == []


async def _page(site: Site, asked: Mapping[str, str]) -> str:
    """Without what is drawn anew each time."""
    text = (await site.client.get("/", params=dict(asked))).text
    return re.sub(r'(nonce|csrf|value)="[^"]{20,}"', "", text)
