"""Answers drawn from the log: when somebody had access, and how well publishers send."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from action_logger.domain.access import Kind, timeline
from action_logger.domain.report import Filters
from action_logger.domain.rows import Reference as EventReference
from action_logger.domain.rows import Row
from action_logger.routes.parameters import ROLES
from action_logger.routes.report import Reference
from action_logger.store.publishers import Publishers
from action_logger.store.report import Report
from contracts.types import instant_text
from shared.http import Auth, Principal, api_router
from shared.http.problems import bad_parameter


class Period(BaseModel):
    """A period of access; `to` is null while it lasts."""

    begin: str = Field(alias="from")
    to: str | None
    granted_by: list[Reference]
    revoked_by: Reference | None


class Contradiction(BaseModel):
    """A row that cannot be true beside the others."""

    kind: Kind
    at: str
    event: Reference


class AccessTimeline(BaseModel):
    """When there was access, as far as the log tells at `as_of`."""

    access: list[Period]
    has_access: bool
    contradictions: list[Contradiction]
    rows: int
    as_of: str


class Sender(BaseModel):
    """One event source."""

    source: str
    accepted: int
    dead_lettered: dict[str, int]
    last_seen: str | None


class Senders(BaseModel):
    """All event sources."""

    items: list[Sender]
    as_of: str


def router(report: Report, publishers: Publishers, auth: Auth, clock: Callable[[], datetime]) -> APIRouter:
    routes = api_router(prefix="/v1", tags=["answers"])
    reader = auth.require(*ROLES)

    @routes.get("/access-timeline", response_model=AccessTimeline)
    async def access_timeline(
        principal: Annotated[Principal, Depends(reader)],
        email: Annotated[str, Query(min_length=3, max_length=320)],
        content_id: Annotated[str | None, Query(max_length=128)] = None,
        content_title: Annotated[
            str | None, Query(max_length=1000, description="The whole title; capitals do not matter")
        ] = None,
    ) -> dict[str, Any]:
        if (content_id is None) == (content_title is None):
            raise bad_parameter("content_id", "give content_id or content_title, one of them")
        as_of = clock()
        selection = await report.select(Filters(email=email), principal.panoramas)
        rows = [
            entry.row
            async for some in report.all(selection, ascending=True)
            for entry in some
            if _is_about(entry.row, content_id, content_title)
        ]
        found = timeline(rows)
        return {
            "access": [
                {
                    "from": instant_text(each.begin),
                    "to": None if each.end is None else instant_text(each.end),
                    "granted_by": [_reference(event) for event in each.granted_by],
                    "revoked_by": None if each.revoked_by is None else _reference(each.revoked_by),
                }
                for each in found.periods
            ],
            "has_access": bool(found.periods) and found.periods[-1].end is None,
            "contradictions": [
                {"kind": each.kind, "at": instant_text(each.at), "event": _reference(each.event)}
                for each in found.contradictions
            ],
            "rows": len(rows),
            "as_of": instant_text(as_of),
        }

    @routes.get("/publishers", response_model=Senders)
    async def senders(principal: Annotated[Principal, Depends(reader)]) -> dict[str, Any]:
        as_of = clock()
        # A source's counts are of all panoramas together, so they are for those who see all of them.
        found = await publishers.all() if principal.panoramas is None else []
        return {
            "items": [
                {
                    "source": each.source,
                    "accepted": each.accepted,
                    "dead_lettered": each.dead_lettered,
                    "last_seen": None if each.last_seen is None else instant_text(each.last_seen),
                }
                for each in found
            ],
            "as_of": instant_text(as_of),
        }

    return routes


def _is_about(row: Row, content_id: str | None, title: str | None) -> bool:
    return row.content_id == content_id if title is None else row.content_title.casefold() == title.casefold()


def _reference(event: EventReference) -> dict[str, str]:
    return {"source": event.source, "id": event.id}
