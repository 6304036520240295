"""What the dashboard shows: tables, filters, charts, downloads, reasons in words."""

import csv
import io
import re

from go1_stats_processor.domain.rules import EXPLANATIONS
from go1_stats_processor.pages import reasons
from tests.go1_stats_processor.events import completed, course, launched, learner
from tests.go1_stats_processor.pages import NOW, Dashboard, shown_attempts, shown_courses, some_attempts


async def test_the_table_shows_each_course_under_the_names_that_managers_know(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    page = await dashboard.page("/")
    assert shown_courses(page) == ["C2", "C1"]
    assert re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page.partition('class="list courses"')[2]) == [
        "Course",
        "Attempts",
        "Progress",
        "Result",
        "Time spent",
        "Last activity",
    ]
    assert {"50 % success", "1 success, 1 failed", "2 completed", "+ 1 voided"} <= {
        each.strip() for each in re.findall(r">([^<>]+)<", page)
    }


async def test_the_page_counts_what_the_api_counts(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    api = (await dashboard.client.get("/v1/courses/C1/statistics")).json()
    page = await dashboard.page("/course", course_id="C1")
    tiles = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)", page))
    assert (api["attempts"], api["in_progress"], api["completed"], api["legacy"]) == (4, 1, 2, 1)
    assert {name: tiles[name] for name in ("Attempts", "In progress", "Completed at Go1", "Success", "Time spent")} == {
        "Attempts": "4",
        "In progress": "1",
        "Completed at Go1": "2",
        "Success": "50 %",
        "Time spent": "4 h 45 min",
    }


FILTERS: tuple[tuple[dict[str, str], list[str], list[str]], ...] = (
    ({"progress": "in_progress"}, ["L5", "L3"], ["L3"]),
    ({"progress": "completed"}, ["L2", "L1"], ["L2", "L1"]),
    ({"progress": "legacy"}, ["L4"], ["L4"]),
    ({"progress": "voided"}, ["go1%3AE6"], ["go1%3AE6"]),
    ({"result": "failed"}, ["L2"], ["L2"]),
    ({"time": "240-480"}, ["L2", "L1"], ["L2", "L1"]),
    ({"time": "0-5"}, [], []),
    ({"email": "BOB@example.com"}, ["L3", "L2"], ["L3", "L2"]),
    ({"portal_id": "umbrella"}, ["L5"], []),
    ({"from_": "2026-11-02", "to": "2026-11-03"}, ["L3", "L2"], ["L3", "L2"]),
    ({"course_id": "C2"}, ["go1%3AE6", "L3"], ["go1%3AE6", "L3"]),
)


