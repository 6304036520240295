"""The tracker's page as people use it: with the mouse, with the keyboard alone, and without JavaScript."""

import asyncio
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Download, expect

from bulk_tracker.domain.vocabulary import made_reference
from shared.mongo import Database
from tests.browser.conftest import Visit
from tests.browser.tracking import Site, a_site, ago, launched
from tests.bulk_tracker.conftest import settings_in
from tests.bulk_tracker.facts import a_row, at, finished, progressed, rows_reported, started, submitted
from tests.world import eventually

REFERENCE = made_reference(portal_id="acme", action_id="a-1")
MINUTES = ago()
"""Now, as the facts count minutes."""


@pytest_asyncio.fixture(loop_scope="session")
async def site(database: Database, tmp_path: Path) -> AsyncGenerator[Site]:
    async with a_site(database, settings_in(tmp_path)) as made:
        yield made


async def with_a_report(site: Site) -> None:
    """An upload that has just ended with errors, and another that failed."""
    await site.tracker.told(
        submitted(MINUTES - 9),
        rows_reported(MINUTES - 5, a_row(7, identifier="=cmd|'/C calc'!A0"), a_row(9)),
        finished(MINUTES - 4),
        submitted(MINUTES - 60, "b", action_type="group_enroll", file_names=()),
        finished(MINUTES - 50, "failed", "b"),
    )


