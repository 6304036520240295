"""The report page without a browser: what it shows in each state and to whom, and that nothing in it runs."""

import csv
import io
import re
from typing import Any

import pytest

from action_logger.pages import page as pages
from contracts import Envelope, LearnerErased
from shared.mongo import Database
from tests.action_logger.conftest import Site, launch_token, token
from tests.action_logger.histories import at
from tests.action_logger.test_report import FILTERS, SOME, an_event

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "</title><svg onload=alert(1)>",
    "]]><!--",
    "x" * 1_000,
)
ALL = {"from_": ""}
"""All time: the rows of these tests are older than the last days."""


@pytest.fixture
async def filled(site: Site) -> Site:
    await site.store.take(SOME)
    return site


def ids_of(page: str) -> list[str]:
    """Events by their minute: `e3` was at 12:03."""
    times = re.findall(r'<th scope="row"><time datetime="2026-03-01T12:(\d\d)', page)
    return [f"e{int(each)}" for each in times]


async def test_who_is_signed_out_is_told_how_to_come_in_and_sees_nothing(filled: Site) -> None:
    answer = await filled.client.get("/?from=")
    assert (answer.status_code, "You are signed out" in answer.text, "ada@" in answer.text.lower()) == (
        401,
        True,
        False,
    )
    refused = await filled.client.post("/launch", data={"token": token(roles=["analyst"], panoramas="*")})
    assert (refused.status_code, "Signing in did not work" in refused.text) == (401, True)


async def test_analysts_and_operators_come_in_and_out_and_nobody_else(site: Site) -> None:
    for role in ("analyst", "operator"):
        assert (await site.sign_in(roles=[role])).headers["location"] == "/"
        assert (await site.client.get("/")).status_code == 200
        await site.client.post("/logout")
        assert (await site.client.get("/")).status_code == 401
    for role in ("manager", "admin", "instructor"):
        answer = await site.client.post("/launch", data={"token": launch_token(roles=[role])})
        assert answer.status_code == 403


async def test_every_state_is_sent_with_strict_headers_and_runs_nothing(filled: Site) -> None:
    await filled.sign_in()
    for path in ("/", "/?from=", "/?from=nonsense", "/?cursor=x", "/?type=certificate_grant&source=sso"):
        answer = await filled.client.get(path)
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|\son\w+=|\sstyle=|javascript:", answer.text)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)
        assert (await filled.client.head(path)).status_code == answer.status_code


