"""The dashboard without a browser: what it shows in each state and to whom, and that nothing in it runs."""

import re

import pytest

from tests.go1_stats_processor.events import completed, course, erased, launched, learner
from tests.go1_stats_processor.pages import NOW, Dashboard, launch_token, shown_attempts, some_attempts, token_of

PAGES = (
    "/",
    "/attempts",
    "/parked",
    "/course?course_id=C1",
    "/learner?learner_id=ada&portal_id=acme",
    "/attempt?portal_id=acme&attempt_id=L1",
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "{% include '/etc/passwd' %}",
    "</title><svg onload=alert(1)>",
    "\u202egpj.exe",
    "]]><!--",
    "x" * 5_000,
)


async def test_who_is_signed_out_is_told_how_to_come_in_and_sees_nothing(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    for path in PAGES:
        answer = await dashboard.client.get(path)
        assert (answer.status_code, "You are signed out" in answer.text) == (401, True)
        assert "ada@" not in answer.text
    refused = await dashboard.client.post("/launch", data={"token": token_of()})
    assert (refused.status_code, "Signing in did not work" in refused.text) == (401, True)


async def test_analysts_and_operators_come_in_and_out_and_nobody_else(dashboard: Dashboard) -> None:
    for role in ("analyst", "operator"):
        assert (await dashboard.sign_in(roles=[role])).headers["location"] == "/"
        assert (await dashboard.client.get("/")).status_code == 200
        await dashboard.client.post("/logout")
        assert (await dashboard.client.get("/")).status_code == 401
    for role in ("manager", "admin", "instructor"):
        token = launch_token(roles=[role])
        assert (await dashboard.client.post("/launch", data={"token": token})).status_code == 403


async def test_every_page_is_sent_with_strict_headers_and_runs_nothing(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    for path in (*PAGES, "/?from=nonsense", "/attempt?portal_id=acme&attempt_id=none"):
        answer = await dashboard.client.get(path)
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|\son\w+=|\sstyle=|javascript:", answer.text)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)
        assert (await dashboard.client.head(path)).status_code == answer.status_code


async def test_hostile_texts_are_texts(dashboard: Dashboard) -> None:
    titles = [each[:1000].strip("\u202e") for each in HOSTILE]
    await dashboard.told(*(course(f"H{number}", title=title) for number, title in enumerate(titles)), learner())
    await dashboard.told(
        *(launched("2026-11-01 09:00", f"L{number}", course_id=f"H{number}") for number in range(len(HOSTILE)))
    )
    await dashboard.sign_in(name=HOSTILE[1])
    names = ("course", "email", "progress", "result", "time", "from", "to", "portal_id")
    for text in HOSTILE:
        for path in ("/", "/attempts", "/course?course_id=H0"):
            page = (await dashboard.client.get(path, params={"course_id": "H0", **dict.fromkeys(names, text)})).text
            assert not re.search(r"<script|<img|<svg onload", page)
    page = await dashboard.page("/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page


async def test_each_empty_state_says_what_to_do_next(dashboard: Dashboard) -> None:
    await dashboard.sign_in()
    assert "No attempts yet" in await dashboard.page("/")
    assert "Nothing waits" in await dashboard.page("/parked")
    await some_attempts(dashboard)
    assert "No course matches" in await dashboard.page("/", time="480-")
    assert "No attempt matches" in await dashboard.page("/attempts", email="nobody@example.com")
    await dashboard.sign_in(portals=[])
    assert "No attempts yet" in await dashboard.page("/")


async def test_what_cannot_be_read_is_said_beside_its_field(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    cases = {
        "from": ("yesterday", "“yesterday” is no day"),
        "to": ("2026-02-30", "“2026-02-30” is no day"),
        "progress": ("half", "Choose one of the list."),
        "result": ("maybe", "Choose one of the list."),
        "time": ("1-2", "Choose one of the list."),
        "portal_id": ("a b", "This is no portal&#39;s name."),
        "email": ("ada", "This is no whole address"),
    }
    for path in ("/", "/attempts", "/course?course_id=C1"):
        for name, (value, sentence) in cases.items():
            if (path, name) == ("/", "email"):
                continue
            answer = await dashboard.client.get(path, params={"course_id": "C1", name: value})
            field = answer.text.partition(f'id="{name}"')[2].partition("</p>")[0]
            found = (answer.status_code, 'aria-invalid="true"' in field, sentence in field, shown_attempts(answer.text))
            assert (path, name, *found) == (path, name, 422, True, True, [])


async def test_made_up_cursors_are_no_fault_of_ours(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    for path in ("/", "/attempts", "/parked", "/course?course_id=C1"):
        for cursor in ("x", "W10", "WyJhIiwgMSwgMl0", "é", "%00"):
            answer = await dashboard.client.get(path, params={"course_id": "C1", "cursor": cursor})
            assert (answer.status_code, "Begin again" in answer.text) == (422, True)


async def test_other_portals_are_as_if_they_were_not(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.told(completed("2026-11-07 10:00", "P1", email="who@example.com", portal_id="umbrella"))
    await dashboard.sign_in(portals=["acme"])
    for path in ("/", "/attempts", "/parked", "/course?course_id=C1", "/course?course_id=C2"):
        page = await dashboard.page(path)
        assert "umbrella" not in page
        assert "cyd" not in page
    for path in ("/", "/attempts", "/parked"):
        foreign, invented = [
            await dashboard.client.get(path, params={"portal_id": each}) for each in ("umbrella", "nil")
        ]
        assert foreign.text.replace("umbrella", "nil") == invented.text
    for path in (
        "/attempt?attempt_id=L5&portal_id={}",
        "/learner?learner_id=cyd&portal_id={}",
        "/course?course_id=C1&portal_id={}",
    ):
        foreign, invented = [await dashboard.client.get(path.format(each)) for each in ("umbrella", "nil")]
        assert (foreign.status_code, foreign.text) == (404, invented.text)


async def test_a_learner_who_was_erased_is_found_nowhere_and_still_counts(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    dashboard.now = NOW.replace(hour=5)
    await dashboard.told(erased(NOW.replace(hour=4), "bob"))
    await dashboard.sign_in()
    for path in (*PAGES, "/attempts?course_id=C2"):
        assert "bob" not in await dashboard.page(path)
    assert (await dashboard.client.get("/learner?learner_id=bob&portal_id=acme")).status_code == 404
    assert "1 success, 1 failed" in await dashboard.page("/")


async def test_the_session_downloads_but_does_not_change_anything(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in(roles=["operator"])
    assert (await dashboard.client.get("/v1/attempts")).status_code == 200
    assert (await dashboard.client.post("/v1/what-if?portal_id=acme", json={})).status_code == 401


@pytest.mark.parametrize("path", ["/v1/courses/{}/statistics", "/v1/learners/{}/statistics", "/v1/attempts/{}"])
async def test_who_has_no_token_is_told_so_whatever_he_asks_for(dashboard: Dashboard, path: str) -> None:
    assert [
        (await dashboard.client.get(path.format(each))).status_code for each in ("a", "a%2Fb", "a%0Ab", "%0A", "a%0A")
    ] == [401] * 5


async def test_the_style_sheet_is_small_and_kept_for_ever(dashboard: Dashboard) -> None:
    await dashboard.sign_in()
    assets = set(re.findall(r'"(/static/[^"]+)"', await dashboard.page("/")))
    answers = [await dashboard.client.get(each) for each in assets]
    assert {each.status_code for each in answers} == {200}
    assert all("immutable" in each.headers["cache-control"] for each in answers)
    assert sum(len(each.content) for each in answers) < 30_000
    assert (await dashboard.client.get("/static/x/../../secrets")).status_code == 404
