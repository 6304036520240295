"""The tracker as its users meet it: events in; the list, the report and the mail out. One journey per statement of the seed."""

import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts import catalog
from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    ReportedRow,
    Requester,
    Task,
)
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.topics import BULK_STATUSES
from contracts.wire import decode
from tests.bulk_tracker.mailbox import Mailbox, a_mailbox, text_of
from tests.world import Process, World, eventually

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**before: float) -> datetime:
    return NOW - timedelta(**before)


def submitted(action_id: str, **changes: Any) -> BulkActionSubmitted:
    known: dict[str, Any] = {
        "portal_id": "acme",
        "action_type": "users_upload",
        "requester": Requester(id="u-ada", name="Ada Example", email="ada@acme.example", role="manager"),
        "submitted_at": ago(minutes=30),
        "file_names": ("users-march.csv",),
    }
    return BulkActionSubmitted(action_id=action_id, **(known | changes))


def rows(action_id: str, *numbers: int, minutes: float = 20) -> BulkActionRowsReported:
    reported = tuple(
        ReportedRow(
            row=each,
            status="error",
            identifier=f"user{each}@acme.example",
            issue="Unknown group",
            resolution="Create it",
        )
        for each in numbers
    )
    return BulkActionRowsReported(action_id=action_id, reported_at=ago(minutes=minutes), rows=reported)


def an_upload(action_id: str, **changes: Any) -> list[Event]:
    """The five events of an upload with errors."""
    return [
        submitted(action_id, **changes),
        BulkActionStarted(action_id=action_id, started_at=ago(minutes=29)),
        BulkActionProgressed(
            action_id=action_id,
            progressed_at=ago(minutes=21),
            processed=40,
            succeeded=38,
            warnings=0,
            errors=2,
            total_rows=40,
        ),
        rows(action_id, 7, 12),
        BulkActionFinished(action_id=action_id, finished_at=ago(minutes=10), outcome="completed"),
    ]


