"""What attempts can be asked for, by routes and pages alike, and whose portals somebody sees."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from contracts.types import Count, EmailAddress, Id, Instant, PortalId, instant, instant_text, normal_email
from go1_stats_processor.store.enrollments import Enrollments
from go1_stats_processor.store.rows import Rows
from go1_stats_processor.store.statistics import TIMED
from shared.http.paging import decode_cursor, encode_cursor
from shared.http.problems import bad_parameter
from shared.mongo import Document

_PLAIN = ("learner_id", "course_id", "status", "legacy", "result", "origin")


@dataclass(frozen=True, slots=True)
class Asked:
    """All that is given must hold. `since` ≤ last activity < `until`; `time_spent_from` ≤ seconds < `time_spent_to`.

    Times are those that statistics count: of attempts with a time, without `legacy_zero`.
    """

    portal_id: PortalId | None = None
    learner_id: Id | None = None
    email: EmailAddress | None = None
    course_id: Id | None = None
    status: Literal["in_progress", "completed", "voided"] | None = None
    legacy: bool | None = None
    result: Literal["success", "failed"] | None = None
    origin: Literal["platform", "go1"] | None = None
    time_spent_from: Count | None = None
    time_spent_to: Count | None = None
    since: Instant | None = None
    until: Instant | None = None

    def given(self) -> dict[str, object]:
        """Return all fields: what a cursor is bound to."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    async def query(self, portals: Collection[str] | None, rows: Rows) -> Document | None:
        """Return MongoDB's query for attempts, of who sees these portals (None: all); None where nothing can be seen."""
        query = await self.counted(portals, rows)
        return None if query is None else {**query, "erased": None}

    async def counted(self, portals: Collection[str] | None, rows: Rows) -> Document | None:
        """Return the same for statistics: lines that an erasure left count too."""
        seen = await visible(self.portal_id, portals, rows)
        if not seen:
            return None
        query: dict[str, Any] = {"portal_id": seen[0] if len(seen) == 1 else {"$in": seen}}
        query |= {name: value for name in _PLAIN if (value := getattr(self, name)) is not None}
        if self.email is not None:
            query["address"] = normal_email(self.email)
        return query | _timed(self.time_spent_from, self.time_spent_to) | between(self.since, self.until)


async def visible(portal_id: str | None, portals: Collection[str] | None, rows: Rows) -> list[str]:
    """Return the portals that are asked for and may be seen."""
    seen = asked_of(portal_id, portals)
    return await rows.portals() if seen is None else seen


def asked_of(portal_id: str | None, portals: Collection[str] | None) -> list[str] | None:
    """Return the same without asking the database: None for all that there are."""
    if portal_id is not None:
        return [portal_id] if portals is None or portal_id in portals else []
    return None if portals is None else sorted(portals)


def between(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    limits = _limits(since, until)
    return {"last_activity_at": limits} if limits else {}


def _timed(shortest: int | None, longest: int | None) -> dict[str, Any]:
    limits = _limits(shortest, longest)
    return {**TIMED, "time_spent_seconds": {"$ne": None, **limits}} if limits else {}


def _limits(begin: object, end: object) -> dict[str, Any]:
    return {name: value for name, value in (("$gte", begin), ("$lt", end)) if value is not None}


async def newest(
    rows: Rows, asked: Asked, query: Document | None, *, cursor: str | None, limit: int
) -> tuple[list[Document], str | None]:
    """Return a page of attempts, newest activity first, and the cursor of the next one."""
    if query is None:
        return [], None
    if cursor is not None:
        instant_, row_id = _position(cursor, asked.given())
        beyond = [{"last_activity_at": {"$lt": instant_}}, {"last_activity_at": instant_, "_id": {"$lt": row_id}}]
        query = {"$and": [query, {"$or": beyond}]}
    found = await rows.page(query, limit=limit + 1)
    last = [instant_text(found[limit - 1]["last_activity_at"]), found[limit - 1]["_id"]] if len(found) > limit else None
    return found[:limit], None if last is None else encode_cursor(last, asked.given())


async def parked(
    enrollments: Enrollments,
    portal_id: str | None,
    portals: Collection[str] | None,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[list[Document], str | None]:
    """Return a page of parked completions, oldest first, and the cursor of the next one."""
    filters = {"portal_id": portal_id}
    after = None if cursor is None else _position(cursor, filters)
    found = await enrollments.parked(asked_of(portal_id, portals), after=after, limit=limit + 1)
    last = [instant_text(found[limit - 1]["parked_at"]), found[limit - 1]["_id"]] if len(found) > limit else None
    return found[:limit], None if last is None else encode_cursor(last, filters)


def _position(cursor: str, filters: Mapping[str, object]) -> tuple[datetime, str]:
    """Return (instant, id); cursors can be made up, so what is in one is looked at."""
    instant_, document_id = decode_cursor(cursor, filters, length=2)
    try:
        return instant(instant_), str(document_id)
    except ValueError:
        raise bad_parameter("cursor", "not a cursor of this list") from None
