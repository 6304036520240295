"""What a report may be asked, and how a row of it reads."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from action_logger.domain.rows import ERASED, Reference, Row
from contracts import vocabulary
from contracts.types import instant_text

COLUMNS = ("Email", "Panorama Name", "Content Type", "Content Title", "Type", "Source", "Timestamp")
"""Of the CSV file, in this order; others read them by name and place."""


@dataclass(frozen=True, slots=True)
class Filters:
    """All that is given must hold. `since` ≤ timestamp < `until`; `title` is contained in the content's title."""

    email: str | None = None
    panorama: str | None = None
    content_type: str | None = None
    title: str | None = None
    type: str | None = None
    source: str | None = None
    reference_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def named(self) -> dict[str, str]:
        """Return what is given, as text."""
        return {
            name: instant_text(value) if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
            if value is not None
        }


def is_source(word: str) -> bool:
    """Whether some type has this source, or one of which this is the alias."""
    canonical = vocabulary.canonical_source(word)
    return any(canonical == source for _, source in vocabulary.PAIRS)


class Entry(NamedTuple):
    """A row as it is reported. Its `email` is an address or `erased`."""

    row: Row
    received_at: datetime


def as_json(entry: Entry) -> dict[str, Any]:
    """Return all fields, absent ones as null."""
    row = entry.row
    return {
        "event": _reference(row.event),
        "timestamp": instant_text(row.timestamp),
        "received_at": instant_text(entry.received_at),
        "email": row.email,
        "panorama_name": row.panorama_name,
        "content_type": row.content_type,
        "content_title": row.content_title,
        "type": row.type,
        "source": row.source,
        "learner_id": row.learner_id,
        "content_id": row.content_id,
        "actor_id": row.actor_id,
        "reference_id": row.reference_id,
        "corrects": None if row.corrects is None else _reference(row.corrects),
        "correlationid": row.correlationid,
    }


def as_cells(entry: Entry) -> tuple[str | None, ...]:
    """Return the cells of `COLUMNS`."""
    row = entry.row
    timestamp = instant_text(row.timestamp)
    return (row.email, row.panorama_name, row.content_type, row.content_title, row.type, row.source, timestamp)


def file_name(filters: Filters, extension: str) -> str:
    """Return a download's name, which says its range: `content-actions_2026-01-01_2026-02-01.csv`."""
    return f"content-actions_{_day(filters.since, 'begin')}_{_day(filters.until, 'now')}.{extension}"


def _day(instant: datetime | None, otherwise: str) -> str:
    if instant is None:
        return otherwise
    midnight = instant.hour == instant.minute == instant.second == instant.microsecond == 0
    return instant.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H%M%SZ")


def _reference(event: Reference) -> dict[str, str]:
    return {"source": event.source, "id": event.id}


def shown_address(email: str | None) -> str:
    return ERASED if email is None else email
