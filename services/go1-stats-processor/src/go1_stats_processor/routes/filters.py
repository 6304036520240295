"""What lists can be asked for, and whose portals somebody sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query

from contracts.types import EmailAddress, Id, Instant, PortalId, normal_email
from go1_stats_processor.store.rows import Rows
from shared.http import Principal
from shared.mongo import Document

Portal = Annotated[PortalId | None, Query(description="One portal; without it all that the token names")]


@dataclass(frozen=True, slots=True)
class Filters:
    """Of attempts; `from` and `to` are half-open, on the last activity."""

    portal_id: Portal = None
    learner_id: Id | None = None
    email: EmailAddress | None = None
    course_id: Id | None = None
    status: Literal["in_progress", "completed", "voided"] | None = None
    result: Literal["success", "failed"] | None = None
    origin: Literal["platform", "go1"] | None = None
    since: Annotated[Instant | None, Query(alias="from")] = None
    until: Annotated[Instant | None, Query(alias="to")] = None

    def given(self) -> dict[str, object]:
        """Return what a cursor is bound to."""
        return {name: getattr(self, name) for name in self.__slots__}

    async def query(self, principal: Principal, rows: Rows) -> Document | None:
        """Return MongoDB's query, or None where nothing can be seen."""
        portals = await visible(self.portal_id, principal, rows)
        if not portals:
            return None
        query: dict[str, Any] = {"portal_id": portals[0] if len(portals) == 1 else {"$in": portals}, "erased": None}
        for name in ("learner_id", "course_id", "status", "result", "origin"):
            if (value := getattr(self, name)) is not None:
                query[name] = value
        if self.email is not None:
            query["address"] = normal_email(self.email)
        return query | between(self.since, self.until)


async def visible(portal_id: str | None, principal: Principal, rows: Rows) -> list[str]:
    """Return the portals that are asked for and may be seen."""
    if portal_id is not None:
        return [portal_id] if principal.sees_portal(portal_id) else []
    return sorted(await rows.portals() if principal.portals is None else principal.portals)


def between(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    limits = {name: value for name, value in (("$gte", since), ("$lt", until)) if value is not None}
    return {"last_activity_at": limits} if limits else {}
