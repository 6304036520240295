"""Completions that wait: why, since when, and whose they could be."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.types import Instant
from go1_stats_processor.routes.filters import Portal
from go1_stats_processor.store.asking import parked
from go1_stats_processor.store.flow import Flow
from shared.http import Auth, Principal, api_router
from shared.http.paging import Limit
from shared.mongo import Document


class Parked(BaseModel):
    """A completion that is not played yet. A person resolves it with `learnwire.go1.match-decided.v1`."""

    portal_id: str
    go1_enrollment_id: str
    course_id: str
    reason: str
    parked_at: Instant
    age_seconds: int
    candidates: list[str]


class ParkedPage(BaseModel):
    """A page of parked completions."""

    items: list[Parked]
    next_cursor: str | None


def router(flow: Flow, auth: Auth) -> APIRouter:
    routes = api_router(prefix="/v1/parked", tags=["parked"])

    @routes.get("", summary="Parked completions, oldest first")
    async def _parked(
        principal: Annotated[Principal, Depends(auth.require("analyst", "operator"))],
        portal_id: Portal = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> ParkedPage:
        items, next_cursor = await parked(flow.enrollments, portal_id, principal.portals, cursor=cursor, limit=limit)
        now = flow.clock()
        return ParkedPage(
            items=[_parked_of(each, now) for each in items],
            next_cursor=next_cursor,
        )

    return routes


def _parked_of(document: Document, now: datetime) -> Parked:
    return Parked(
        portal_id=document["portal_id"],
        go1_enrollment_id=document["go1_enrollment_id"],
        course_id=document["course_id"],
        reason=document["parked"]["reason"],
        parked_at=document["parked_at"],
        age_seconds=max(0, int((now - document["parked_at"]).total_seconds())),
        candidates=document["parked"]["candidates"],
    )
