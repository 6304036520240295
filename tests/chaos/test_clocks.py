"""One process an hour ahead, another an hour behind: the end is the same, nobody writes beside another, what is kept stays."""

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from contracts import BulkActionFinished, BulkActionRowsReported, BulkActionStarted, BulkActionSubmitted
from contracts.bulk_actions import ReportedRow, Requester
from contracts.event import Event
from tests.bulk_tracker.mailbox import Mailbox, a_mailbox
from tests.chaos.clocks import AN_HOUR, Holders, Lease, asked, holders, shifted
from tests.chaos.loads import LOADS
from tests.chaos.storm import READY_SECONDS, Storm, seed
from tests.world import Process, World, eventually

pytestmark = pytest.mark.long

EVENTS = 1_000
"""For each service."""
SECONDS = 20.0
"""In which each half is published: longer than any lease lasts."""
WRITER = ("salesforce-syncer", "writer")
WATCHDOG = ("bulk-tracker", "watchdog")
HELD_SECONDS: dict[Lease, int] = {WRITER: 15, WATCHDOG: 10}
RENEWED_SECONDS: dict[Lease, int] = {WRITER: 4, WATCHDOG: 2}
"""How old a lease may be when its holder is killed."""
HEIR_SECONDS = 60
A_FEW_LOOKS_SECONDS = 5
"""A process looks once a second for mails to send; that it has not sent one can only be waited for."""


async def sampled(world: World, until: asyncio.Event) -> dict[Lease, set[tuple[str, int]]]:
    """Everybody who has held a lease from now until then."""
    names = [each.service for each in LOADS]
    found: dict[Lease, set[tuple[str, int]]] = {}
    while not until.is_set():
        for lease, held in (await asyncio.to_thread(holders, world, *names)).items():
            found.setdefault(lease, set()).add(held)
        await asyncio.sleep(0.2)
    return found


async def inherited(world: World, before: Holders, killed_at: float) -> dict[Lease, float]:
    """Wait until others hold what ended processes held; how long after their end that was."""
    took: dict[Lease, float] = {}

    async def look() -> bool:
        now = await asyncio.to_thread(holders, world, *(service for service, _ in HELD_SECONDS))
        for lease in HELD_SECONDS:
            if now[lease] != before[lease]:
                took.setdefault(lease, time.monotonic() - killed_at)
        return len(took) == len(HELD_SECONDS)

    await eventually(look, "others to take the leases over", seconds=HEIR_SECONDS)
    return took


