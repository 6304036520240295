"""What is published tells what caused it: the causing event's id, its business flow and its trace go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from contracts import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionStatusChanged,
    BulkActionSubmitted,
    ReportedRow,
    Requester,
    SalesforceResyncRequested,
)
from contracts.catalog import BULK_ACTIONS, BULK_STATUSES
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import decode
from tests.salesforce_syncer.stage import PORTAL, staged
from tests.world import World, eventually

ADA = Requester(id="u-ada", name="Ada Example", email="ada@acme.example", role="manager")
SOON = timedelta(seconds=15)
"""Time enough for a busy tracker to take an action in before it is due: else it was never Scheduled."""
STATUSES: Mapping[str, type[Event]] = {BulkActionStatusChanged.TYPE: BulkActionStatusChanged}
ACTIONS: Mapping[str, type[Event]] = {
    each.TYPE: each
    for each in (
        BulkActionSubmitted,
        BulkActionStarted,
        BulkActionProgressed,
        BulkActionRowsReported,
        BulkActionFinished,
    )
}


@dataclass(frozen=True)
class Cause:
    """What an event says of its cause."""

    causationid: str | None = None
    correlationid: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None

    @classmethod
    def of(cls, event: Envelope[Any]) -> "Cause":
        return cls(event.causationid, event.correlationid, event.traceparent, event.tracestate)


def trace(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"


def said(data: Event, event_id: str, **attributes: Any) -> Envelope[Any]:
    return Envelope.of(data, source="/lms/acme", id=event_id, **attributes)


def submitted(action_id: str, at: datetime, **changes: Any) -> BulkActionSubmitted:
    return BulkActionSubmitted(
        action_id=action_id,
        portal_id="acme",
        action_type="users_upload",
        requester=ADA,
        submitted_at=at,
        file_names=("users.csv",),
        **changes,
    )


async def published(world: World, topic: str, reads: Mapping[str, type[Event]], action_id: str) -> list[Envelope[Any]]:
    told = [decode(each.value, each.headers, reads=reads) for each in await world.records(topic)]
    return [each for each in told if isinstance(each, Envelope) and each.data.key() == action_id]


async def statuses(world: World, action_id: str, until: str) -> list[tuple[str, Cause]]:
    """Wait until this status was published, and return each status with its cause."""
    events = await eventually(
        lambda: published(world, BULK_STATUSES, STATUSES, action_id),
        f"{action_id} to be {until}",
        until=lambda found: any(each.data.status == until for each in found),
    )
    return [(each.data.status, Cause.of(each)) for each in events]


async def test_a_change_of_status_tells_the_fact_that_caused_it_or_that_it_was_the_clock(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    row = ReportedRow(row=2, status="error", identifier="user2", issue="Unknown group", resolution="Create it")
    upload = [
        said(submitted("up", now), "e-1", correlationid="order-9", traceparent=trace(1), tracestate="lms=1"),
        said(BulkActionStarted(action_id="up", started_at=now), "e-2", traceparent=trace(2), tracestate="lms=2"),
        said(
            BulkActionProgressed(action_id="up", progressed_at=now, processed=1, succeeded=1, warnings=0, errors=0),
            "e-3",
            correlationid="of-no-change",
        ),
        said(
            BulkActionFinished(action_id="up", finished_at=now, outcome="completed"),
            "e-4",
            correlationid="order-9-end",
            traceparent=trace(4),
        ),
        said(BulkActionRowsReported(action_id="up", reported_at=now, rows=(row,)), "e-5"),
    ]
    flow = {"correlationid": "order-10", "traceparent": trace(10), "tracestate": "lms=10"}
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        await world.ready(world.service("bulk-tracker"))
        now = datetime.now(UTC)
        scheduled = submitted("later", now, scheduled_for=now + SOON, stalls_after_seconds=1)
        await world.publish(said(scheduled, "e-10", **flow), *upload, *upload)
        assert await statuses(world, "up", "completed_with_errors") == [
            ("not_started", Cause("e-1", "order-9", trace(1), "lms=1")),
            ("in_progress", Cause("e-2", "order-9", trace(2), "lms=2")),
            ("completed", Cause("e-4", "order-9-end", trace(4))),
            ("completed_with_errors", Cause("e-5", "order-9")),
        ]
        await statuses(world, "later", "not_started")
        started = BulkActionStarted(action_id="later", started_at=datetime.now(UTC))
        await world.publish(said(started, "e-11", traceparent=trace(11)))
        told = await statuses(world, "later", "timeout")
    assert told == [
        ("scheduled", Cause("e-10", "order-10", trace(10), "lms=10")),
        ("not_started", Cause(None, "order-10", trace(10), "lms=10")),
        ("in_progress", Cause("e-11", "order-10", trace(11))),
        ("timeout", Cause(None, "order-10", trace(10), "lms=10")),
    ]


async def test_all_that_a_resync_tells_names_its_request(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    def request(request_id: str, portal_id: str) -> SalesforceResyncRequested:
        return SalesforceResyncRequested(
            request_id=request_id, portal_id=portal_id, requester=ADA, requested_at=datetime.now(UTC)
        )

    flow = {"correlationid": "ticket-7", "traceparent": trace(1), "tracestate": "lms=1"}
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path) as stage:
        # Its connection comes by another topic: a request that is read before it would be refused.
        await stage.shows(lambda: "acme" in stage.standin.rows(PORTAL), expected=True)
        await stage.world.publish(
            said(request("r-1", "acme"), "e-1", **flow), said(request("r-2", "not-connected"), "e-2")
        )
        told = {
            name: await eventually(
                lambda name=name: published(stage.world, BULK_ACTIONS, ACTIONS, name),
                f"{name} to finish",
                until=lambda found: any(isinstance(each.data, BulkActionFinished) for each in found),
            )
            for name in ("r-1", "r-2")
        }
    # Progress is told every two seconds, as long as it takes.
    assert [kind for kind, _ in groupby(each.type for each in told["r-1"])] == [
        BulkActionSubmitted.TYPE,
        BulkActionStarted.TYPE,
        BulkActionProgressed.TYPE,
        BulkActionFinished.TYPE,
    ]
    assert {Cause.of(each) for each in told["r-1"]} == {Cause("e-1", "ticket-7", trace(1), "lms=1")}
    assert [(type(each.data), Cause.of(each)) for each in told["r-2"]] == [
        (BulkActionSubmitted, Cause("e-2", "r-2")),
        (BulkActionFinished, Cause("e-2", "r-2")),
    ]
