"""Attempts: lists, one with its why."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from contracts.types import PortalId
from go1_stats_processor.routes.filters import Filters
from go1_stats_processor.routes.shapes import Attempts, AttemptWithWhy, attempt, attempt_with_why
from go1_stats_processor.store.asking import newest
from go1_stats_processor.store.flow import Flow
from shared.http import Auth, Principal, Problem, api_router
from shared.http.paging import Limit


def router(flow: Flow, auth: Auth) -> APIRouter:
    routes = api_router(prefix="/v1/attempts", tags=["attempts"])
    reader = Depends(auth.require("analyst", "operator"))

    @routes.get("", summary="Attempts, newest activity first")
    async def _list(
        filters: Annotated[Filters, Depends()],
        principal: Annotated[Principal, reader],
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Attempts:
        query = await filters.query(principal.portals, flow.rows)
        items, next_cursor = await newest(flow.rows, filters, query, cursor=cursor, limit=limit)
        titles = await flow.courses.titles({each["course_id"] for each in items})
        return Attempts(items=[attempt(each, titles) for each in items], next_cursor=next_cursor)

    @routes.get("/{attempt_id:path}", summary="One attempt, why it shows what it shows, and its history")
    async def _one(
        attempt_id: str,
        portal_id: Annotated[PortalId, Query()],
        principal: Annotated[Principal, reader],
    ) -> AttemptWithWhy:
        row = await flow.rows.of_attempt(portal_id, attempt_id) if principal.sees_portal(portal_id) else None
        published = None if row is None else await flow.groups.published(row)
        if row is None or published is None:
            raise Problem(404, detail="There is no such attempt.")
        return attempt_with_why(row, published, await flow.courses.titles({row["course_id"]}))

    return routes
