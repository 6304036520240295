"""Lists of attempts: all, of a course, of a learner; the latter two with their statistics."""

from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Response

from go1_stats_processor.pages.asking import Chosen, chosen
from go1_stats_processor.pages.charts import pictures
from go1_stats_processor.store import distribution, statistics
from go1_stats_processor.store.asking import Asked, newest, visible
from go1_stats_processor.store.flow import Flow
from shared.http import Principal, Problem
from shared.http.pages import Looks, Query
from shared.http.pages.looks import url
from shared.mongo import Document

A_PAGE = 25
KEPT = {"/attempts": (), "/course": ("course_id",), "/learner": ("learner_id", "portal_id")}
"""What a page is about; all else are filters."""


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[Document]
    next: str | None


class Lists:
    """Three pages with one list."""

    def __init__(self, flow: Flow, looks: Looks) -> None:
        self._flow = flow
        self._looks = looks

    async def all(self, who: Principal, query: Query) -> Response:
        choice = chosen(query, "course_id", "learner_id")
        return await self._show(who, query, choice, "attempts.html", "/attempts")

    async def course(self, who: Principal, query: Query) -> Response:
        """Show a course that somebody sees attempts of, or that the catalogue has, as the API does."""
        choice = chosen(query, "course_id")
        course_id = choice.form.values["course_id"]
        titles = await self._flow.courses.titles([course_id])
        scope = await self._scope(who, choice, course_id=course_id)
        if scope is None or not (titles or await self._flow.rows.has(scope)):
            raise Problem(404)
        more = {"course_id": course_id, "title": titles.get(course_id)}
        return await self._show(who, query, choice, "course.html", "/course", **more)

    async def learner(self, who: Principal, query: Query) -> Response:
        choice = chosen(query, "learner_id")
        learner_id = choice.form.values["learner_id"]
        scope = await self._scope(who, choice, learner_id=learner_id)
        if scope is None or not await self._flow.rows.has(scope):
            raise Problem(404)
        return await self._show(who, query, choice, "learner.html", "/learner", learner_id=learner_id)

    async def _scope(self, who: Principal, choice: Chosen, **subject: str) -> Document | None:
        """Return what is looked for without the filters; None for what nobody could ask for."""
        if not subject.keys().isdisjoint(choice.form.errors) or "" in subject.values():
            return None
        portal_id = choice.asked.portal_id
        visible = await Asked(portal_id=portal_id).counted(who.portals, self._flow.rows)
        return None if visible is None else {**visible, **subject}

    async def _show(
        self, who: Principal, query: Query, choice: Chosen, template: str, path: str, **more: Any
    ) -> Response:
        wrong = bool(choice.form.errors)
        page = _Page([], None) if wrong else await self._page(who, query, choice, path)
        if path != "/attempts" and not wrong:
            more |= await self._numbers(who, choice, path)
        return self._looks.page(
            template,
            who,
            status=422 if wrong else 200,
            here=path,
            path=path,
            form=choice.form,
            kept={name: choice.form.values[name] for name in KEPT[path]},
            filtered=choice.filtered(but=KEPT[path]),
            portals=await visible(None, who.portals, self._flow.rows),
            attempts=page.rows,
            titles=await self._flow.courses.titles({each["course_id"] for each in page.rows}),
            exported=choice.exported,
            next_page=page.next,
            first_page=url(path, **choice.form.filled) if query.get("cursor") else None,
            **more,
        )

    async def _numbers(self, who: Principal, choice: Chosen, path: str) -> dict[str, Any]:
        selected = await choice.asked.counted(who.portals, self._flow.rows)
        if selected is None:
            return {}
        numbers = await statistics.of(self._flow.rows.collection, selected)
        times = await distribution.times(self._flow.rows.collection, selected)
        charts = pictures(asdict(numbers), times, path, choice.form.filled)
        return {"numbers": numbers, "times": times, "pictures": charts}

    async def _page(self, who: Principal, query: Query, choice: Chosen, path: str) -> _Page:
        selected = await choice.asked.query(who.portals, self._flow.rows)
        rows, cursor = await newest(
            self._flow.rows, choice.asked, selected, cursor=query.get("cursor") or None, limit=A_PAGE
        )
        return _Page(rows, None if cursor is None else url(path, **choice.form.filled, cursor=cursor))
