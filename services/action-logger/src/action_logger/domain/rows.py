"""Events in, rows out; and which of several rows with one identity stays."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from contracts.attempts import AttemptChanged
from contracts.content_actions import ContentActionRecorded
from contracts.envelope import Envelope
from contracts.types import normal_email

GO1_SOURCE = "/learnwire/go1-stats-processor"
"""Event source of the rows that attempts become; nobody else may use it."""

ERASED = "erased"
"""Shown in place of an address that was erased."""


class Reference(NamedTuple):
    """`(source, id)` of an event: unique for ever."""

    source: str
    id: str


class Row(NamedTuple):
    """One row of the log, its person still by address. A named tuple: thousands a second are made."""

    event: Reference
    time: datetime
    """When the publisher recorded the event: an erasure reaches the rows that are not later than it."""
    email: str
    normal_email: str
    panorama_name: str | None
    content_type: str
    content_title: str
    type: str
    source: str
    timestamp: datetime
    portal_id: str | None = None
    learner_id: str | None = None
    content_id: str | None = None
    actor_id: str | None = None
    reference_id: str | None = None
    corrects: Reference | None = None
    correlationid: str | None = None

    @property
    def learner(self) -> str | None:
        """`portal/learner`, where the event says both."""
        return None if self.portal_id is None or self.learner_id is None else f"{self.portal_id}/{self.learner_id}"


def row_of_action(event: Envelope[ContentActionRecorded]) -> Row:
    data = event.data
    corrects = data.corrects
    return Row(
        Reference(event.source, event.id),
        event.time,
        data.email,
        normal_email(data.email),
        data.panorama_name,
        data.content_type,
        data.content_title,
        data.type,
        data.source,
        data.timestamp,
        data.portal_id,
        data.learner_id,
        data.content_id,
        data.actor_id,
        data.reference_id,
        None if corrects is None else Reference(corrects.source, corrects.id),
        event.correlationid,
    )


def rows_of_attempt(event: Envelope[AttemptChanged]) -> tuple[Row, ...]:
    """Rows that this state of an attempt shows, whatever has just changed in it."""
    data = event.data
    rows: list[Row] = []
    if data.origin == "platform" and data.started_at is not None:
        rows.append(_of_attempt(event, data.attempt_id, "course_started", data.started_at))
    if data.status == "completed" and data.go1_enrollment_id is not None and data.completed_at is not None:
        rows.append(_of_attempt(event, data.go1_enrollment_id, "course_completed", data.completed_at))
    return tuple(rows)


def _of_attempt(event: Envelope[AttemptChanged], thing: str, source: str, timestamp: datetime) -> Row:
    data = event.data
    return Row(
        Reference(GO1_SOURCE, f"{data.portal_id}:{thing}:{source}"),
        event.time,
        data.email,
        normal_email(data.email),
        panorama_name=None,
        content_type="course",
        content_title=data.course_title or data.course_id,
        type="status_change",
        source=source,
        timestamp=timestamp,
        portal_id=data.portal_id,
        learner_id=data.learner_id,
        content_id=data.course_id,
        correlationid=event.correlationid,
    )


def content_digest(row: Row, key: bytes) -> bytes:
    """Return what two events with one identity are compared by: all their data, in normal form, under a key.

    Keyed, because the address is in it and the rest can be read beside it. No value is empty or holds a control
    character, so an empty place is an absent value and the separators part what they stand between. Fields that
    contracts gain later go to the end, and only where they are present: the digests of older rows must stay the same.
    """
    corrects = row.corrects
    content = (
        row.normal_email,
        row.panorama_name or "",
        row.content_type,
        row.content_title,
        row.type,
        row.source,
        row.timestamp.isoformat(),
        row.portal_id or "",
        row.learner_id or "",
        row.content_id or "",
        row.actor_id or "",
        row.reference_id or "",
        "" if corrects is None else f"{corrects.source}\x1e{corrects.id}",
    )
    return blake2b("\x1f".join(content).encode(), key=key, digest_size=16).digest()


def first_of_each(rows: Sequence[Row]) -> tuple[int, ...]:
    """Return the positions of the rows that come first with their identity."""
    first: dict[Reference, int] = {}
    for position, row in enumerate(rows):
        first.setdefault(row.event, position)
    return tuple(first.values())


def contradicting(rows: Sequence[Row], digests: Sequence[bytes], stored: Mapping[Reference, bytes]) -> tuple[int, ...]:
    """Return the positions of the rows whose identity has other content: what is stored stays, else the first."""
    known = dict(stored)
    return tuple(
        position
        for position, (row, digest) in enumerate(zip(rows, digests, strict=True))
        if known.setdefault(row.event, digest) != digest
    )
