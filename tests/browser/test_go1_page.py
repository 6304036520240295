"""The dashboard in a real browser: axe-core finds nothing, light and dark, wide and small; works without JavaScript.

`SCREENSHOTS=folder pytest tests/browser/test_go1_page.py` keeps a picture of each state.
"""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from contracts.types import instant_text
from shared.mongo import connect
from tests.browser.analysts import EACH_LOOK, LOOKS, look, sign_in
from tests.browser.conftest import Visit
from tests.browser.serving import served
from tests.browser.visiting import WIDE, Visitor
from tests.go1_stats_processor.events import completed, course, deleted, launched, learner
from tests.go1_stats_processor.pages import NOW, Dashboard, a_dashboard, launch_token

STATES = {
    "courses": "/",
    "filtered": "/?progress=completed&result=success&time=30-60&from=2026-01-01&to=2026-12-31&portal_id=acme",
    "none-match": "/?time=480-",
    "unreadable": "/?from=yesterday&progress=half&portal_id=a+b",
    "attempts": "/attempts",
    "course": "/course?course_id=C1",
    "learner": "/learner?learner_id=ada&portal_id=acme",
    "attempt": "/attempt?portal_id=acme&attempt_id=L1-0",
    "attempt-at-go1": "/attempt?portal_id=acme&attempt_id=go1:direct",
    "attempt-legacy": "/attempt?portal_id=acme&attempt_id=old",
    "attempt-voided": "/attempt?portal_id=acme&attempt_id=go1:withdrawn",
    "waiting": "/parked",
    "nothing": "/attempt?portal_id=acme&attempt_id=none",
    "cursor": "/?cursor=x",
}


@dataclass
class Served:
    dashboard: Dashboard
    url: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """One dashboard for all tests; nothing changes in it."""
    async with connect(mongo_uri, f"t{os.urandom(6).hex()}") as database:
        async with (
            a_dashboard(database, tmp_path_factory.mktemp("keys"), development=True) as dashboard,
            served(dashboard.web) as url,
        ):
            await _fill(dashboard)
            yield Served(dashboard, url)
        await database.client.drop_database(database.name)


async def _fill(dashboard: Dashboard) -> None:
    names = ("ada", "bob", "cyd")
    long = "Inclusive hiring: how to keep bias out of interviews, job adverts and decisions about pay " * 5
    await dashboard.told(
        course(),
        course("C2", title=long),
        course("C3", title="<b>Data</b> & “protection”", minutes=None),
        *(learner(each) for each in names),
        learner("deb", portal_id="umbrella"),
        *(learner(each, "twin@example.com") for each in ("twin-1", "twin-2")),
    )
    tries = [
        (NOW - timedelta(days=3 * number + len(name), hours=number), f"L{number}-{at}", name, f"C{number % 3 + 1}")
        for number in range(1, 12)
        for at, name in enumerate(names)
    ]
    await dashboard.told(
        *(launched(instant_text(start), name, learner_id=who, course_id=which) for start, name, who, which in tries),
        *(
            completed(
                instant_text(start + timedelta(minutes=7 * at % 400)),
                f"E{name}",
                email=f"{who}@example.com",
                course_id=which,
                passed=at % 4 > 0,
            )
            for at, (start, name, who, which) in enumerate(tries)
            if at % 5
        ),
        launched("2024-12-10 09:00", "old", learner_id="ada"),
        completed("2026-10-12 09:00", "direct", email="bob@example.com"),
        completed("2026-10-13 09:00", "withdrawn", email="bob@example.com", started="2026-10-13 08:00"),
        deleted("2026-10-14 09:00", "withdrawn", email="bob@example.com"),
        launched("2026-11-04 09:00", "U1", learner_id="deb", portal_id="umbrella"),
        completed("2026-11-04 10:00", "P1", email="twin@example.com"),
        completed("2026-11-04 10:00", "P2", email="nobody@example.com", course_id="C9"),
    )


@pytest.mark.parametrize("how", EACH_LOOK)
async def test_every_state_has_no_finding_and_fits(site: Served, visit: Visit, how: str) -> None:
    visitor = await visit(**LOOKS[how])
    await visitor.page.goto(site.url)
    found = {"signed-out": await look(visitor, f"go1-signed-out-{how}")}
    await sign_in(visitor, site.url, launch_token())
    for name, path in STATES.items():
        await visitor.page.goto(site.url + path)
        found[name] = await look(visitor, f"go1-{name}-{how}")
    assert {name: each for name, each in found.items() if each} == {}


async def test_without_javascript_filters_lists_and_downloads_work(site: Served, visit: Visit) -> None:
    visitor: Visitor = await visit(javascript=False)
    page = visitor.page
    await sign_in(visitor, site.url, launch_token())
    await page.get_by_label("Result").select_option(label="Failed")
    await page.get_by_label("Last activity from").fill("2026-01-01")
    await page.get_by_role("button", name="Show").click()
    await page.wait_for_url("**result=failed**")
    assert await page.get_by_label("Result").input_value() == "failed"
    await page.get_by_role("link", name="Title of C1").click()
    await page.wait_for_url("**/course?**")
    assert "result=failed" in page.url
    assert set(await page.locator(".list .tag.is-bad").all_inner_texts()) == {"Failed"}
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download").click()
    assert (await download.value).suggested_filename.startswith("attempts")
    await page.locator(".list th a").first.click()
    await page.wait_for_url("**/attempt?**")
    await page.locator("summary").first.click()
    await expect(page.get_by_text("progress.completed")).to_be_visible()


async def test_everything_is_reached_with_the_keyboard_alone(site: Served, visit: Visit) -> None:
    visitor: Visitor = await visit(javascript=True, viewport=WIDE)
    page = visitor.page
    await sign_in(visitor, site.url, launch_token())
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "course"
    await page.keyboard.type("data")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**course=data**")
    assert await page.locator(".list tbody tr").count() == 1
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.closest('.list th') !== null"):
            break
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/course?**")
    assert outline == "solid"


async def test_a_token_for_one_portal_shows_that_portal_alone(site: Served, visit: Visit) -> None:
    visitor: Visitor = await visit()
    await sign_in(visitor, site.url, launch_token(portals=["umbrella"], name="Uma"))
    assert await visitor.page.locator(".list tbody tr").count() == 1
    assert await visitor.page.get_by_label("Portal").count() == 0
    await visitor.page.goto(f"{site.url}/attempt?portal_id=acme&attempt_id=L1-0")
    assert "Nothing here" in await visitor.page.inner_text("h1")


async def test_on_paper_are_the_numbers_and_not_the_controls(site: Served, visit: Visit) -> None:
    visitor: Visitor = await visit()
    await sign_in(visitor, site.url, launch_token())
    await visitor.page.goto(f"{site.url}/?result=success")
    await visitor.page.emulate_media(media="print")
    hidden = [await visitor.page.locator(each).is_visible() for each in ("form.filters", "nav.places", ".bar-end")]
    shown = [await visitor.page.locator(each).first.is_visible() for each in (".list", ".chart", ".printed")]
    assert (hidden, shown) == ([False] * 3, [True] * 3)
    assert await visitor.page.inner_text(".printed") == "Filters: result success"