async def test_replicas_two_hours_apart_come_to_the_same_end_and_hold_each_lease_one_at_a_time(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    """First both, then the one ahead alone, which inherits; a third, whose clock is right, shows what came of it."""
    rng = random.Random(seed())
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world, Storm(world, LOADS, rng, tmp_path) as storm:
        right = {name: each.environment for name, each in storm.processes.items()}
        for each in storm.processes.values():
            await asyncio.to_thread(each.terminate)
            each.environment = {**each.environment, **shifted(-AN_HOUR)}
            each.start()
        await storm.ready()
        ahead = {each.service: storm.another(each.service, **shifted(AN_HOUR)) for each in LOADS}
        await world.ready(*ahead.values(), seconds=READY_SECONDS)
        over = asyncio.Event()
        sampling = asyncio.create_task(sampled(world, over))
        with_both, with_one = storm.drawn(EVENTS, parts=2)
        await storm.publish(with_both, SECONDS)
        for each in LOADS:
            await storm.quiet(each.service)
        over.set()
        seen = await sampling
        assert {lease: held for lease, held in seen.items() if len(held) > 1} == {}, "leases changed hands"
        assert seen.keys() >= HELD_SECONDS.keys()

        before = {lease: next(iter(held)) for lease, held in seen.items()}
        behind, storm.processes = storm.processes, ahead
        for each in behind.values():
            await asyncio.to_thread(each.kill)
        killed_at = time.monotonic()
        took = await inherited(world, before, killed_at)
        print({name: f"{each:.1f} s" for (_, name), each in took.items()})  # noqa: T201  figures of docs/promises.md
        for lease, each in took.items():
            assert each >= HELD_SECONDS[lease] - RENEWED_SECONDS[lease] - 1, f"{lease} was taken from who still had it"
        await storm.publish(with_one, SECONDS)
        for each in LOADS:
            await storm.quiet(each.service)
            assert await asyncio.to_thread(ahead[each.service].terminate) == 0

        storm.processes = behind
        for name, each in behind.items():
            each.environment = right[name]
            each.start()
        await storm.ready()
        assert await storm.wrong() == []


ADA = Requester(id="ada", name="Ada Example", role="manager")


def an_action(name: str, *, ended: datetime) -> list[Event]:
    """An upload that ended then, with a row in its report."""
    submitted = BulkActionSubmitted(
        action_id=name,
        portal_id="acme",
        action_type="users_upload",
        requester=ADA,
        submitted_at=ended - timedelta(minutes=9),
        file_names=("users.csv",),
    )
    row = ReportedRow(row=2, status="error", identifier="x", issue="Unknown group", resolution="Create it")
    return [
        submitted,
        BulkActionStarted(action_id=name, started_at=ended - timedelta(minutes=8)),
        BulkActionRowsReported(action_id=name, reported_at=ended - timedelta(minutes=1), rows=(row,)),
        BulkActionFinished(action_id=name, finished_at=ended, outcome="completed"),
    ]


async def started(world: World, shift: float, **settings: str) -> Process:
    """A tracker with such a clock, ready."""
    process = world.service("bulk-tracker", **settings)
    await asyncio.to_thread(process.kill)  # before it has read anything: it is started with another clock
    process.environment = {**process.environment, **shifted(shift)}
    process.start()
    await world.ready(process, seconds=READY_SECONDS)
    return process


async def test_reports_expire_no_earlier_and_no_later_than_the_clocks_differ(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Kept for seven days: one that has two hours left is there for everybody, one two hours over for nobody."""
    week, now = timedelta(days=7), datetime.now(UTC).replace(microsecond=0)
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        clocks = {float(shift): await started(world, shift) for shift in (AN_HOUR, -AN_HOUR)}
        await world.publish(
            *an_action("kept", ended=now - week + timedelta(hours=2)),
            *an_action("over", ended=now - week - timedelta(hours=2)),
            *an_action("new", ended=now - timedelta(minutes=1)),
        )

        async def item(shift: float, name: str) -> dict[str, Any]:
            answer = await asked(
                world, clocks[shift], f"/v1/actions/{name}", seconds=shift, sub="ada", portal_id="acme"
            )
            return answer.json()

        for shift in clocks:
            for name, state in {"kept": "available", "over": "expired", "new": "available"}.items():
                await eventually(
                    lambda shift=shift, name=name: item(shift, name),
                    f"{name} to be {state} by the clock {shift:+} s",
                    until=lambda found, state=state: found["report"]["state"] == state,
                )

        async def deleted() -> set[str]:
            return {
                line["action_id"]
                for each in clocks.values()
                for line in each.log()
                if line["event"] == "report.deleted"
            }

        # The one with the lease looks once a minute for rows that are over.
        assert await eventually(deleted, "rows of what is over to go", seconds=150) == {"over"}
        for shift, process in clocks.items():
            path = "/v1/actions/kept/error-report"
            report = await asked(world, process, path, seconds=shift, sub="ada", portal_id="acme")
            assert (report.status_code, "Unknown group" in report.text) == (200, True)


async def mails(world: World) -> list[dict[str, Any]]:
    """What is in the queue of mails."""
    with MongoClient[dict[str, Any]](world.mongo_uri) as client:
        return list(client[world.database_of("bulk-tracker")]["mails"].find())


async def test_a_mail_that_one_process_is_sending_is_not_sent_by_another_whose_clock_is_ahead(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    hang = asyncio.Event()
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world, a_mailbox(Mailbox(hang=hang)) as mailbox:
        mailing = {"SMTP_URL": mailbox.url, "MAIL_FROM": "tracker@lms.example", "PUBLIC_URL": "http://127.0.0.1:1"}
        await started(world, -AN_HOUR, **mailing)
        to_ada = ADA.model_copy(update={"email": "ada@acme.example"})
        submitted, *others = an_action("mailed", ended=datetime.now(UTC).replace(microsecond=0))
        await world.publish(submitted.model_copy(update={"requester": to_ada}), *others)

        async def sending() -> list[int]:
            return [each["attempts"] for each in await mails(world)]

        await eventually(sending, "the mail to be on its way", until=lambda found: found == [1])
        await started(world, AN_HOUR, **mailing)
        await asyncio.sleep(A_FEW_LOOKS_SECONDS)
        assert await sending() == [1]
        hang.set()

        async def outcomes() -> list[str]:
            return [each.get("outcome", "waits") for each in await mails(world)]

        await eventually(outcomes, "the mail to be sent", until=lambda found: found == ["sent"])
        assert len(mailbox.mails) == 1
