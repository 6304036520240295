"""Attempts as their readers meet them: events in by Kafka, answers out by HTTP, `attempt.changed` for other services."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.go1_stats_processor import events
from tests.go1_stats_processor.client import NAME, Statistics
from tests.world import World


@pytest.fixture
async def go1(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[Statistics]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        process = world.service(NAME)
        await world.ready(process)
        yield Statistics(world, process)


async def test_a_launch_and_its_completion_are_one_attempt_told_twice(go1: Statistics) -> None:
    await go1.publish(events.course(), events.learner(), events.launched("2024-12-22 09:00"))
    await go1.until("L1", status="in_progress")
    await go1.publish(events.completed("2024-12-22 13:30", email=" Ada@Example.COM "))
    shown = await go1.until("L1", status="completed")
    assert shown == {
        "attempt_id": "L1",
        "portal_id": "acme",
        "learner_id": "ada",
        "email": "ada@example.com",
        "course_id": "C1",
        "course_title": "Title of C1",
        "origin": "platform",
        "channel": "web",
        "entry_point": {"kind": "catalog", "id": None},
        "go1_enrollment_id": "E1",
        "status": "completed",
        "legacy": False,
        "progress_percent": 100,
        "result": "success",
        "started_at": "2024-12-22T09:00:00.000Z",
        "last_activity_at": "2024-12-22T13:30:00.000Z",
        "completed_at": "2024-12-22T13:30:00.000Z",
        "time_spent_seconds": 16_200,
        "time_spent_basis": "elapsed",
        "version": 2,
    }
    assert [(each.change, each.version, each.progress_percent) for each in await go1.changes(2)] == [
        ("opened", 1, 50),
        ("completed", 2, 100),
    ]
    one = await go1.ask("attempts/L1", portal_id="acme")
    assert [each["rule"] for each in one["why"]] == [
        "attempt.launched",
        "attempt.oldest_in_progress",
        "progress.completed",
        "result.success",
        "activity.completed",
        "time.elapsed",
    ]
    assert [(each["version"], each["change"]) for each in one["history"]] == [(1, "opened"), (2, "completed")]


async def test_a_completion_waits_for_its_learner_and_its_course(go1: Statistics) -> None:
    await go1.publish(events.completed("2026-02-01 10:00", started="2026-02-01 09:00"))
    await go1.publish(events.learner())
    await go1.publish(events.course())
    shown = await go1.until("go1:E1")
    assert (shown["time_spent_seconds"], shown["origin"], shown["learner_id"]) == (3600, "go1", "ada")
