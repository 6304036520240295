"""The report page in a real browser: axe-core finds nothing, light and dark, wide and small; works without JavaScript.

`SCREENSHOTS=folder pytest tests/browser/test_action_logger_page.py` keeps a picture of each state.
"""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from contracts import Envelope, LearnerErased, vocabulary
from shared.mongo import connect
from tests.action_logger.conftest import Site, a_site, launch_token
from tests.action_logger.stores import NOW
from tests.action_logger.test_report import an_event
from tests.browser.analysts import EACH_LOOK, LOOKS, look, sign_in
from tests.browser.conftest import Visit
from tests.browser.serving import served
from tests.browser.visiting import WIDE, Visitor

STATES = {
    "report": "/",
    "all-time": "/?from=",
    "filtered": "/?type=enrollment&source=sso&panorama=North&email=ada%40example.org&from=2026-01-01&to=2026-12-31",
    "none-match": "/?email=nobody%40example.org",
    "no-such-pair": "/?type=certificate_grant&source=sso",
    "unreadable": "/?from=yesterday&type=nothing&source=nothing",
    "cursor": "/?cursor=x",
}
TITLES = ("Fire drill", "A title without end " * 49, "<img src=x onerror=alert(1)>", "مرحبا بالعالم", "W" * 400)
NAMES = ("North", "South", None, "Partners of the second tier: resellers and distributors", "N" * 120)


@dataclass
class Served:
    site: Site
    url: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def report(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """One report for all tests; nothing changes in it."""
    async with connect(mongo_uri, f"t{os.urandom(6).hex()}") as database:
        async with (
            a_site(database, tmp_path_factory.mktemp("keys"), development=True) as site,
            served(site.web) as url,
        ):
            await _fill(site)
            yield Served(site, url)
        await database.client.drop_database(database.name)


async def _fill(site: Site) -> None:
    pairs = list(vocabulary.PAIRS)
    await site.store.take(
        [
            an_event(
                number,
                email=f"{('ada', 'bob', 'cyd')[number % 3]}@example.org",
                timestamp=NOW - timedelta(hours=13 * number),
                type=pairs[number * 7 % 54][0],
                source=pairs[number * 7 % 54][1],
                panorama_name=NAMES[number % 5],
                content_title=TITLES[number % 5].strip(),
                reference_id=None if number % 4 else "BA-7F3K9-2QDX4",
            )
            for number in range(120)
        ]
    )
    erased = LearnerErased(portal_id="acme", learner_id="c", email="cyd@example.org", erased_at=NOW)
    await site.store.take([Envelope.of(erased, source="/lms/acme", time=NOW)])


@pytest.mark.parametrize("how", EACH_LOOK)
async def test_every_state_has_no_finding_and_fits(report: Served, visit: Visit, how: str) -> None:
    visitor = await visit(**LOOKS[how])
    await visitor.page.goto(report.url)
    found = {"signed-out": await look(visitor, f"log-signed-out-{how}")}
    await sign_in(visitor, report.url, launch_token())
    for name, path in STATES.items():
        await visitor.page.goto(report.url + path)
        found[name] = await look(visitor, f"log-{name}-{how}")
    assert {name: each for name, each in found.items() if each} == {}


async def test_without_javascript_filters_charts_and_downloads_work(report: Served, visit: Visit) -> None:
    visitor: Visitor = await visit(javascript=False)
    page = visitor.page
    await sign_in(visitor, report.url, launch_token())
    await page.get_by_label("Content title").fill("fire")
    await page.get_by_role("button", name="Show").click()
    await page.wait_for_url("**content_title=fire**")
    assert await page.get_by_label("Content title").input_value() == "fire"
    await page.locator(".bars").get_by_role("link", name="Enrollment").click()
    await page.wait_for_url("**type=enrollment**")
    assert {"content_title=fire", "type=enrollment"} <= set(page.url.partition("?")[2].split("&"))
    await page.get_by_label("JSON Lines").check()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download").click()
    lines = (await (await download.value).path()).read_text().splitlines()
    assert (await download.value).suggested_filename == "content-actions_2026-10-24_now.jsonl"
    assert len(lines) == int((await page.inner_text(".sum b")).split()[0])
    await page.get_by_text("As a table").click()
    assert await page.locator(".plain-table").is_visible()


async def test_everything_is_reached_with_the_keyboard_alone(report: Served, visit: Visit) -> None:
    visitor: Visitor = await visit(viewport=WIDE)
    page = visitor.page
    await sign_in(visitor, report.url, launch_token())
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "email"
    await page.keyboard.type("ADA@example.org")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**email=ADA**")
    assert set(await page.locator(".list td[data-label='E-mail']").all_inner_texts()) == {"ada@example.org"}
    seen: set[str] = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        seen.add(await page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Clear filters", "All time", "Download", "As a table"} <= seen


async def test_a_token_for_one_panorama_shows_that_panorama_alone(report: Served, visit: Visit) -> None:
    visitor: Visitor = await visit()
    await sign_in(visitor, report.url, launch_token(panoramas=["North"]))
    assert "You see the panorama North." in await visitor.page.inner_text(".head")
    assert set(await visitor.page.locator(".list td[data-label='Panorama']").all_inner_texts()) == {"North"}


async def test_on_paper_are_the_numbers_and_not_the_controls(report: Served, visit: Visit) -> None:
    visitor: Visitor = await visit()
    await sign_in(visitor, report.url, launch_token())
    await visitor.page.emulate_media(media="print")
    hidden = [await visitor.page.locator(each).is_visible() for each in ("form.filters", "form.download", ".bar-end")]
    shown = [await visitor.page.locator(each).first.is_visible() for each in (".list", ".chart", ".printed")]
    assert (hidden, shown) == ([False] * 3, [True] * 3)
    assert await visitor.page.inner_text(".printed") == "Filters: from 2026-10-24"
