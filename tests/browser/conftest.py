"""Pages in a real browser: headless Chromium of this machine, driven through Playwright.

| fixture | gives |
| --- | --- |
| `visit` | `await visit(scheme="dark", javascript=False, viewport=SMALL)` → a `Visitor`: `.page` (Playwright's), `.findings()` (axe-core's) |
| `browser` | Chromium itself, one for all tests |
| `database` | a database of the test's own, as elsewhere, but for the loop that these tests share |

All tests here run in one event loop, so that one Chromium serves them all. After each test it is looked at that no
page had an error on its console, an exception, a refusal by its content security policy, a dialog or a request to another
site; what a test expects of these it takes out of `visitor.troubles`.

For a page's service: `serving.served(app)` serves an application in this process (its clock can be turned);
`tests.world.World` starts the whole service as a process.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from shared import mongo
from tests.browser.visiting import PATIENCE_MILLISECONDS, Visitor, a_visitor, chromium

expect.set_options(timeout=PATIENCE_MILLISECONDS)
HERE = Path(__file__).parent
Visit = Callable[..., Awaitable[Visitor]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lacking = pytest.mark.skip(
        "no Chromium on this machine: none of chromium, chromium-browser, google-chrome is found"
    )
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if chromium() is None:
                item.add_marker(lacking)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """One Chromium; each test has windows of its own in it. Its profile is a temporary folder of Playwright's."""
    async with async_playwright() as playwright:
        # Chromium's own sandbox needs rights that root in a container has not.
        started = await playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=os.geteuid() != 0)
        try:
            yield started
        finally:
            await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncGenerator[Visit]:
    """Open windows; they are closed, and their troubles looked at, when the test is over."""
    visitors: list[Visitor] = []

    async def opened(**how: object) -> Visitor:
        visitors.append(await a_visitor(browser, **how))  # pyright: ignore[reportArgumentType]  handed on as they are
        return visitors[-1]

    yield opened
    for each in visitors:
        await each.context.close()
    assert [trouble for each in visitors for trouble in each.troubles] == []


@pytest_asyncio.fixture(loop_scope="session")
async def database(mongo_uri: str, database_name: str) -> AsyncGenerator[mongo.Database]:
    """The test's own database, as services open it."""
    async with mongo.connect(mongo_uri, database_name) as opened:
        yield opened
