"""One attempt with its why and history; and completions that wait."""

from fastapi import Response

from go1_stats_processor.domain.rules import EXPLANATIONS
from go1_stats_processor.pages.asking import chosen
from go1_stats_processor.pages.reasons import subjects
from go1_stats_processor.store.asking import parked, visible
from go1_stats_processor.store.flow import Flow
from shared.http import Principal, Problem
from shared.http.pages import Looks, Query
from shared.http.pages.looks import url

A_PAGE = 50


class Singles:
    """Pages of one thing, and the list of what became no attempt yet."""

    def __init__(self, flow: Flow, looks: Looks) -> None:
        self._flow = flow
        self._looks = looks

    async def attempt(self, who: Principal, query: Query) -> Response:
        portal_id, attempt_id = query.get("portal_id", ""), query.get("attempt_id", "")
        row = await self._flow.rows.of_attempt(portal_id, attempt_id) if who.sees_portal(portal_id) else None
        published = None if row is None else await self._flow.groups.published(row)
        if row is None or published is None:
            raise Problem(404)
        shown = {**row, **{name: value for name, value in published.items() if name in row}}
        return self._looks.page(
            "attempt.html",
            who,
            attempt=shown,
            title=(await self._flow.courses.titles([row["course_id"]])).get(row["course_id"]),
            subjects=subjects(published["why"]),
            history=published["history"],
            rules=EXPLANATIONS,
        )

    async def parked(self, who: Principal, query: Query) -> Response:
        choice = chosen(query)
        wrong = bool(choice.form.errors)
        found, cursor = [], None
        if not wrong:
            found, cursor = await parked(
                self._flow.enrollments,
                choice.asked.portal_id,
                who.portals,
                cursor=query.get("cursor") or None,
                limit=A_PAGE,
            )
        return self._looks.page(
            "parked.html",
            who,
            status=422 if wrong else 200,
            here="/parked",
            form=choice.form,
            filtered=choice.filtered(),
            portals=await visible(None, who.portals, self._flow.rows),
            parked=found,
            titles=await self._flow.courses.titles({each["course_id"] for each in found}),
            next_page=None if cursor is None else url("/parked", **choice.form.filled, cursor=cursor),
            first_page=url("/parked", **choice.form.filled) if query.get("cursor") else None,
        )