@dataclass
class Portal:
    """A running tracker with its mailbox, and somebody who looks."""

    world: World
    process: Process
    mailbox: Mailbox

    async def see(self, path: str, *, subject: str = "u-ada", portal_id: str = "acme", role: str = "manager") -> Any:
        token = self.world.token("bulk-tracker", role, subject=subject, portal_id=portal_id)
        return await self.world.get(self.process, path, token=token)

    async def sees(self, action_id: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async def look() -> dict[str, Any]:
            return (await self.see(f"/v1/actions/{action_id}")).json()

        return await eventually(look, f"{action_id} to be as expected", until=until)

    async def has_status(self, action_id: str, status: str) -> dict[str, Any]:
        return await self.sees(action_id, lambda item: item.get("status") == status)


@pytest.fixture
async def portal(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[Portal]:
    async with a_mailbox() as mailbox, World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        process = world.service("bulk-tracker", **mail_settings(mailbox))
        await world.ready(process)
        yield Portal(world, process, mailbox)


def mail_settings(mailbox: Mailbox) -> dict[str, str]:
    return {
        "SMTP_URL": mailbox.url,
        "MAIL_FROM": "learnwire@lms.example",
        "PUBLIC_URL": "https://tracker.example",
        "TRACKER_STALLS_AFTER_SECONDS": "3600",
    }


async def test_follow_the_progress_of_a_bulk_action_to_its_report_and_its_mail(portal: Portal) -> None:
    *running, finish = an_upload("up-1")
    await portal.world.publish(*running)
    await portal.has_status("up-1", "in_progress")
    await portal.world.publish(finish)
    item = await portal.has_status("up-1", "completed_with_errors")
    assert item["counts"] == {"total": 40, "processed": 40, "succeeded": 38, "warnings": 0, "errors": 2}
    assert item["reference_id"].startswith("BA-")

    report = await portal.see(f"/v1/actions/{item['reference_id']}/error-report")
    assert report.content.decode("utf-8-sig").splitlines() == [
        "Row,Status,Identifier,Issue,Resolution",
        "7,Error,user7@acme.example,Unknown group,Create it",
        "12,Error,user12@acme.example,Unknown group,Create it",
    ]
    assert item["report"]["file_name"] == f"users-march-errors-{item['reference_id']}.csv"

    (mail,) = await eventually(lambda: _mails(portal), "one mail", until=lambda mails: len(mails) == 1)
    assert mail["To"] == "ada@acme.example"
    assert mail["Subject"] == "Upload users: Completed with Errors"
    assert text_of(mail).splitlines() == [
        "Action type:  Upload users",
        "Status:       Completed with Errors",
        f"Reference ID: {item['reference_id']}",
        "Requester:    Ada Example",
        f"Completed:    {ago(minutes=10):%Y-%m-%d %H:%M} UTC",
        "",
        "Details, and the error report if there is one, are in the action tracker:",
        f"https://tracker.example/?q={item['reference_id']}",
    ]


async def _mails(portal: Portal) -> list[Any]:
    return portal.mailbox.mails


async def test_any_order_and_any_repetition_of_the_events_shows_the_same(portal: Portal) -> None:
    names = [f"up-{each}" for each in range(8)]
    events = [event for name in names for event in an_upload(name) * 2]
    random.Random(7).shuffle(events)
    await portal.world.publish(*events)
    items = [await portal.has_status(name, "completed_with_errors") for name in names]
    for item in items:
        assert item["counts"]["processed"] == 40
        report = await portal.see(f"/v1/actions/{item['action_id']}/error-report/summary")
        assert report.json()["errors"] == 2
    await eventually(lambda: _mails(portal), "a mail each", until=lambda mails: len(mails) == len(names))
    assert len({mail["Message-ID"] for mail in portal.mailbox.mails}) == len(names)


async def test_every_change_of_status_is_published(portal: Portal) -> None:
    await portal.world.publish(*an_upload("up-1"))
    await portal.has_status("up-1", "completed_with_errors")
    records = await eventually(
        lambda: portal.world.records(BULK_STATUSES), "three changes", until=lambda found: len(found) >= 3
    )
    reads = {name: catalog.EVENTS[name] for name in catalog.EVENTS if name.startswith("learnwire.bulk-action.status")}
    told = [decode(each.value, each.headers, reads=reads) for each in records]
    events = [each for each in told if isinstance(each, Envelope)]
    statuses = [each.data.model_dump(include={"status", "previous_status"}, exclude_none=True) for each in events]
    assert statuses == [
        {"status": "not_started"},
        {"status": "in_progress", "previous_status": "not_started"},
        {"status": "completed_with_errors", "previous_status": "in_progress"},
    ]
    assert {each.key for each in records} == {b"up-1"}


async def test_silence_becomes_a_timeout_and_a_heartbeat_wakes_it(portal: Portal) -> None:
    begun = datetime.now(UTC)
    await portal.world.publish(
        submitted("slow", stalls_after_seconds=1), BulkActionStarted(action_id="slow", started_at=begun)
    )
    item = await portal.has_status("slow", "timeout")
    assert item["history"][-1]["cause"].startswith("no heartbeat since ")
    assert portal.mailbox.mails == []
    await portal.world.publish(
        submitted("slow", stalls_after_seconds=600, submitted_at=ago(minutes=1)),
        BulkActionProgressed(
            action_id="slow", progressed_at=datetime.now(UTC), processed=1, succeeded=1, warnings=0, errors=0
        ),
    )
    await portal.has_status("slow", "in_progress")


async def test_a_scheduled_action_is_scheduled_until_its_time(portal: Portal) -> None:
    await portal.world.publish(submitted("later", scheduled_for=datetime.now(UTC) + timedelta(seconds=2)))
    await portal.has_status("later", "scheduled")
    item = await portal.has_status("later", "not_started")
    assert [each["status"] for each in item["history"]] == ["scheduled", "not_started"]


async def test_unenrolling_marking_complete_and_reminders_have_no_reference_id(portal: Portal) -> None:
    for kind in ("group_unenroll", "mark_complete", "reminders"):
        await portal.world.publish(
            submitted(kind, action_type=kind, file_names=(), reference_id="SENT-1"),
            BulkActionFinished(action_id=kind, finished_at=ago(minutes=1), outcome="cancelled"),
        )
        assert (await portal.has_status(kind, "cancelled"))["reference_id"] is None
    await eventually(lambda: _mails(portal), "three mails", until=lambda mails: len(mails) == 3)
    assert all("Reference ID: —" in text_of(mail) for mail in portal.mailbox.mails)


async def test_a_task_of_several_actions_appears_several_times(portal: Portal) -> None:
    def step(number: int) -> Task:
        return Task(task_id="replace-7", step=number, steps=2, label="Replace packages")

    await portal.world.publish(
        submitted("s1", action_type="content_upload", task=step(1)),
        submitted("s2", action_type="content_replace", task=step(2), submitted_at=ago(minutes=5)),
    )
    item = await portal.sees("s2", lambda found: len(found.get("steps", ())) == 2)
    assert [(each["action_id"], each["step"]) for each in item["steps"]] == [("s1", 1), ("s2", 2)]
    assert [each["action_id"] for each in (await portal.see("/v1/actions")).json()["items"]] == ["s2", "s1"]


async def test_each_error_report_is_available_for_one_week_only(portal: Portal) -> None:
    await portal.world.publish(
        submitted("old", submitted_at=ago(days=9)),
        rows("old", 2, minutes=9 * 24 * 60),
        BulkActionFinished(action_id="old", finished_at=ago(days=8), outcome="failed"),
    )
    await portal.has_status("old", "failed")
    gone = await portal.see("/v1/actions/old/error-report")
    assert gone.status_code == 410
    assert f"expired on {ago(days=1):%Y-%m-%d}" in gone.json()["detail"]


@pytest.mark.parametrize("role", ["admin", "manager", "instructor"])
async def test_they_cannot_view_actions_started_by_others_not_even_admins(portal: Portal, role: str) -> None:
    await portal.world.publish(*an_upload("up-1"))
    await portal.has_status("up-1", "completed_with_errors")
    for who in ({"subject": "u-bob"}, {"portal_id": "other"}):
        assert (await portal.see("/v1/actions", role=role, **who)).json() == {"items": [], "next_cursor": None}
        for path in ("", "/error-report", "/error-report/summary"):
            foreign = await portal.see(f"/v1/actions/up-1{path}", role=role, **who)
            invented = await portal.see(f"/v1/actions/up-9{path}", role=role, **who)
            assert (foreign.status_code, foreign.content) == (404, invented.content)


async def test_facts_that_come_before_their_submission_wait_for_it_unseen(portal: Portal) -> None:
    submission, *others = an_upload("up-1")
    await portal.world.publish(*others, submitted("other"))
    await portal.has_status("other", "not_started")
    assert (await portal.see("/v1/actions/up-1")).status_code == 404
    assert all(each.key == b"other" for each in await portal.world.records(BULK_STATUSES))
    await portal.world.publish(submission)
    await portal.has_status("up-1", "completed_with_errors")


async def test_two_replicas_send_one_mail_and_move_each_status_once(portal: Portal) -> None:
    second = portal.world.service("bulk-tracker", **mail_settings(portal.mailbox))
    await portal.world.ready(second)
    events = [event for each in range(12) for event in an_upload(f"up-{each}")]
    await portal.world.publish(*events)
    for each in range(12):
        item = await portal.has_status(f"up-{each}", "completed_with_errors")
        assert [change["status"] for change in item["history"]] == [
            "not_started",
            "in_progress",
            "completed_with_errors",
        ]
    await eventually(lambda: _mails(portal), "twelve mails", until=lambda mails: len(mails) >= 12)
    assert len({mail["Message-ID"] for mail in portal.mailbox.mails}) == len(portal.mailbox.mails) == 12
