"""The tracker as its users meet it: events in; the list, the report and the mail out; whatever the order, whatever the replicas.

What the help page of the tracker says, statement by statement: `test_bulk_help_page.py`.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest

from contracts import catalog
from contracts.bulk_actions import BulkActionProgressed, BulkActionStarted
from contracts.envelope import Envelope
from contracts.wire import decode
from tests.journeys.bulk_portal import Portal, ago, an_upload, mail_settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_any_order_and_any_repetition_of_the_events_shows_the_same(portal: Portal) -> None:
    names = [f"up-{each}" for each in range(8)]
    events = [event for name in names for event in an_upload(portal, name) * 2]
    random.Random(7).shuffle(events)
    await portal.world.publish(*events)
    items = [await portal.has_status(name, "completed_with_errors") for name in names]
    for item in items:
        assert item["counts"]["processed"] == 40
        report = await portal.see(f"/v1/actions/{item['action_id']}/error-report/summary")
        assert report.json()["errors"] == 2
    await portal.mailed(len(names))
    assert len({mail["Message-ID"] for mail in portal.mails}) == len(names)


async def test_every_change_of_status_is_published(portal: Portal) -> None:
    await portal.world.publish(*an_upload(portal, "up-1"))
    await portal.has_status("up-1", "completed_with_errors")
    records = await portal.told("up-1", count=3)
    reads = {name: catalog.EVENTS[name] for name in catalog.EVENTS if name.startswith("learnwire.bulk-action.status")}
    told = [decode(each.value, each.headers, reads=reads) for each in records]
    events = [each for each in told if isinstance(each, Envelope)]
    statuses = [each.data.model_dump(include={"status", "previous_status"}, exclude_none=True) for each in events]
    assert statuses == [
        {"status": "not_started"},
        {"status": "in_progress", "previous_status": "not_started"},
        {"status": "completed_with_errors", "previous_status": "in_progress"},
    ]
    assert len(records) == 3


async def test_silence_becomes_a_timeout_and_a_heartbeat_wakes_it(portal: Portal) -> None:
    begun = datetime.now(UTC)
    await portal.world.publish(
        portal.of_ada("slow", stalls_after_seconds=1), BulkActionStarted(action_id=portal.id("slow"), started_at=begun)
    )
    item = await portal.has_status("slow", "timeout")
    assert item["history"][-1]["cause"].startswith("no heartbeat since ")
    assert portal.mails == []
    await portal.world.publish(
        portal.of_ada("slow", stalls_after_seconds=600, submitted_at=ago(minutes=1)),
        BulkActionProgressed(
            action_id=portal.id("slow"), progressed_at=datetime.now(UTC), processed=1, succeeded=1, warnings=0, errors=0
        ),
    )
    await portal.has_status("slow", "in_progress")


async def test_a_scheduled_action_is_scheduled_until_its_time(portal: Portal) -> None:
    await portal.world.publish(portal.of_ada("later", scheduled_for=ago(hours=-1)))
    await portal.has_status("later", "scheduled")
    soon = datetime.now(UTC) + timedelta(seconds=1)  # a busy tracker reads of it when it is over, which is as good
    await portal.world.publish(portal.of_ada("later", scheduled_for=soon, submitted_at=ago(minutes=29)))
    item = await portal.has_status("later", "not_started")
    assert [each["status"] for each in item["history"]] == ["scheduled", "not_started"]


async def test_facts_that_come_before_their_submission_wait_for_it_unseen(portal: Portal) -> None:
    submission, *others = an_upload(portal, "up-1")
    await portal.world.publish(*others, portal.of_ada("other"))
    await portal.has_status("other", "not_started")
    assert (await portal.see(f"/v1/actions/{portal.id('up-1')}")).status_code == 404
    assert await portal.told("up-1") == []
    await portal.world.publish(submission)
    await portal.has_status("up-1", "completed_with_errors")


async def test_two_replicas_send_one_mail_and_move_each_status_once(portal: Portal) -> None:
    second = portal.world.service("bulk-tracker", **mail_settings(portal.mailbox))
    await portal.world.ready(second)
    events = [event for each in range(12) for event in an_upload(portal, f"up-{each}")]
    await portal.world.publish(*events)
    for each in range(12):
        item = await portal.has_status(f"up-{each}", "completed_with_errors")
        assert [change["status"] for change in item["history"]] == [
            "not_started",
            "in_progress",
            "completed_with_errors",
        ]
    await portal.mailed(12)
    assert len({mail["Message-ID"] for mail in portal.mails}) == len(portal.mails) == 12
    assert second.terminate() == 0
