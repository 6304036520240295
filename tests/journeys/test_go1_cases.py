"""Every case that the specification names, and every bad input, through Kafka to the HTTP answer. One learner per case."""

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from contracts import catalog
from contracts.event import Event
from tests.go1_stats_processor import events
from tests.go1_stats_processor.client import NAME, Statistics
from tests.world import World, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
    "web, the second before the app's update": ([began("w3", "2024-12-18T22:59:59Z")], {"w3-a": LEGACY}),
    "web, the second of the app's update": ([began("w4", "2024-12-18T23:00:00Z")], {"w4-a": OPEN}),
    "mobile, the second before the app's update": (
        [began("m3", "2024-12-25T22:59:59Z", channel="mobile")],
        {"m3-a": LEGACY},
    ),
    "mobile, the second of the app's update": ([began("m4", "2024-12-25T23:00:00Z", channel="mobile")], {"m4-a": OPEN}),
    "legacy, resumed the second before the update": (
        [began("r1", "2024-12-01 09:00"), events.resumed("2024-12-18T22:59:59Z", "r1-a", learner_id="r1")],
        {"r1-a": LEGACY},
    ),
    "legacy, resumed the second of the update": (
        [began("r2", "2024-12-01 09:00"), events.resumed("2024-12-18T23:00:00Z", "r2-a", learner_id="r2")],
        {"r2-a": OPEN},
    ),
    "exactly the duration": (
        [began("e4", "2024-12-22 09:00"), done("e4", "2024-12-22 14:00")],
        {"e4-a": ("completed", 100, "success", 18_000, "elapsed")},
    ),
    "a second more than the duration": (
        [began("e5", "2024-12-22 09:00"), done("e5", "2024-12-22T14:00:01Z")],
        {"e5-a": ("completed", 100, "success", 18_000, "capped")},
    ),
    "deleted at Go1, begun on the platform": (
        [
            began("v1", "2026-02-01 09:00"),
            done("v1", "2026-02-01 10:00"),
            events.deleted("2026-02-02 10:00", "v1-1", email="v1@example.com"),
        ],
        {"v1-a": OPEN},
    ),
    "deleted at Go1, of Go1's own": (
        [
            done("v2", "2026-02-01 10:00", started="2026-02-01 09:00"),
            events.deleted("2026-02-02 10:00", "v2-1", email="v2@example.com"),
        ],
        {"go1:v2-1": ("voided", 100, "success", None, None)},
    ),
    "of Go1's own, start unknown": (
        [done("o1", "2026-02-01 10:00")],
        {"go1:o1-1": ("completed", 100, "success", None, "unknown")},
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


DURATIONS: dict[str, Any] = {
    "negative": -5,
    "nought": 0,
    "a fraction": 1.5,
    "text": "300",
    "beyond any integer": 10**30,
}
Answers = dict[str, dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def go1(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Statistics]:
    prefix = f"t{secrets.token_hex(4)}."
    used_prefixes.append(prefix)
    async with World(kafka, mongo_uri, prefix, tmp_path_factory.mktemp("go1")) as world:
        process = world.service(NAME)
        await world.ready(process)
        yield Statistics(world, process)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attempts(go1: Statistics) -> Answers:
    """All cases published at once, and what the service answers when all are in, or the wait is over."""
    people = {attempt_id.removeprefix("go1:").partition("-")[0] for _, shown in CASES.values() for attempt_id in shown}
    courses = [events.course(), events.course("C2"), events.course("C3", minutes=None, available=False)]
    await go1.publish(*courses, *[events.learner(each) for each in sorted(people)])
    for facts, _ in CASES.values():
        await go1.publish(*facts)
    wanted = {attempt_id: shown for _, some in CASES.values() for attempt_id, shown in some.items()}

    async def look() -> Answers:
        return await go1.attempts(limit="200", portal_id="acme")

    with suppress(AssertionError):  # each case says for itself what is wrong
        await eventually(look, "all cases", until=lambda found: all_shown(found) == wanted)
    return await look()


def all_shown(found: Answers) -> dict[str, Shown]:
    names = ("status", "progress_percent", "result", "time_spent_seconds", "time_spent_basis")
    return {attempt_id: tuple(each[name] for name in names) for attempt_id, each in found.items()}


@pytest.mark.parametrize("case", CASES)
async def test_a_case_ends_as_the_specification_says(attempts: Answers, case: str) -> None:
    wanted = CASES[case][1]
    who = {attempt_id.removeprefix("go1:").partition("-")[0] for attempt_id in wanted}
    mine = {name: each for name, each in attempts.items() if name.removeprefix("go1:").partition("-")[0] in who}
    assert all_shown(mine) == wanted


async def test_every_answer_says_whose_attempt_it_is(attempts: Answers) -> None:
    assert {each["learner_id"] for each in attempts.values()} == {
        name.removeprefix("go1:").partition("-")[0] for name in attempts
    }


async def test_facts_of_a_go1_enrollment_under_another_course_are_logged_and_counted(
    go1: Statistics, attempts: Answers
) -> None:
    del attempts  # they show all that is in them before the last fact, which changes none, is read

    async def conflicting() -> set[str]:
        return {each["thing"] for each in go1.process.log() if each["event"] == "event.conflict"}

    await eventually(conflicting, "both", until=lambda found: len(found) == 2)
    assert await conflicting() == {"enrollment", "deletion"}
    counted = await go1.metrics()
    for name in ("course-completed", "enrollment-deleted"):
        assert f'learnwire_event_conflicts_total{{event_type="learnwire.go1.{name}.v1"}} 1.0' in counted


@pytest.mark.parametrize("kind", DURATIONS)
async def test_a_course_with_an_impossible_duration_is_a_dead_letter(go1: Statistics, kind: str) -> None:
    data = {"course_id": "C1", "title": "T", "duration_minutes": DURATIONS[kind], "version": 9}
    envelope = {"specversion": "1.0", "source": "/lms/acme", "type": "learnwire.go1.course-changed.v1"}
    event = {**envelope, "id": f"bad {kind}", "time": "2026-02-01T00:00:00Z", "data": data}
    record = json.dumps(event).encode()
    await go1.world.publish_raw(catalog.GO1, record, key=b"C1")
    dead = await eventually(
        lambda: go1.world.dead_letters(NAME),
        "it in dead letters",
        until=lambda found: any(each.value == record for each in found),
    )
    (mine,) = [dict(each.headers) for each in dead if each.value == record]
    assert (mine["dlq-reason"], b"duration_minutes" in (mine["dlq-detail"] or b"")) == (b"invalid", True)


async def test_a_completion_of_an_unknown_course_is_parked(go1: Statistics) -> None:
    await go1.publish(began("u1", "2026-02-01 09:00", course_id="C9"), done("u1", "2026-02-01 10:00", course_id="C9"))
    assert await parked(go1, "u1-1") == ("course_unknown", ["u1"])


async def test_a_completion_of_an_address_that_two_learners_have_is_parked(go1: Statistics) -> None:
    await go1.publish(events.learner("y1", "both@example.com"), events.learner("y2", "Both@example.com"))
    await go1.publish(events.completed("2026-02-01 10:00", "y-1", email="both@example.com"))
    assert await parked(go1, "y-1") == ("learner_ambiguous", ["y1", "y2"])


async def test_a_completion_of_an_address_that_nobody_has_is_parked(go1: Statistics) -> None:
    await go1.publish(events.completed("2026-02-01 10:00", "z-1", email="nobody@example.com"))
    assert await parked(go1, "z-1") == ("learner_unknown", [])


async def parked(go1: Statistics, enrollment: str) -> tuple[str, list[str]]:
    found = await eventually(go1.parked, "it to be parked", until=lambda found: enrollment in found)
    return found[enrollment]["reason"], found[enrollment]["candidates"]
