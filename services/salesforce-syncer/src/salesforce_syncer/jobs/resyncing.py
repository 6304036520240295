"""Resyncs: rows made dirty, the writer does the rest; how it goes is told as a bulk action."""

import hashlib
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    ReportedRow,
    Requester,
)
from contracts.envelope import Envelope
from contracts.event import Event
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.resyncs import Left, Resyncs
from salesforce_syncer.store.writing import WritingStore
from shared.kafka import Sender
from shared.mongo import Document

log = structlog.stdlib.get_logger()

EVERY_SECONDS = 2.0
ROWS_AT_ONCE = 75
"""Rows told in one event, so that none passes the 256 KiB that an event may have, whatever Salesforce says: a character is
four bytes at most, so a row is at most 800 + 2,400 and some 150 for the rest, and 75 of them are below 252,000."""
LONGEST_IDENTIFIER = 200
LONGEST_ISSUE = 600
IDS = uuid.UUID("7d1c2b0e-3d7b-5b5c-9a63-3f4a8f2e6c11")
"""Names the ids of our events: the same step of the same resync is the same event."""


@dataclass
class Resyncing:
    """A chore of the writer."""

    settings: Settings
    resyncs: Resyncs
    facts: FactStore
    store: WritingStore
    sender: Sender
    source: str
    clock: Callable[[], datetime]
    _looked_at: float = field(default=0.0, init=False)

    async def run(self) -> None:
        """Take each resync one step further."""
        if time.monotonic() - self._looked_at < EVERY_SECONDS:
            return
        self._looked_at = time.monotonic()
        for each in await self.resyncs.open():
            if each["state"] == "asked":
                await self._begin(each)
            else:
                await self._go_on(each)

    async def _begin(self, asked: Document) -> None:
        now, request_id, portal_id = self.clock(), asked["_id"], asked["portal_id"]
        await self._tell(asked, "submitted", _submitted(asked))
        hindrance = await self._hindrance(portal_id)
        if hindrance is not None:
            finished = BulkActionFinished(action_id=request_id, finished_at=now, outcome="failed", message=hindrance)
            await self._tell(asked, "finished", finished)
            await self.resyncs.finish(request_id, now)
            return
        learner = {"learner_id": asked["learner_id"]} if asked.get("learner_id") else {}
        await self.facts.rederive_all({"portal_id": portal_id, **learner})
        total = await self.resyncs.mark(request_id, portal_id, asked.get("learner_id"), now)
        await self._tell(asked, "started", BulkActionStarted(action_id=request_id, started_at=now))
        await self.resyncs.update(request_id, state="running", total=total)
        log.info("resync.started", request_id=request_id, portal_id=portal_id, rows=total)

    async def _hindrance(self, portal_id: str) -> str | None:
        if portal_id not in await self.store.known_portals():
            return "The portal is not connected with Salesforce."
        if not self.settings.serves(portal_id):
            return "This Salesforce org is not for the portal."
        return "The portal is in dry run." if self.settings.dry_run(portal_id) else None

    async def _go_on(self, asked: Document) -> None:
        left = await self.resyncs.left(asked["_id"], asked["total"])
        now = self.clock()
        await self._tell(asked, f"progressed:{now.isoformat()}", _progressed(asked, left, now))
        if left.open:
            return
        number = 0
        async for rows in self.resyncs.refused(asked["_id"]):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                report = _report(asked["_id"], rows[start : start + ROWS_AT_ONCE], number, now)
                await self._tell(asked, f"rows:{number}", report)
                number += len(report.rows)
        outcome = "completed_with_errors" if left.rejected else "completed"
        await self._tell(
            asked, "finished", BulkActionFinished(action_id=asked["_id"], finished_at=now, outcome=outcome)
        )
        await self.resyncs.finish(asked["_id"], now)
        log.info("resync.finished", request_id=asked["_id"], rows=left.total, rejected=left.rejected)

    async def _tell(self, asked: Document, step: str, data: Event) -> None:
        event_id = str(uuid.uuid5(IDS, hashlib.sha256(f"{asked['_id']}/{step}".encode()).hexdigest()))
        # Without a flow of the asker's, the resync is one of its own.
        trace = {"correlationid": asked["_id"], **asked.get("cause", {})}
        await self.sender.send([Envelope.of(data, source=self.source, id=event_id, time=self.clock(), **trace)])


def _submitted(asked: Document) -> BulkActionSubmitted:
    return BulkActionSubmitted(
        action_id=asked["_id"],
        portal_id=asked["portal_id"],
        action_type="salesforce_resync",
        requester=Requester.model_validate(asked["requester"]),
        submitted_at=datetime.fromisoformat(asked["requested_at"]),
        file_names=(),
    )


def _progressed(asked: Document, left: Left, now: datetime) -> BulkActionProgressed:
    processed = max(0, left.total - left.open)
    return BulkActionProgressed(
        action_id=asked["_id"],
        progressed_at=now,
        processed=processed,
        succeeded=max(0, processed - left.rejected - left.waiting),
        warnings=left.waiting,
        errors=left.rejected,
        total_rows=left.total,
    )


def _report(request_id: str, rows: Sequence[Document], before: int, now: datetime) -> BulkActionRowsReported:
    reported = tuple(_reported(each, before + number) for number, each in enumerate(rows, 1))
    return BulkActionRowsReported(action_id=request_id, reported_at=now, rows=reported)


def _reported(row: Document, number: int) -> ReportedRow:
    error: dict[str, Any] | None = row.get("error")
    rejected = row["state"] == "rejected" and error is not None
    return ReportedRow(
        row=number,
        status="error" if rejected else "warning",
        identifier=f"{row['object']} {row['key']}"[:LONGEST_IDENTIFIER],
        issue=_line(f"{error['code']}: {error['message']}")
        if rejected and error
        else "Its parent row is not written yet",
        resolution="Mend the cause in Salesforce or at the source, then retry"
        if rejected
        else "None; it follows its parent",
    )


def _line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:LONGEST_ISSUE]
