"""What readers ask: parked completions, statistics, exports, what-if; and what an erasure leaves."""

import csv
import io
import json
import subprocess
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import Envelope
from contracts.event import Event
from tests.go1_stats_processor import events
from tests.go1_stats_processor.client import NAME, Statistics
from tests.world import SCRIPTS, World, eventually


@pytest.fixture
async def go1(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[Statistics]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        process = world.service(NAME)
        await world.ready(process)
        yield Statistics(world, process)


A_COURSE = (
    events.course(),
    events.launched("2026-02-01 09:00", "open"),
    events.launched("2026-02-02 09:00", "won", learner_id="bob"),
    events.completed("2026-02-02 10:00", "E1", email="bob@example.com"),
    events.launched("2026-02-03 09:00", "lost", learner_id="eve"),
    events.completed("2026-02-03 12:00", "E2", email="eve@example.com", passed=False),
    events.launched("2024-12-01 09:00", "legacy", learner_id="old"),
    events.launched("2024-12-01 09:00", "nought", learner_id="dan"),
    events.completed("2024-12-02 09:00", "E3", email="dan@example.com"),
    events.completed("2026-02-04 09:00", "E4", email="ada@example.com", started="2026-02-04 08:00", course_id="C2"),
    events.course("C2"),
)


async def all_of_the_course(go1: Statistics) -> None:
    """Wait until each attempt is as it ends: they come from several partitions, none of them first."""
    await go1.until("open")
    await go1.until("won", result="success")
    await go1.until("lost", result="failed")
    await go1.until("legacy", legacy=True)
    await go1.until("nought", time_spent_basis="legacy_zero")
    await go1.until("go1:E4")


async def test_statistics_of_courses_and_learners(go1: Statistics) -> None:
    await go1.publish(*A_COURSE)
    await go1.publish(events.deleted("2026-02-05 09:00", "E4", course_id="C2"))
    await all_of_the_course(go1)
    await go1.until("go1:E4", status="voided", time_spent_seconds=None)
    numbers = {
        "attempts": 5,
        "in_progress": 1,
        "completed": 3,
        "legacy": 1,
        "success": 2,
        "failed": 1,
        "voided": 0,
        "success_rate": 2 / 3,
        "mean_time_spent_seconds": 7200.0,
        "median_time_spent_seconds": 7200.0,
        "last_activity_at": "2026-02-03T12:00:00.000Z",
    }
    course = {"course_id": "C1", "course_title": "Title of C1", **numbers}
    assert await go1.ask("courses/C1/statistics", portal_id="acme") == course
    table = await go1.ask("courses", portal_id="acme")
    assert table["items"][0] == course
    nothing = dict.fromkeys(numbers, 0) | dict.fromkeys(
        ("success_rate", "mean_time_spent_seconds", "median_time_spent_seconds", "last_activity_at")
    )
    assert table["items"][1] == {"course_id": "C2", "course_title": "Title of C2", **nothing, "voided": 1}
    first = await go1.ask("courses", limit="1")
    assert [each["course_id"] for each in first["items"]] == ["C1"]
    rest = await go1.ask("courses", limit="1", cursor=first["next_cursor"])
    assert ([each["course_id"] for each in rest["items"]], rest["next_cursor"]) == (["C2"], None)
    dan = await go1.ask("learners/dan/statistics", portal_id="acme")
    assert (dan["attempts"], dan["success"], dan["mean_time_spent_seconds"]) == (1, 1, None)
    some = await go1.ask("courses/C1/statistics", **{"from": "2026-02-02T10:00:00Z", "to": "2026-02-03T12:00:00Z"})
    assert (some["attempts"], some["success"]) == (1, 1)
    foreign = await go1.answer("courses/C1/statistics", portal_id="acme", portals=["other"])
    assert foreign.status_code == 404


async def test_lists_filter_page_and_keep_to_the_token(go1: Statistics) -> None:
    await go1.publish(*A_COURSE)
    await all_of_the_course(go1)
    assert list(await go1.attempts()) == ["go1:E4", "lost", "won", "open", "nought", "legacy"]
    assert list(await go1.attempts(email=" BOB@example.com")) == ["won"]
    assert list(await go1.attempts(status="completed", result="failed", origin="platform", course_id="C1")) == ["lost"]
    assert list(await go1.attempts(**{"from": "2026-02-01T09:00:00Z", "to": "2026-02-03T12:00:00Z"})) == ["won", "open"]
    seen: list[str] = []
    cursor = ""
    while True:
        page = await go1.ask("attempts", limit="4", cursor=cursor)
        seen += [each["attempt_id"] for each in page["items"]]
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
        other = await go1.answer("attempts", limit="4", cursor=cursor, status="completed")
        assert other.status_code == 422
    assert seen == list(await go1.attempts())
    assert (await go1.ask("attempts", portals=["other"]))["items"] == []
    assert (await go1.answer("attempts/won", portal_id="acme", portals=["other"])).status_code == 404
    assert (await go1.answer("attempts/nobody", portal_id="acme")).status_code == 404
    assert (await go1.answer("attempts", role="manager")).status_code == 403
    assert (await go1.answer("attempts", what="ever")).status_code == 422


async def test_parked_completions_say_why_and_play_when_a_person_decides(go1: Statistics) -> None:
    twins = [events.learner(each, "shared@example.com") for each in ("ann", "ben")]
    await go1.publish(*twins)
    handled = 'learnwire_events_total{event_type="learnwire.learner.changed.v1",outcome="handled"} 2.0'
    await eventually(go1.metrics, "both learners to be known", until=lambda text: handled in text)
    await go1.publish(events.completed("2026-02-01 10:00", "E1", email="shared@example.com"))
    await go1.publish(events.completed("2026-02-01 10:00", "E2", email="ann2@example.com"), events.course())
    found = await eventually(go1.parked, "two to be parked", until=lambda parked: len(parked) == 2)
    assert (found["E1"]["reason"], found["E1"]["candidates"]) == ("learner_ambiguous", ["ann", "ben"])
    assert (found["E2"]["reason"], found["E2"]["candidates"], found["E2"]["course_id"]) == ("learner_unknown", [], "C1")
    assert 0 <= found["E1"]["age_seconds"] < 120
    await go1.publish(events.decided("ben"))
    shown = await go1.until("go1:E1", learner_id="ben")
    assert shown["time_spent_basis"] == "unknown"
    await go1.publish(events.decided("ann", version=2))
    await go1.until("go1:E1", learner_id="ann")
    assert list(await go1.parked()) == ["E2"]
    changes = {(each.learner_id, each.change, each.status) for each in await go1.changes(3)}
    assert changes == {
        ("ben", "completed", "completed"),
        ("ben", "voided", "voided"),
        ("ann", "completed", "completed"),
    }
    assert "learnwire_go1_completion_lag_seconds_count 1.0" in await go1.metrics()


async def test_exports_hold_what_the_list_shows(go1: Statistics) -> None:
    await go1.publish(*A_COURSE, events.launched("2026-02-06 09:00", "=1+1", learner_id="@eve", email="x@example.com"))
    await go1.until("=1+1")
    await all_of_the_course(go1)
    shown = await go1.attempts()
    lines = [json.loads(each) for each in (await go1.answer("attempts/export", format="jsonl")).text.splitlines()]
    assert [each["attempt_id"] for each in lines] == list(shown)
    for each in lines:
        same = shown[each["attempt_id"]]
        assert {name: each[name] for name in same if name in each} == {
            name: same[name] for name in same if name in each
        }
    answer = await go1.answer("attempts/export", format="csv", portal_id="acme")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert (table[0]["attempt_id"], table[0]["learner_id"]) == ("'=1+1", "'@eve")
    assert (table[2]["time_spent_seconds"], table[2]["legacy"], table[2]["completed_at"]) == (
        "10800",
        "false",
        "2026-02-03T12:00:00.000Z",
    )
    assert len(table) == len(shown)


async def test_what_if_tells_differences_and_changes_nothing(go1: Statistics) -> None:
    await go1.publish(*A_COURSE)
    await all_of_the_course(go1)
    before = await go1.attempts()
    answer = await go1.what_if({"time_cutover": "2024-01-01T00:00:00Z"}, portal_id="acme")
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    assert (item["attempt_id"], item["before"]["time_spent_basis"], item["after"]["time_spent_basis"]) == (
        "nought",
        "legacy_zero",
        "capped",
    )
    assert (await go1.what_if({}, portal_id="acme")).json() == {"items": [], "next_cursor": None}
    forty = (await go1.what_if({"default_progress": 40}, portal_id="acme")).json()["items"]
    assert [(each["attempt_id"], each["after"]["progress_percent"]) for each in forty] == [("open", 40)]
    both: dict[str, object] = {"web_updated_at": "2024-11-01T00:00:00Z", "default_progress": 40}
    first = (await go1.what_if(both, portal_id="acme", limit="1")).json()
    rest = (await go1.what_if(both, portal_id="acme", limit="1", cursor=first["next_cursor"])).json()
    assert [each["attempt_id"] for each in first["items"] + rest["items"]] == ["open", "legacy"]
    assert (await go1.what_if({}, portal_id="acme", role="analyst")).status_code == 403
    assert (await go1.what_if({"default_progress": 101}, portal_id="acme")).status_code == 422
    assert (await go1.what_if({"nonsense": 1}, portal_id="acme")).status_code == 422
    assert await go1.attempts() == before


def recorded(event: Event, when: datetime) -> Envelope[Any]:
    return Envelope.of(event, source="/lms/acme", time=when)


async def test_an_erasure_leaves_statistics_and_no_name_and_replays_bring_nothing_back(go1: Statistics) -> None:
    then = datetime.now(UTC) - timedelta(hours=1)
    history = [
        recorded(each, then)
        for each in (
            events.course(),
            events.learner(),
            events.launched("2026-02-01 09:00"),
            events.completed("2026-02-01 10:00"),
            events.launched("2026-02-01 09:00", "L2", learner_id="bob"),
            events.completed("2026-02-01 11:00", "E9", email="alias@example.com"),
        )
    ]
    await go1.publish(*history)
    await go1.until("L1", status="completed")
    await go1.until("L2")
    await eventually(go1.parked, "one to be parked")
    statistics = await go1.ask("courses/C1/statistics")
    await go1.publish(events.erased(then + timedelta(minutes=30), former_emails=("Alias@example.com",)))

    async def ids() -> list[str]:
        return list(await go1.attempts())

    await eventually(ids, "the attempt to be gone", until=lambda found: found == ["L2"])
    await eventually(go1.parked, "the parked one to be gone", until=lambda found: not found)
    await go1.publish(*history, events.launched("2026-03-01 09:00", "afresh"))
    await go1.until("afresh")
    assert await ids() == ["afresh", "L2"]
    assert await go1.parked() == {}
    assert (await go1.answer("attempts/L1", portal_id="acme")).status_code == 404
    after = await go1.ask("courses/C1/statistics", to="2026-03-01T00:00:00Z")
    assert after == statistics


async def test_rebuild_changes_nothing_where_nothing_changed_and_publishes_what_other_rules_make(
    go1: Statistics,
) -> None:
    await go1.publish(*A_COURSE)
    await all_of_the_course(go1)
    before = await go1.attempts()

    def rebuild(*arguments: str, **settings: str) -> str:
        environment = go1.process.environment | {f"LEARNWIRE_{name}": value for name, value in settings.items()}
        done = subprocess.run(
            [SCRIPTS / NAME, "rebuild", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout.strip().splitlines()[-1]

    assert rebuild() == "groups 6  completions 4  attempts that changed 0  rows that changed 0"
    assert await go1.attempts() == before
    assert rebuild("--dry-run", GO1_DEFAULT_PROGRESS="40").endswith(
        "attempts that would change 1  rows that would change 0"
    )
    assert await go1.attempts() == before
    rebuild(GO1_DEFAULT_PROGRESS="40")
    assert (await go1.until("open", progress_percent=40))["version"] == 2
