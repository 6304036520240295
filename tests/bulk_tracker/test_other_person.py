"""Nobody's session becomes another person's unasked, though another site posts a good token of its own."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from shared.http.sessions import LAUNCH_SECONDS
from tests.bulk_tracker.conftest import Tracker, launch_token
from tests.bulk_tracker.facts import ada, submitted

ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}
"""What browsers say of a form that another site's page posts; they send no cookies of ours with it."""


@dataclass
class Browser:
    """Keeps cookies as browsers do, and sends none with what another site posts."""

    tracker: Tracker
    cookies: dict[str, str] = field(default_factory=dict[str, str])

    async def launch(self, subject: str, *, elsewhere: bool = True, **claims: Any) -> httpx.Response:
        token = launch_token(sub=subject, name=subject.title(), **claims)
        return await self.post({"token": token}, elsewhere=elsewhere)

    async def post(self, form: dict[str, str], *, elsewhere: bool = False, path: str = "/launch") -> httpx.Response:
        headers = ELSEWHERE if elsewhere else {"Sec-Fetch-Site": "same-origin", **self._cookie()}
        return self._kept(await self.tracker.client.post(path, data=form, headers=headers))

    async def get(self, path: str) -> httpx.Response:
        return self._kept(await self.tracker.client.get(path, headers=self._cookie()))

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.status_code == 303:
            answer = await self.get(answer.headers["location"])
        return answer

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value.strip('"'):
                self.cookies[name] = value
        return answer


async def sessions_of(tracker: Tracker) -> list[str]:
    return sorted([each["principal"]["subject"] async for each in tracker.database["sessions"].find()])


async def test_a_launch_from_the_platform_signs_in_whoever_has_no_session(tracker: Tracker) -> None:
    browser = Browser(tracker)
    page = await browser.follow(await browser.launch("u-ada"))
    assert (page.status_code, "Signed in as</span> U-Ada" in page.text) == (200, True)
    assert list(browser.cookies) == ["__Host-bulk-tracker-session"]


async def test_the_same_person_signs_in_again_unasked_and_has_one_session(tracker: Tracker) -> None:
    browser = Browser(tracker)
    for elsewhere in (True, False, True):
        page = await browser.follow(await browser.launch("u-ada", elsewhere=elsewhere))
        assert "Your bulk actions" in page.text
    assert await sessions_of(tracker) == ["u-ada"]


async def test_another_persons_launch_asks_and_leaves_the_session_until_it_is_answered(tracker: Tracker) -> None:
    for elsewhere in (True, False):
        browser = Browser(tracker)
        await browser.follow(await browser.launch("u-ada"))
        asked = await browser.follow(await browser.launch("u-eve", elsewhere=elsewhere))
        assert "You are signed in as <strong>U-Ada</strong> (acme)" in asked.text
        assert "sign you in as <strong>U-Eve</strong>" in asked.text
        assert "Signed in as</span> U-Ada" in (await browser.get("/")).text

        stayed = await browser.follow(await browser.post({"confirm": "no"}))
        assert "Signed in as</span> U-Ada" in stayed.text
        assert len(browser.cookies) == 1
        await browser.post({}, path="/logout")
        assert await sessions_of(tracker) == []


async def test_whoever_says_yes_becomes_the_other_and_the_old_session_is_over(tracker: Tracker) -> None:
    await tracker.told(submitted(), submitted(action_id="b", requester=ada(id="u-eve"), file_names=("of-eve.csv",)))
    browser = Browser(tracker)
    await browser.follow(await browser.launch("u-ada"))
    before = dict(browser.cookies)
    await browser.follow(await browser.launch("u-eve"))
    page = await browser.follow(await browser.post({"confirm": "yes"}))
    assert "of-eve.csv" in page.text
    assert await sessions_of(tracker) == ["u-eve"]
    browser.cookies = before
    assert (await browser.get("/")).status_code == 401


async def test_the_same_person_on_another_portal_is_asked_too(tracker: Tracker) -> None:
    browser = Browser(tracker)
    await browser.follow(await browser.launch("u-ada"))
    asked = await browser.follow(await browser.launch("u-ada", portal_id="globex"))
    assert "Sign in as somebody else?" in asked.text


async def test_a_yes_counts_once_from_the_page_itself_and_for_two_minutes(tracker: Tracker) -> None:
    browser = Browser(tracker)
    await browser.follow(await browser.launch("u-ada"))
    await browser.follow(await browser.launch("u-eve"))
    headers = {**ELSEWHERE, "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
    forged = await tracker.client.post("/launch", data={"confirm": "yes"}, headers=headers)
    assert (forged.status_code, await sessions_of(tracker)) == (403, ["u-ada"])

    kept = dict(browser.cookies)
    await browser.post({"confirm": "no"})
    browser.cookies = kept
    await browser.post({"confirm": "yes"})
    assert await sessions_of(tracker) == ["u-ada"]

    await browser.follow(await browser.launch("u-eve"))
    tracker.now += timedelta(seconds=LAUNCH_SECONDS)
    await browser.post({"confirm": "yes"})
    assert await sessions_of(tracker) == ["u-ada"]
    assert (await browser.get("/launch/confirm")).headers["location"] == "/"