async def test_hostile_texts_are_texts(site: Site) -> None:
    await site.store.take(
        [
            an_event(number, content_title=text, panorama_name=text, content_type=text, reference_id=f"r{number}<b>")
            for number, text in enumerate(HOSTILE)
        ]
    )
    await site.sign_in(name=HOSTILE[1])
    names = ("email", "panorama", "content_type", "content_title", "type", "source", "reference_id", "from_", "to")
    for asked in (
        ALL,
        *(dict.fromkeys(names, text) for text in HOSTILE),
        *({**ALL, "cursor": each} for each in HOSTILE),
    ):
        page = await site.page(**asked)
        assert not re.search(r"<script|<img|<svg onload|<b>r", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in await site.page(**ALL)


@pytest.mark.parametrize("panoramas", ["*", ["North"]], ids=["all", "one panorama"])
async def test_rows_charts_and_download_are_those_of_the_api(filled: Site, panoramas: object) -> None:
    await filled.sign_in(panoramas=panoramas)
    for asked, _ in FILTERS:
        if {"order", "limit"} & asked.keys():
            continue
        on_page = {**ALL, **asked, "to": _day_before(asked.get("to", ""))}
        page = await filled.page(**on_page)
        expected = await filled.ids(panoramas=panoramas, **asked)
        assert (asked, ids_of(page), await _downloaded(filled, page)) == (asked, expected, expected)
        assert (asked, _counted(page, "Type")) == (asked, await _summary(filled, panoramas, asked))


def _day_before(day: str) -> str:
    """The API's `to` is not included, the page's is."""
    return {"2026-03-01": "2026-02-28", "2026-03-02": "2026-03-01"}.get(day, day)


async def _downloaded(site: Site, page: str) -> list[str]:
    form = re.search(r'<form class="download".*?</form>', page, re.DOTALL)
    if form is None:
        return []
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    answer = await site.client.get("/v1/content-actions/export", params={**fields, "format": "csv"})
    assert answer.status_code == 200, answer.text
    assert 'filename="content-actions_' in answer.headers["content-disposition"]
    return [f"e{int(each['Timestamp'][14:16])}" for each in csv.DictReader(io.StringIO(answer.text))]


def _counted(page: str, title: str) -> list[tuple[str, int]]:
    table = page.partition(f"<caption>{title}</caption>")[2].partition("</table>")[0]
    bars = re.findall(r'<th scope="row">(?:<a[^>]*>)?(.*?)(?:</a>)?</th>.*?class="count">(\d+)</td>', table)
    return [(label.replace("<wbr>", ""), int(count)) for label, count in bars]


async def _summary(site: Site, panoramas: object, asked: dict[str, str]) -> list[tuple[str, int]]:
    items: list[Any] = await site.items("/v1/content-actions/summary", panoramas=panoramas, by="type", **asked)
    return [(pages.TYPES[each["value"]], each["count"]) for each in items]


async def test_charts_count_by_type_source_panorama_and_day_and_lead_to_what_they_count(filled: Site) -> None:
    await filled.sign_in()
    page = await filled.page(**ALL)
    assert _counted(page, "Panorama") == [("North", 2), ("South", 2), ("No panorama", 1)]
    assert _counted(page, "Source") == [("sso", 3), ("Manager_grant_completed", 1), ("gift-course-purchase", 1)]
    assert "Actions, by week" in page or "Actions, by month" in page
    table = page.partition("Actions, by ")[2].partition("</figure>")[0]
    assert re.findall(r'<th scope="row">([^<]+)</th><td class="count">(\d+)', table) == [("week of 23 Feb 2026", "5")]
    link = re.findall(r'<a href="([^"]+)">South</a>', page)[0].replace("&amp;", "&")
    assert ids_of((await filled.client.get(link)).text) == ["e5", "e2"]
    day = await filled.page(from_="2026-03-01", to="2026-03-03")
    assert re.findall(r"<title>(\d[^<]*)</title>", day) == ["1 Mar 2026: 5", "2 Mar 2026: 0", "3 Mar 2026: 0"]


async def test_without_days_the_page_is_about_the_last_thirty_and_says_so(site: Site) -> None:
    await site.store.take([an_event(1), an_event(2, timestamp=at(2).replace(month=11, day=21))])
    await site.sign_in()
    page = await site.page()
    assert (page.count('<th scope="row"><time'), 'value="2026-10-24"' in page) == (1, True)
    assert '<a href="/?from=2026-10-24" aria-current="true">Last 30 days</a>' in page
    assert "as of <time" in page
    assert (await site.page(**ALL)).count('<th scope="row"><time') == 2
    links = [each.replace("&amp;", "&") for each in re.findall(r'href="(/\?[^"]*type=[^"]*)"', await site.page(**ALL))]
    assert links
    assert all("from=" in each for each in links)


async def test_a_token_for_one_panorama_sees_nothing_of_another(filled: Site) -> None:
    await filled.sign_in(panoramas=["North"])
    page = await filled.page(**ALL)
    assert ids_of(page) == ["e3", "e1"]
    for word in ("South", "bob@", "Fire drill", "No panorama"):
        assert word not in page
    foreign, invented = [await filled.page(**ALL, panorama=each) for each in ("South", "Nowhere")]
    assert foreign.replace("South", "Nowhere") == invented
    assert "No action matches" in foreign
    await filled.sign_in(panoramas=[])
    assert ids_of(await filled.page(**ALL)) == []


async def test_each_empty_state_says_what_to_do_next(site: Site) -> None:
    await site.sign_in()
    assert "No actions in the last 30 days" in await site.page()
    assert "No action matches" in await site.page(email="nobody@example.org")
    assert "There can be none" in await site.page(type="certificate_grant", source="sso")


async def test_what_cannot_be_read_is_said_beside_its_field(filled: Site) -> None:
    await filled.sign_in()
    cases = {
        "from": ("yesterday", "“yesterday” is no day"),
        "to": ("2026-02-30", "“2026-02-30” is no day"),
        "type": ("enrolment", "Choose one of the list."),
        "source": ("nothing", "There is no such source."),
        "email": ("x" * 321, "At most 320 characters."),
        "content_title": ("a\u0000b", "There is a character in it that cannot be seen"),
        "reference_id": ("x" * 129, "At most 128 characters."),
    }
    for name, (value, sentence) in cases.items():
        answer = await filled.client.get("/", params={"from": "", name: value})
        field = answer.text.partition(f'id="{name}"')[2].partition("</p>")[0]
        found = (answer.status_code, 'aria-invalid="true"' in field, sentence in field, ids_of(answer.text))
        assert (name, *found) == (name, 422, True, True, [])
    page = await filled.page(from_="2026-03-02", to="2026-03-01")
    assert "This is before the other day." in page


async def test_made_up_cursors_are_no_fault_of_ours(filled: Site) -> None:
    await filled.sign_in()
    for cursor in ("x", "W10", "WyJhIiwgMSwgMl0", "é", "\x00"):
        answer = await filled.client.get("/", params={"from": "", "cursor": cursor})
        assert (answer.status_code, "Begin again" in answer.text) == (422, True)


async def test_the_list_goes_on_page_by_page_and_misses_nothing(site: Site) -> None:
    await site.store.take([an_event(number) for number in range(55)])
    await site.sign_in()
    path = "/?from="
    seen: list[list[str]] = []
    while path:
        page = (await site.client.get(path)).text
        seen.append(ids_of(page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert [len(each) for each in seen] == [25, 25, 5]
    assert [each for some in seen for each in some] == [f"e{number}" for number in reversed(range(55))]


async def test_a_log_too_long_to_count_is_shown_without_charts(
    filled: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await database["log"].find_one({}, {"_id": 0})
    assert row is not None
    await database["log"].insert_many([{**row, "_id": f"/lms/acme\nmany{number}"} for number in range(20_000)])
    monkeypatch.setattr(pages, "COUNTING_MS", 1)
    await filled.sign_in()
    answer = await filled.client.get("/?from=")
    assert (answer.status_code, "too many rows to count" in answer.text, "<figure" in answer.text) == (200, True, False)
    assert len(ids_of(answer.text)) == pages.A_PAGE


async def test_an_erased_address_is_shown_as_erased_and_still_counts(filled: Site) -> None:
    erased = LearnerErased(portal_id="acme", learner_id="ada", email="ada@example.org", erased_at=at(60))
    await filled.store.take([Envelope.of(erased, source="/lms/acme", time=at(60))])
    await filled.sign_in()
    page = await filled.page(**ALL)
    assert "ada@example.org" not in page.lower()
    assert page.count('<span class="quiet">erased</span>') == 2
    assert "<b>5 actions</b>" in page


async def test_the_style_sheet_is_small_and_kept_for_ever(site: Site) -> None:
    await site.sign_in()
    assets = set(re.findall(r'"(/static/[^"]+)"', await site.page()))
    answers = [await site.client.get(each) for each in assets]
    assert {each.status_code for each in answers} == {200}
    assert all("immutable" in each.headers["cache-control"] for each in answers)
    assert sum(len(each.content) for each in answers) < 30_000
