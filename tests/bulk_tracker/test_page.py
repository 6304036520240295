"""The page without a browser: what it shows in each state, and that nothing in it runs."""

import re

from bulk_tracker.domain.vocabulary import Status, made_reference
from contracts.bulk_actions import Task
from tests.bulk_tracker.conftest import Tracker, stores_of
from tests.bulk_tracker.facts import a_row, ada, at, finished, progressed, rows_reported, started, submitted

REFERENCE = made_reference(portal_id="acme", action_id="a-1")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "{% include '/etc/passwd' %}",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "\u202egpj.exe",
    "]]><!--",
    "&lt;b&gt;",
]


async def page(tracker: Tracker, path: str = "/") -> str:
    return (await tracker.client.get(path)).text


async def test_each_of_the_eight_statuses_is_an_icon_a_word_and_a_colour(tracker: Tracker) -> None:
    await tracker.sign_in()
    await tracker.told(
        submitted(action_id="ns"),
        submitted(action_id="sc", scheduled_for=at(600)),
        *(submitted(action_id="ip"), progressed(50, action_id="ip")),
        *(submitted(action_id="to", stalls_after_seconds=1), started(1, action_id="to")),
        *(submitted(action_id="co"), finished(2, action_id="co")),
        *(submitted(action_id="ce"), finished(2, "completed_with_errors", action_id="ce")),
        *(submitted(action_id="ca"), finished(2, "cancelled", action_id="ca")),
        *(submitted(action_id="fa"), finished(2, "failed", action_id="fa")),
    )
    await stores_of(tracker).actions.judge_due(known_until=tracker.now)
    shown = re.findall(
        r'<span class="status (\w+)"><svg aria-hidden="true".*?</svg>([\w ]+)</span>', await page(tracker), re.DOTALL
    )
    assert sorted(shown) == sorted((each.value, each.label) for each in Status)


async def test_the_page_is_sent_with_strict_headers_and_runs_nothing_inline(tracker: Tracker) -> None:
    await tracker.sign_in()
    await tracker.told(submitted(), rows_reported(1), finished(4))
    for path in ("/", "/actions/a-1", "/actions/nothing", "/?q=none"):
        answer = await tracker.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|javascript:", answer.text)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)


async def test_hostile_texts_are_texts(tracker: Tracker) -> None:
    for number, text in enumerate(HOSTILE):
        await _shows_as_text(tracker, text, f"h-{number}")


async def _shows_as_text(tracker: Tracker, text: str, name: str) -> None:
    await tracker.sign_in(name=text)
    await tracker.told(
        submitted(
            action_id=name,
            action_type=text,
            file_names=(text,),
            requester=ada(name=text),
            task=Task(task_id="t", step=1, steps=2, label=text),
            reference_id=text.replace(" ", ""),
        ),
        rows_reported(1, a_row(2, identifier=text, issue=text, resolution=text), action_id=name),
        finished(4, message=text, action_id=name),
    )
    for path in (
        "/",
        f"/actions/{name}",
        f"/?q={text}",
        f"/?type={text}",
        f"/?status={text}&from={text}&cursor={text}",
    ):
        shown = await page(tracker, path)
        assert "<script>alert" not in shown
        assert "<img" not in shown
        assert "onload=" not in re.sub(r"&[^;]+;[^&<>\"]*", "", shown)
        assert "49" not in re.findall(r"<title>(.*?)</title>", shown)[0]


async def test_filters_live_in_the_url_and_are_shown_as_chosen(tracker: Tracker) -> None:
    await tracker.sign_in()
    await tracker.told(submitted(), submitted(action_id="b"), finished(2, "failed", action_id="b"))
    shown = await page(tracker, f"/?status=not_started&q={REFERENCE.lower()}&from=2036-11-20&to=2036-11-20")
    assert re.findall(r'data-id="([^"]+)"', shown) == ["a-1"]
    assert '<option value="not_started" selected>' in shown
    assert f'value="{REFERENCE.lower()}"' in shown
    assert shown.count('value="2036-11-20"') == 2


async def test_each_empty_state_says_what_to_do_next(tracker: Tracker) -> None:
    assert "Open the action tracker from its icon" in await page(tracker)
    await tracker.sign_in()
    assert "No bulk actions yet" in await page(tracker)
    assert "Clear filters" in await page(tracker, "/?status=failed")
    assert "A filter could not be read" in await page(tracker, "/?from=yesterday")
    assert "You have started no such action" in await page(tracker, "/actions/nothing")


async def test_an_action_shows_counts_issues_steps_and_history_and_its_report_until_it_expires(
    tracker: Tracker,
) -> None:
    await tracker.sign_in()
    task = Task(task_id="t", step=1, steps=2, label="Replace three packages")
    await tracker.told(
        submitted(task=task, total_rows=10),
        progressed(2, 9, errors=1),
        rows_reported(3, *(a_row(each) for each in range(2, 40))),
        finished(4, message="One learner is missing."),
    )
    shown = await page(tracker, "/actions/a-1")
    for text in (
        "Replace three packages",
        "step 1 of 2",
        "One learner is missing.",
        "38 errors",
        "Create the group first",
    ):
        assert text in shown
    assert "data-left" in shown
    tracker.now = at(4 + 7 * 24 * 60)
    await tracker.sign_in()
    assert "This report expired" in await page(tracker, "/actions/a-1")
    gone = await tracker.client.get("/actions/a-1/error-report")
    assert (gone.status_code, "It was available for one week" in gone.text) == (410, True)


async def test_the_download_leads_to_the_report(tracker: Tracker) -> None:
    await tracker.sign_in()
    await tracker.told(submitted(), rows_reported(1), finished(4))
    link = re.findall(r'class="download"[^>]*href="([^"]+)"', await page(tracker))[0]
    answer = await tracker.client.get(link)
    assert answer.status_code == 303
    table = await tracker.client.get(answer.headers["location"])
    assert table.headers["content-type"] == "text/csv; charset=utf-8"


async def test_unenrollments_say_that_they_have_no_reference_id(tracker: Tracker) -> None:
    await tracker.sign_in()
    await tracker.told(submitted(action_type="group_unenroll"))
    shown = await page(tracker)
    assert "No reference ID" in shown
    assert "data-copy" not in shown


async def test_assets_are_small_and_cached_for_ever(tracker: Tracker) -> None:
    await tracker.sign_in()
    total = 0
    for path in set(re.findall(r'"(/static/[^"]+)"', await page(tracker))):
        answer = await tracker.client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        total += len(answer.content)
    assert total < 60_000
    assert (await tracker.client.get("/static/x/../../secrets")).status_code == 404