async def test_people_sign_in_from_the_platform_and_out_again(site: Site, visit: Visit) -> None:
    await with_a_report(site)
    page = (visitor := await visit()).page
    await site.sign_in(visitor, name="Ada Example")
    await expect(page).to_have_url(site.url + "/")
    await expect(page.get_by_text("Signed in as Ada Example")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("link", name="Upload users", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


async def test_a_stranger_who_posts_a_token_of_his_own_does_not_become_who_ada_is(site: Site, visit: Visit) -> None:
    page = (visitor := await visit()).page
    await site.sign_in(visitor, name="Ada")
    await site.sign_in(visitor, subject="u-eve", name="Eve")
    await expect(page.get_by_role("heading", name="Sign in as somebody else?")).to_be_visible()
    await page.get_by_role("button", name="Stay signed in as Ada").click()
    await expect(page.get_by_text("Signed in as Ada")).to_be_visible()
    await site.sign_in(visitor, subject="u-eve", name="Eve")
    await page.get_by_role("button", name="Sign in as Eve").click()
    await expect(page.get_by_text("Signed in as Eve")).to_be_visible()
    await launched(visitor, site.url, "forged")
    await expect(page.get_by_role("heading", name="Signing in did not work")).to_be_visible()


async def test_filters_live_in_the_url_and_the_back_button_undoes_them(site: Site, visit: Visit) -> None:
    await with_a_report(site)
    page = (visitor := await visit()).page
    await site.sign_in(visitor)
    names = page.locator("a.name")
    await page.get_by_label("Status").select_option("Failed")
    await page.get_by_role("button", name="Search").click()
    await expect(names).to_have_text(["Group enrollment"])
    assert "status=failed" in page.url
    await page.get_by_label("Reference ID or file name").fill(REFERENCE.lower())
    await page.get_by_label("Status").select_option("")
    await page.get_by_role("button", name="Search").click()
    await expect(names).to_have_text(["Upload users"])
    await page.reload()
    await expect(names).to_have_text(["Upload users"])
    await page.go_back()
    await expect(names).to_have_text(["Group enrollment"])
    await expect(page.get_by_label("Status")).to_have_value("failed")
    await page.go_back()
    await expect(names).to_have_count(2)
    await page.go_forward()
    await page.get_by_role("link", name="Clear filters").click()
    await expect(names).to_have_count(2)


async def test_progress_shows_by_itself_until_it_is_paused(site: Site, visit: Visit) -> None:
    async def after(seconds: float, processed: int) -> None:
        site.tracker.now += timedelta(seconds=seconds)
        await site.tracker.told(progressed(MINUTES + processed / 100, processed))

    await site.tracker.told(submitted(MINUTES - 9, total_rows=200), started(MINUTES - 8))
    page = (visitor := await visit()).page
    await site.sign_in(visitor)
    state, switch = page.locator("#live-state"), page.locator("#live-switch")
    await expect(state).to_have_text("Live")
    await after(1, 50)
    await expect(page.get_by_text("25 %").last).to_be_visible()
    await expect(page.get_by_role("progressbar")).to_have_attribute("value", "25")
    await switch.click()
    await expect(state).to_have_text("Paused")
    await after(1, 100)
    await page.wait_for_timeout(1500)
    await expect(page.get_by_text("25 %").last).to_be_visible()
    await switch.click()
    await expect(page.get_by_text("50 %").last).to_be_visible()
    await expect(state).to_have_text("Live")
    site.tracker.now += timedelta(seconds=1)
    await site.tracker.told(submitted(MINUTES, "new", action_type="reminders"), finished(MINUTES + 2))
    await expect(page.locator("a.name")).to_have_text(["Send reminders", "Upload users"])
    await expect(page.locator("tr[data-id='a-1'] .status")).to_have_text("Completed")
    await expect(page.get_by_role("status")).to_contain_text("Upload users is now Completed.")
    site.tracker.now += timedelta(hours=9)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(state).to_have_text("Signed out")
    visitor.troubles[:] = [each for each in visitor.troubles if "401" not in each]


async def test_reports_are_downloaded_until_they_expire(site: Site, visit: Visit) -> None:
    await with_a_report(site)
    page = (visitor := await visit()).page
    await site.sign_in(visitor)
    await expect(page.get_by_text("expires in 6 days")).to_be_visible()
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Error report of Upload users").click()
    download = await downloading.value
    assert download.suggested_filename == f"users-march-errors-{REFERENCE}.csv"
    assert (await content(download)).splitlines()[
        1
    ] == "7,Error,'=cmd|'/C calc'!A0,Unknown group,Create the group first"

    site.tracker.now = at(MINUTES - 4) + timedelta(days=7)
    await site.sign_in(visitor)
    await expect(page.locator("tr[data-id='a-1']")).to_contain_text("Expired")
    await expect(page.locator("a.download")).to_have_count(0)
    await page.goto(f"{site.url}/actions/a-1/error-report")
    await expect(page.get_by_role("heading", name="This error report has expired")).to_be_visible()
    await page.get_by_role("link", name="See the action").click()
    await expect(page.get_by_text("This report expired on")).to_be_visible()


async def content(download: Download) -> str:
    return (await asyncio.to_thread((await download.path()).read_bytes)).decode("utf-8-sig")


async def test_everything_can_be_done_with_the_keyboard_alone(site: Site, visit: Visit) -> None:
    await with_a_report(site)
    page = (visitor := await visit(permissions=["clipboard-read", "clipboard-write"])).page
    await site.sign_in(visitor)
    await expect(page.locator("#live-state")).to_have_text("Live")
    keys = page.keyboard
    await keys.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the actions")).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await keys.press("/")
    search = page.get_by_label("Reference ID or file name")
    await expect(search).to_be_focused()
    outline = "element => getComputedStyle(element).outlineStyle + getComputedStyle(element).outlineWidth"
    assert await search.evaluate(outline) == "solid3px"
    await keys.type("users/")
    await expect(search).to_have_value("users/")
    await keys.press("Backspace")
    await keys.press("Enter")
    await expect(page).to_have_url(re.compile("q=users"))
    await page.locator("a.name").first.focus()
    await keys.press("Tab")
    await keys.press("Enter")

    async def copied() -> str:
        return await page.evaluate("navigator.clipboard.readText()")

    await eventually(copied, "the reference to be copied", until=lambda text: text == REFERENCE)
    await keys.press("Tab")
    async with page.expect_download():
        await keys.press("Enter")
    await page.locator("a.name").first.focus()
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Upload users")).to_be_visible()
    await page.go_back()
    await page.get_by_label("to search").focus()
    await keys.press("Space")
    await keys.press("/")
    await expect(search).not_to_be_focused()


async def test_without_javascript_all_of_it_works_but_the_liveliness(site: Site, visit: Visit) -> None:
    await with_a_report(site)
    page = (visitor := await visit(javascript=False)).page
    await launched(visitor, site.url, site.token(name="Ada"))
    await expect(page.get_by_text("Signed in as Ada")).to_be_visible()
    await expect(page.locator("#live")).to_be_hidden()
    await expect(page.locator("button.copy").first).to_be_hidden()
    await expect(page.get_by_text("All times in UTC")).to_be_visible()
    await page.get_by_label("Type").select_option("Upload users")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("a.name")).to_have_text(["Upload users"])
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Error report of Upload users").click()
    assert "Unknown group" in await content(await downloading.value)
    await page.get_by_role("link", name="Upload users", exact=True).click()
    await expect(page.get_by_role("heading", name="Error report")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
