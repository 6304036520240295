"""`GET /`: all courses with their statistics, and what they look like together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from go1_stats_processor.pages.asking import Chosen, chosen
from go1_stats_processor.pages.charts import Pictures, pictures
from go1_stats_processor.store import distribution, statistics
from go1_stats_processor.store.asking import asked_of, visible
from go1_stats_processor.store.distribution import Times
from go1_stats_processor.store.flow import Flow
from go1_stats_processor.store.statistics import Numbers
from shared.http import Principal
from shared.http.pages import Looks, Query
from shared.http.pages.looks import url
from shared.http.paging import decode_cursor, encode_cursor
from shared.http.problems import bad_parameter
from shared.mongo import Document

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Course:
    """A line of the table."""

    course_id: str
    title: str | None
    numbers: Numbers


class Overview:
    """The table of courses. Counts those on the page, not all that there are: the charts cost what the table costs."""

    def __init__(self, flow: Flow, looks: Looks) -> None:
        self._flow = flow
        self._looks = looks

    async def show(self, who: Principal, query: Query) -> Response:
        choice = chosen(query, "course")
        text = choice.form.text("course")
        selected = None if choice.form.errors else await choice.asked.counted(who.portals, self._flow.rows)
        found = _Page((), None) if selected is None else await self._courses(selected, text, choice, query)
        times = Times((), 0) if not found.courses else await self._times(selected or {}, found.courses)
        return self._looks.page(
            "overview.html",
            who,
            status=422 if choice.form.errors else 200,
            here="/",
            form=choice.form,
            filtered=choice.filtered(),
            courses=found.courses,
            portals=await visible(None, who.portals, self._flow.rows),
            total=_total([each.numbers for each in found.courses]),
            times=times,
            pictures=_linked(found.courses, times, choice),
            next_page=found.next,
            first_page=url("/", **choice.form.filled) if query.get("cursor") else None,
            is_part=bool(found.next or query.get("cursor")),
            waiting=await self._waiting(who, choice),
        )

    async def _courses(self, selected: Document, text: str | None, choice: Chosen, query: Query) -> "_Page":
        bound = {**choice.asked.given(), "course": text}
        after = _after(query.get("cursor") or None, bound)
        course_ids = await self._flow.rows.course_ids(selected)
        titles = await self._flow.courses.titles(course_ids)
        wanted = (text or "").casefold()
        order = sorted(
            ((titles.get(each) or each).casefold(), each)
            for each in course_ids
            if wanted in (titles.get(each) or "").casefold() or wanted in each.casefold()
        )
        if after is not None:
            order = [each for each in order if each > after]
        page = [course_id for _, course_id in order[:A_PAGE]]
        found = await statistics.by(
            self._flow.rows.collection, {"$and": [selected, {"course_id": {"$in": page}}]}, "course_id"
        )
        last = encode_cursor(order[A_PAGE - 1], bound) if len(order) > A_PAGE else None
        return _Page(
            tuple(Course(each, titles.get(each), found[each,]) for each in page if (each,) in found),
            None if last is None else url("/", **choice.form.filled, cursor=last),
        )

    async def _times(self, selected: Document, courses: Sequence[Course]) -> Times:
        shown = {"course_id": {"$in": [each.course_id for each in courses]}}
        return await distribution.times(self._flow.rows.collection, {"$and": [selected, shown]})

    async def _waiting(self, who: Principal, choice: Chosen) -> Document | None:
        portals = asked_of(choice.asked.portal_id, who.portals)
        found = await self._flow.enrollments.parked(portals, after=None, limit=1)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class _Page:
    courses: tuple[Course, ...]
    next: str | None


def _after(cursor: str | None, bound: Mapping[str, object]) -> tuple[str, str] | None:
    """Return (title in small letters, course); cursors can be made up, so what is in one is looked at."""
    if cursor is None:
        return None
    title, course_id = decode_cursor(cursor, bound, length=2)
    if not isinstance(title, str) or not isinstance(course_id, str):
        raise bad_parameter("cursor", "not a cursor of this list")
    return title, course_id


def _total(numbers: Sequence[Numbers]) -> dict[str, Any]:
    names = ("attempts", "in_progress", "completed", "legacy", "success", "failed", "voided")
    total: dict[str, Any] = {name: sum(getattr(each, name) for each in numbers) for name in names}
    judged = total["success"] + total["failed"]
    return {**total, "success_rate": total["success"] / judged if judged else None}


def _linked(courses: Sequence[Course], times: Times, choice: Chosen) -> Pictures | None:
    return pictures(_total([each.numbers for each in courses]), times, "/", choice.form.filled) if courses else None