async def test_filters_narrow_the_list_within_the_portals_of_the_session(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    for portals, column in (("*", 1), (["acme"], 2)):
        await dashboard.sign_in(portals=portals)
        for case in FILTERS:
            page = await dashboard.page("/attempts", **case[0])
            assert (case[0], shown_attempts(page)) == (case[0], case[column])


async def test_the_download_holds_what_the_list_shows(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in(portals=["acme"])
    for asked, _, found in FILTERS:
        page = await dashboard.page("/attempts", **asked)
        form = re.search(r'<form class="download".*?</form>', page, re.DOTALL)
        if form is None:
            assert found == []
            continue
        fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
        answer = await dashboard.client.get("/v1/attempts/export", params={**fields, "format": "csv"})
        assert answer.status_code == 200, answer.text
        assert 'filename="attempts' in answer.headers["content-disposition"]
        ids = [each["attempt_id"].replace(":", "%3A") for each in csv.DictReader(io.StringIO(answer.text))]
        assert (asked, ids) == (asked, found)


async def test_charts_say_in_words_what_they_draw_and_lead_to_it(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    page = await dashboard.page("/course", course_id="C1", portal_id="acme")
    bars = re.findall(r'<tr><th scope="row"><a href="([^"]+)">([^<]+)</a></th>.*?class="count">(\d+)</td>', page)
    assert [(name, count) for _, name, count in bars if count != "0"] == [
        ("Completed", "2"),
        ("Completed with 0 %", "1"),
        ("Success", "1"),
        ("Failed", "1"),
        ("4 to 8 h", "2"),
    ]
    address = next(href for href, name, _ in bars if name == "Failed").replace("&amp;", "&")
    assert shown_attempts(await dashboard.page(address)) == ["L2"]
    assert page.count("<svg aria-hidden") == len(re.findall(r'<svg[^>]*aria-hidden="true"', page))


async def test_lists_go_on_page_by_page_and_miss_nothing(dashboard: Dashboard) -> None:
    await dashboard.told(course(), learner())
    await dashboard.told(*(launched(f"2026-11-01 09:{number:02}", f"L{number}") for number in range(60)))
    await dashboard.sign_in()
    path = "/course?course_id=C1"
    seen: list[list[str]] = []
    while path:
        page = await dashboard.page(path)
        seen.append(shown_attempts(page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert [len(each) for each in seen] == [25, 25, 10]
    assert [each for page in seen for each in page] == [f"L{number}" for number in reversed(range(60))]


async def test_the_table_of_courses_goes_on_page_by_page_and_can_be_searched(dashboard: Dashboard) -> None:
    await dashboard.told(*(course(f"C{number}", title=f"Course {number:03}") for number in range(52)), learner())
    await dashboard.told(*(launched("2026-11-01 09:00", f"L{number}", course_id=f"C{number}") for number in range(52)))
    await dashboard.sign_in()
    first = await dashboard.page("/")
    assert shown_courses(first) == [f"C{number}" for number in range(50)]
    assert "The 50 courses on this page together" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    assert shown_courses(await dashboard.page(following[1].replace("&amp;", "&"))) == ["C50", "C51"]
    assert shown_courses(await dashboard.page("/", course="sE 01")) == [f"C{number}" for number in range(10, 20)]


async def test_an_attempt_says_why_in_words(dashboard: Dashboard) -> None:
    await some_attempts(dashboard)
    await dashboard.sign_in()
    page = await dashboard.page("/attempt", portal_id="acme", attempt_id="L2")
    for sentence in (
        "Attempt of bob@example.com",
        "From the start on 2 Nov 2026, 09:00:00 UTC to the completion on 2 Nov 2026, 15:00:00 UTC it was 6 h. The course takes 5 h, which is less, so 5 h count.",
        "Go1 says that the learner completed the course without passing.",
        "Of the attempts in progress then, this was the oldest",
        "<code>time.capped</code>",
        "<code>/lms/acme</code>",
    ):
        assert sentence in page
    assert re.findall(r'<th scope="row">(\w+)<span class="under">version (\d)', page) == [("Completed", "1")]
    legacy = await dashboard.page("/attempt", portal_id="acme", attempt_id="L4")
    assert "not gone on with since: such attempts show Completed with 0 %." in legacy


def test_every_rule_has_words_of_its_own_and_old_or_new_ones_their_meaning() -> None:
    assert set(reasons.SENTENCES) == set(EXPLANATIONS)
    assert {each.partition(".")[0] for each in EXPLANATIONS} == set(reasons.SUBJECTS)
    without_inputs = {"result.success", "result.failed", "time.voided", "attempt.gone"}
    for rule in EXPLANATIONS.keys() - without_inputs:
        assert reasons.sentence(rule, {"started_at": 7}) == EXPLANATIONS[rule].meaning
    assert reasons.sentence("time.tripled", {}) == "By a rule that this release does not know: time.tripled."


async def test_completions_that_wait_say_why_since_when_and_whose_they_could_be(dashboard: Dashboard) -> None:
    twins = [learner(each, "twin@example.com") for each in ("twin-1", "twin-2")]
    await dashboard.told(course(), learner(), *twins)
    await dashboard.told(completed("2026-11-01 10:00", "P1", email="twin@example.com"), said_at=NOW.replace(day=20))
    await dashboard.told(completed("2026-11-01 10:00", "P2", email="nobody@example.com"), said_at=NOW.replace(day=21))
    await dashboard.told(completed("2026-11-01 10:00", "P3", course_id="C9"), said_at=NOW.replace(hour=1))
    await dashboard.sign_in()
    page = await dashboard.page("/parked")
    rows = re.findall(r'<tr>\s*<th scope="row".*?</tr>', page, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]+>|\u2013", " ", each).split()) for each in rows]
    assert texts == [
        "Title of C1 Several learners have the address that Go1 sent 2 days since 20 Nov 2026, 03:04 UTC twin-1 , twin-2 P1",
        "Title of C1 Nobody in this portal has the address that Go1 sent 1 day since 21 Nov 2026, 03:04 UTC nobody known P2",
        "C9 The catalogue has not shown this course yet 2 hours since 22 Nov 2026, 01:04 UTC ada P3",
    ]
    assert "the oldest for 2 days" in await dashboard.page("/")
