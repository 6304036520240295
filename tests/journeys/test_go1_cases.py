"""Every case that the specification names, and every bad input, through Kafka to the HTTP answer. One learner per case."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from contracts import catalog
from contracts.event import Event
from tests.go1_stats_processor import events
from tests.go1_stats_processor.client import NAME, Statistics
from tests.world import World, eventually


def began(who: str, instant: str, launch: str = "a", **more: Any) -> Event:
    return events.launched(instant, f"{who}-{launch}", learner_id=who, **more)


def done(who: str, instant: str, enrollment: str = "1", **more: Any) -> Event:
    return events.completed(instant, f"{who}-{enrollment}", email=f"{who}@example.com", **more)


Shown = tuple[str, int, str | None, int | None, str | None]
OPEN: Shown = ("in_progress", 50, None, None, None)
LEGACY: Shown = ("completed", 0, None, None, None)

CASES: dict[str, tuple[list[Event], dict[str, Shown]]] = {
    "four and a half hours": (
        [began("e1", "2024-12-22 09:00"), done("e1", "2024-12-22 13:30")],
        {"e1-a": ("completed", 100, "success", 16_200, "elapsed")},
    ),
    "capped at five": (
        [began("e2", "2024-12-22 09:00"), done("e2", "2024-12-22 14:30")],
        {"e2-a": ("completed", 100, "success", 18_000, "capped")},
    ),
    "before the cut-over, on the oldest": (
        [began("e3", "2024-12-10 09:00"), began("e3", "2024-12-10 10:00", "b"), done("e3", "2024-12-10 12:00")],
        {"e3-a": ("completed", 100, "success", 0, "legacy_zero"), "e3-b": LEGACY},
    ),
    "a second before noon": (
        [began("n1", "2024-12-19T10:59:59Z"), done("n1", "2024-12-19 12:00")],
        {"n1-a": ("completed", 100, "success", 0, "legacy_zero")},
    ),
    "noon": (
        [began("n2", "2024-12-19T11:00:00Z"), done("n2", "2024-12-19 12:00")],
        {"n2-a": ("completed", 100, "success", 3600, "elapsed")},
    ),
    "web on the 19th, open": ([began("w1", "2024-12-19T09:00:00+01:00")], {"w1-a": OPEN}),
    "web on the 19th, completed": (
        [began("w2", "2024-12-19T09:00:00+01:00"), done("w2", "2024-12-20 09:00")],
        {"w2-a": ("completed", 100, "success", 0, "legacy_zero")},
    ),
    "mobile on the 24th": ([began("m1", "2024-12-24 10:00", channel="mobile")], {"m1-a": LEGACY}),
    "mobile on the 24th, completed": (
        [began("m2", "2024-12-24 10:00", channel="mobile"), done("m2", "2024-12-24 11:00")],
        {"m2-a": ("completed", 100, "success", 3600, "elapsed")},
    ),
    "twice with two open": (
        [began("t1", "2026-02-01 09:00"), began("t1", "2026-02-01 10:00", "b"), *[done("t1", "2026-02-01 11:00")] * 2],
        {"t1-a": ("completed", 100, "success", 7200, "elapsed"), "t1-b": OPEN},
    ),
    "failed": (
        [began("f1", "2026-02-01 09:00"), done("f1", "2026-02-01 10:00", passed=False)],
        {"f1-a": ("completed", 100, "failed", 3600, "elapsed")},
    ),
    "from failed to passed": (
        [
            began("f2", "2026-02-01 09:00"),
            done("f2", "2026-02-01 10:00", passed=False),
            done("f2", "2026-02-01 10:00", version=2),
        ],
        {"f2-a": ("completed", 100, "success", 3600, "elapsed")},
    ),
    "launch after its completion": (
        [done("l1", "2026-02-01 10:00"), began("l1", "2026-02-01 09:00")],
        {"l1-a": ("completed", 100, "success", 3600, "elapsed")},
    ),
    "completion before any start": (
        [done("b1", "2026-02-01 10:00", started="2026-02-01 11:00")],
        {"go1:b1-1": ("completed", 100, "success", 0, "elapsed")},
    ),
    "address in other case and with spaces": (
        [
            began("c1", "2026-02-01 09:00"),
            events.completed("2026-02-01 10:00", "c1-1", email="  C1@EXAMPLE.com "),
        ],
        {"c1-a": ("completed", 100, "success", 3600, "elapsed")},
    ),
    "all kinds": (
        [
            began("k1", "2024-12-01 09:00", "web"),
            began("k1", "2024-12-20 09:00", "mobile", channel="mobile"),
            began("k1", "2024-12-02 09:00", "resumed"),
            events.resumed("2025-01-02 09:00", "k1-resumed", learner_id="k1"),
            began("k1", "2025-01-03 09:00", "open"),
            done("k1", "2025-01-04 09:00", "1"),
            done("k1", "2025-01-05 09:00", "2"),
            done("k1", "2025-01-06 09:00", "3"),
            done("k1", "2025-01-07 09:00", "4", passed=False),
            done("k1", "2025-01-08 09:00", "5", started="2025-01-08 08:00"),
            events.deleted("2025-01-09 09:00", "k1-3", email="k1@example.com"),
        ],
        {
            "k1-resumed": ("completed", 100, "success", 0, "legacy_zero"),
            "k1-open": ("completed", 100, "success", 18_000, "capped"),
            "k1-web": LEGACY,
            "k1-mobile": ("completed", 100, "failed", 18_000, "capped"),
            "go1:k1-5": ("completed", 100, "success", 3600, "elapsed"),
        },
    ),
    "one enrollment on two courses": (
        [
            done("x1", "2026-02-01 10:00", started="2026-02-01 09:00"),
            done("x1", "2026-02-01 11:00", course_id="C2", version=2),
            events.deleted("2026-02-02 10:00", "x1-1", email="x1@example.com", course_id="C2"),
        ],
        {"go1:x1-1": ("completed", 100, "success", 3600, "elapsed")},
    ),
    "course without a duration": (
        [
            began("d1", "2026-02-01 10:00", course_id="C3"),
            done("d1", "2026-02-03 10:00", course_id="C3"),
        ],
        {"d1-a": ("completed", 100, "success", 172_800, "elapsed")},
    ),
}


@pytest.fixture
async def go1(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[Statistics]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        process = world.service(NAME)
        await world.ready(process)
        yield Statistics(world, process)


async def test_every_case_ends_as_the_specification_says(go1: Statistics) -> None:
    people = sorted(
        {attempt_id.removeprefix("go1:").partition("-")[0] for _, shown in CASES.values() for attempt_id in shown}
    )
    courses = [events.course(), events.course("C2"), events.course("C3", minutes=None, available=False)]
    await go1.publish(*courses, *[events.learner(each) for each in people])
    for facts, _ in CASES.values():
        await go1.publish(*facts)
    wanted = {attempt_id: shown for _, attempts in CASES.values() for attempt_id, shown in attempts.items()}

    async def shown() -> dict[str, Shown]:
        names = ("status", "progress_percent", "result", "time_spent_seconds", "time_spent_basis")
        found = await go1.attempts(limit="200")
        return {attempt_id: tuple(each[name] for name in names) for attempt_id, each in found.items()}

    assert await eventually(shown, "all cases", until=lambda found: found == wanted) == wanted
    conflicts = [each for each in go1.process.log() if each["event"] == "event.conflict"]
    assert {each["thing"] for each in conflicts} == {"enrollment", "deletion"}
    counted = await go1.metrics()
    for name in ("course-completed", "enrollment-deleted"):
        assert f'learnwire_event_conflicts_total{{event_type="learnwire.go1.{name}.v1"}} 1.0' in counted


async def test_bad_input_has_its_defined_end(go1: Statistics) -> None:
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "source": "/lms/acme",
        "type": "learnwire.go1.course-changed.v1",
        "time": "2026-02-01T00:00:00Z",
    }
    durations = [-5, 0, 1.5, "300", 10**30]
    for number, minutes in enumerate(durations):
        data = {"course_id": "C1", "title": "T", "duration_minutes": minutes, "version": 1}
        record = json.dumps({**envelope, "id": f"bad {number}", "data": data}).encode()
        await go1.world.publish_raw(catalog.GO1, record, key=b"C1")
    await go1.publish(events.launched("2026-02-01 09:00"), events.completed("2026-02-01 10:00"))
    found = await eventually(go1.parked, "the completion of an unknown course to be parked")
    assert (found["E1"]["reason"], found["E1"]["candidates"]) == ("course_unknown", ["ada"])
    dead = await eventually(
        lambda: go1.world.dead_letters(NAME),
        "all bad durations in dead letters",
        until=lambda found: len(found) == len(durations),
    )
    assert {dict(each.headers)["dlq-reason"] for each in dead} == {b"invalid"}
