"""The tracker's page in every state: axe-core finds nothing, light and dark, wide and small.

`SCREENSHOTS=folder pytest tests/browser/test_tracker_states.py` keeps a picture of each.
"""

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize

from shared.mongo import connect
from tests.browser.conftest import Visit
from tests.browser.tracking import Site, a_site, fill, launched, many
from tests.browser.visiting import SMALL, WIDE, Visitor, a_visitor
from tests.bulk_tracker.conftest import launch_token, settings_in

Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[str, Scheme, ViewportSize], ...] = (
    ("light", "light", WIDE),
    ("dark", "dark", WIDE),
    ("small", "light", SMALL),
)
STATES = {
    "list": "/",
    "filtered": "/?status=completed_with_errors&type=users_upload&q=users&from=2036-11-20&to=2036-12-24",
    "none-match": "/?q=nothing+of+the+kind",
    "unreadable": "/?from=yesterday",
    **{name: f"/actions/{name}" for name in ("not-started", "scheduled", "running", "timeout", "completed")},
    **{name: f"/actions/{name}" for name in ("with-errors", "step-2", "cancelled", "failed", "expired")},
    "report-expired": "/actions/expired/error-report",
    "foreign": "/actions/b-001",
    "demo-users": "/dev/login",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """One tracker for all states; nothing changes in it."""
    async with connect(mongo_uri, f"t{os.urandom(6).hex()}") as database:
        async with a_site(database, settings_in(tmp_path_factory.mktemp("keys"))) as made:
            await fill(made)
            await made.tracker.told(*many(60))
            yield made
        await database.client.drop_database(database.name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ada(browser: Browser, site: Site) -> AsyncGenerator[Visitor]:
    """Somebody who is signed in and looks at one page after the other."""
    visitor = await a_visitor(browser)
    await site.sign_in(visitor)
    yield visitor
    await visitor.context.close()


async def nothing_is_found(visitor: Visitor, name: str) -> None:
    """Look at it light, dark and small."""
    troubles = [visitor.troubles.pop() for _ in list(visitor.troubles)]
    found: list[str] = []
    for look, scheme, viewport in LOOKS:
        await visitor.page.emulate_media(color_scheme=scheme)
        await visitor.page.set_viewport_size(viewport)
        await _keep_picture(visitor, f"{name}-{look}")
        found += [f"{look}: {each}" for each in await visitor.findings()]
        wider: bool = await visitor.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wider, f"{look} scrolls sideways"
    assert (found, troubles) == ([], [])


async def _keep_picture(visitor: Visitor, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        await visitor.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


ALWAYS = {"list", "none-match", "running", "with-errors", "expired"}
"""The others are looked at in the long run: each costs two seconds."""


@pytest.mark.parametrize(
    "name", [each if each in ALWAYS else pytest.param(each, marks=pytest.mark.long) for each in STATES]
)
async def test_axe_finds_nothing_and_nothing_scrolls_sideways(site: Site, ada: Visitor, name: str) -> None:
    await ada.page.goto(site.url + STATES[name])
    await nothing_is_found(ada, name)


async def test_axe_finds_nothing_before_and_while_signing_in(site: Site, visit: Visit) -> None:
    visitor = await visit()
    await site.show_time(visitor)
    await visitor.page.goto(site.url)
    await nothing_is_found(visitor, "signed-out")
    await launched(visitor, site.url, "not a token")
    await visitor.page.wait_for_url("**/launch")
    await nothing_is_found(visitor, "launch-refused")
    await site.sign_in(visitor, subject="u-new", name="New Person")
    await nothing_is_found(visitor, "empty")
    await launched(visitor, site.url, launch_token(sub="u-eve", name="Eve Example"))
    await visitor.page.wait_for_url("**/launch/confirm")
    await nothing_is_found(visitor, "somebody-else")


@pytest.mark.long
async def test_axe_finds_nothing_on_long_lists(site: Site, visit: Visit) -> None:
    visitor = await visit()
    await site.sign_in(visitor, subject="u-bob", name="Bob")
    await visitor.page.get_by_role("link", name="Older actions").click()
    await nothing_is_found(visitor, "older")


async def test_printed_it_has_all_times_in_full_and_nothing_to_press(site: Site, ada: Visitor) -> None:
    await ada.page.set_viewport_size(WIDE)
    for path in ("/", "/actions/with-errors"):
        await ada.page.goto(site.url + path)
        await ada.page.emulate_media(media="print")
        await _keep_picture(ada, "printed" + path.replace("/", "-"))
        assert await ada.page.locator("button:visible, input:visible, select:visible").count() == 0
        assert await ada.page.locator("time .relative:visible").count() == 0
        await ada.page.emulate_media(media="screen")
