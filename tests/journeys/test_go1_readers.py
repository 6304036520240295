"""Who reads `attempt.changed`: a launch and its completion go from Go1's facts into the action log and to Salesforce."""

from pathlib import Path
from typing import Any

from contracts.event import Event
from tests.go1_stats_processor import events
from tests.salesforce_syncer.stage import USER_ROWS, Someone, Stage, shown, staged
from tests.world import Process, World, eventually

FIELDS = ("Course_Name__c", "Status__c", "Enrolled_At__c", "Completed_At__c")


async def test_attempts_become_rows_of_the_action_log_and_enrollments_in_salesforce(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path) as stage:
        world = stage.world
        logger = world.service("action-logger")
        await world.ready(world.service("go1-stats-processor"), logger)
        ada = Someone(id="ada")
        await stage.tell(ada.linked(1, stage.standin.user()))
        await world.publish(events.course(), events.learner())

        await world.publish(events.launched("2026-02-01 09:00"))
        await stage.shows(lambda: mirrored(stage, "L1"), ("Title of C1", "in_progress", instant("09:00"), None))

        some: list[Event] = [
            events.completed("2026-02-01 10:00"),
            events.completed("2026-02-01 11:00", "E2", started="2026-02-01 09:30", passed=False),
        ]
        await world.publish(*some)
        await stage.shows(lambda: mirrored(stage, "L1"), ("Title of C1", "passed", instant("09:00"), instant("10:00")))
        await stage.shows(
            lambda: mirrored(stage, "go1:E2"), ("Title of C1", "failed", instant("09:30"), instant("11:00"))
        )

        await world.publish(events.deleted("2026-02-02 10:00", "E2"))
        await stage.shows(lambda: key("go1:E2") in stage.standin.rows(USER_ROWS), expected=False)

        logged = {
            "acme:L1:course_started": ("status_change", "course_started", "Title of C1", "2026-02-01T09:00:00.000Z"),
            "acme:E1:course_completed": (
                "status_change",
                "course_completed",
                "Title of C1",
                "2026-02-01T10:00:00.000Z",
            ),
            "acme:E2:course_completed": (
                "status_change",
                "course_completed",
                "Title of C1",
                "2026-02-01T11:00:00.000Z",
            ),
        }
        found = await eventually(
            lambda: rows(world, logger), "three rows in the log", until=lambda found: len(found) >= len(logged)
        )
        assert found == logged


def key(attempt_id: str) -> str:
    return f"acme:go1:{attempt_id}"


def mirrored(stage: Stage, attempt_id: str) -> Any:
    return shown(stage.standin, USER_ROWS, key(attempt_id), *FIELDS)


def instant(time: str) -> str:
    """As Salesforce writes it."""
    return f"2026-02-01T{time}:00.000+0000"


async def rows(world: World, logger: Process) -> dict[str, Any]:
    token = world.token("action-logger", "analyst")
    items = (await world.get(logger, "/v1/content-actions", token=token)).json()["items"]
    names = ("type", "source", "content_title", "timestamp")
    return {each["event"]["id"]: tuple(each[name] for name in names) for each in items}
