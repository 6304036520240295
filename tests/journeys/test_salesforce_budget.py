"""What the sync costs: calls for ten thousand changes that waited, and for the same facts once more."""

import secrets
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts import EnrollmentChanged, Envelope, LearnerLinked, PortalConnected
from tests.salesforce_syncer.desired import Rows, metric
from tests.salesforce_syncer.standin import StandIn, running
from tests.world import Process, World, eventually

LEARNERS = 2_000
COURSES = 5
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def users(standin: StandIn) -> list[str]:
    """Make users, 200 a call."""
    ids: list[str] = []
    for start in range(0, LEARNERS, 200):
        records = [
            {
                "attributes": {"type": "User"},
                "Username": f"u{each}@example.com",
                "LastName": f"U{each}",
                "Email": f"u{each}@example.com",
            }
            for each in range(start, start + 200)
        ]
        made = standin.api("POST", "/composite/sobjects", {"allOrNone": False, "records": records})
        ids += [each["id"] for each in made]
    return ids


def links(ids: list[str]) -> list[Envelope[Any]]:
    return [
        Envelope.of(
            LearnerLinked(
                portal_id="acme",
                learner_id=f"l{number}",
                salesforce_kind="user",
                salesforce_id=record,
                via="tab_opened",
                linked_at=DAY,
            ),
            source="/lms/acme",
        )
        for number, record in enumerate(ids)
    ]


def changes() -> list[Envelope[Any]]:
    return [
        Envelope.of(
            EnrollmentChanged(
                portal_id="acme",
                learner_id=f"l{number}",
                enrollment_id=f"l{number}-e{course}",
                course_id=f"c{course}",
                course_name=f"Course {course}",
                status="passed" if (number + course) % 3 else "in_progress",
                enrolled_at=DAY,
                completed_at=DAY,
                score=80.5,
                version=1,
            ),
            source="/lms/acme",
        )
        for course in range(COURSES)
        for number in range(LEARNERS)
    ]


async def stopped(process: Process) -> None:
    assert process.terminate() == 0


@pytest.mark.long
@pytest.mark.parametrize(("bulk_rows", "most_calls"), [("0", 80), ("2000", 50)])
async def test_ten_thousand_waiting_changes_cost_few_calls_and_their_replay_none(  # noqa: PLR0917  fixtures
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path, bulk_rows: str, most_calls: int
) -> None:
    prefix = f"t{secrets.token_hex(4)}."
    used_prefixes.append(prefix)
    with ExitStack() as stack:
        standin = stack.enter_context(running(tmp_path))
        async with World(kafka, mongo_uri, prefix, tmp_path) as world:
            settings = standin.settings() | {"SALESFORCE_BULK_ROWS": bulk_rows}
            portal = PortalConnected(
                portal_id="acme", name="Acme", url="https://acme.example", connected_at=DAY, version=1
            )
            rows = stack.enter_context(Rows(world))
            linked = [Envelope.of(portal, source="/lms/acme"), *links(users(standin))]
            await world.publish(*linked)
            process = world.service("salesforce-syncer", **settings)
            await eventually(
                lambda: rows.count(object="User", state="written"),
                "all profiles",
                until=lambda n: n == LEARNERS,
                seconds=90,
            )
            await rows.written(seconds=60)
            await stopped(process)

            waiting = changes()
            await world.publish(*waiting)
            process = world.service("salesforce-syncer", **settings, SALESFORCE_DRY_RUN_PORTALS="*")
            total = LEARNERS * COURSES
            await eventually(
                lambda: rows.count(object="LearnUponEnrollment__c", state="dirty"),
                "all changes to wait",
                until=lambda n: n == total,
                seconds=90,
            )
            await stopped(process)

            standin.zero()
            process = world.service("salesforce-syncer", **settings)
            await rows.written(seconds=120)
            calls = standin.calls()
            assert calls["total"] <= most_calls, calls
            held = standin.rows("LearnUponEnrollment__c")
            assert len(held) == total
            assert await rows.count(state="written") == total + 2 * LEARNERS + 1

            standin.zero()
            await world.publish(*linked, *waiting)
            await world.publish(
                Envelope.of(portal.model_copy(update={"version": 2, "name": "Acme 2"}), source="/lms/acme")
            )
            await eventually(lambda: _name(standin), "the last fact", until=lambda name: name == "Acme 2", seconds=60)
            await eventually(
                lambda: metric(process, "learnwire_consumer_lag_records"),
                "the replay to be read",
                until=lambda lag: lag == 0,
                seconds=90,
            )
            await rows.written(seconds=60)
            assert standin.calls()["written"] == {"LearnUpon_Portal__c": {"updated": 1}}


async def _name(standin: StandIn) -> str:
    return standin.rows("LearnUpon_Portal__c")["acme"]["Portal_Name__c"]
