"""Statistics of a course, of a learner, and the table of courses."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.types import Id, Instant
from go1_stats_processor.routes.filters import Portal
from go1_stats_processor.store import statistics
from go1_stats_processor.store.asking import between, visible
from go1_stats_processor.store.flow import Flow
from shared.http import Auth, Principal, Problem, api_router
from shared.http.paging import Limit, decode_cursor, encode_cursor
from shared.mongo import Document

From = Annotated[Instant | None, Query(alias="from", description="On the last activity, inclusive")]
To = Annotated[Instant | None, Query(alias="to", description="On the last activity, exclusive")]


class Statistics(BaseModel):
    """`attempts` (without voided) = `in_progress` + `completed` (by Go1) + `legacy`; times without `legacy_zero`."""

    attempts: int
    in_progress: int
    completed: int
    legacy: int
    success: int
    failed: int
    voided: int
    success_rate: float | None
    mean_time_spent_seconds: float | None
    median_time_spent_seconds: float | None
    last_activity_at: Instant | None


class CourseStatistics(Statistics):
    """Of one course."""

    course_id: str
    course_title: str | None


class LearnerStatistics(Statistics):
    """Of one learner."""

    learner_id: str


class CourseTable(BaseModel):
    """A page of courses."""

    items: list[CourseStatistics]
    next_cursor: str | None


def router(flow: Flow, auth: Auth) -> APIRouter:
    routes = api_router(prefix="/v1", tags=["statistics"])
    reader = Depends(auth.require("analyst", "operator"))
    rows = flow.rows

    async def of_portals(portal_id: str | None, principal: Principal) -> Document:
        return {"portal_id": {"$in": await visible(portal_id, principal.portals, rows)}}

    @routes.get("/courses", summary="All courses with their statistics, by course id")
    async def _courses(
        *,
        principal: Annotated[Principal, reader],
        portal_id: Portal = None,
        since: From = None,
        until: To = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> CourseTable:
        filters = {"portal_id": portal_id, "from": since, "to": until}
        query = {**await of_portals(portal_id, principal), **between(since, until)}
        after = "" if cursor is None else str(decode_cursor(cursor, filters, length=1)[0])
        course_ids = [each for each in await rows.course_ids(query) if each > after]
        page = course_ids[:limit]
        found = await statistics.by(rows.collection, {**query, "course_id": {"$in": page}}, "course_id")
        titles = await flow.courses.titles(page)
        return CourseTable(
            items=[_course(each, found[each,], titles) for each in page if (each,) in found],
            next_cursor=encode_cursor([page[-1]], filters) if len(course_ids) > limit else None,
        )

    @routes.get("/courses/{course_id:path}/statistics", summary="Statistics of one course")
    async def _course_statistics(
        course_id: Id,
        principal: Annotated[Principal, reader],
        portal_id: Portal = None,
        since: From = None,
        until: To = None,
    ) -> CourseStatistics:
        query: dict[str, Any] = {**await of_portals(portal_id, principal), "course_id": course_id}
        titles = await flow.courses.titles([course_id])
        if not query["portal_id"]["$in"] or not (titles or await rows.has(query)):
            raise Problem(404, detail="There is no such course.")
        return _course(course_id, await statistics.of(rows.collection, {**query, **between(since, until)}), titles)

    @routes.get("/learners/{learner_id:path}/statistics", summary="Statistics of one learner")
    async def _learner_statistics(
        learner_id: Id,
        principal: Annotated[Principal, reader],
        portal_id: Portal = None,
        since: From = None,
        until: To = None,
    ) -> LearnerStatistics:
        query: dict[str, Any] = {**await of_portals(portal_id, principal), "learner_id": learner_id}
        if not await rows.has(query):
            raise Problem(404, detail="There is no such learner.")
        numbers = await statistics.of(rows.collection, {**query, **between(since, until)})
        return LearnerStatistics(learner_id=learner_id, **_plain(numbers))

    return routes


def _course(course_id: str, numbers: statistics.Numbers, titles: Mapping[str, str]) -> CourseStatistics:
    return CourseStatistics(course_id=course_id, course_title=titles.get(course_id), **_plain(numbers))


def _plain(numbers: statistics.Numbers) -> dict[str, Any]:
    return {name: getattr(numbers, name) for name in numbers.__slots__}
