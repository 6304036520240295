"""`GET /` and what hangs on it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bulk_tracker.domain.views import Page
from bulk_tracker.domain.vocabulary import LABELS, ROLES, Status
from bulk_tracker.pages.groups import grouped
from bulk_tracker.pages.looks import Looks
from bulk_tracker.store.actions import Filters, Requester
from bulk_tracker.store.stores import Stores
from bulk_tracker.store.views import details_of, filters_of, page_of, summary_of
from shared.http import Principal, Problem
from shared.http.sessions import Sessions

A_PAGE = 50
_READ = ["GET", "HEAD"]
_FILTERS = ("q", "status", "type", "from", "to")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def router(stores: Stores, sessions: Sessions, looks: Looks) -> APIRouter:
    """Return the page's routes."""
    routes = APIRouter(include_in_schema=False)

    async def asking(request: Request) -> Principal | None:
        who = await sessions.read(request)
        return who if who is not None and who.roles & frozenset(ROLES) else None

    @routes.api_route("/", methods=_READ)
    async def actions(request: Request) -> Response:
        who = await asking(request)
        return await _list(stores, looks, who, request.query_params) if who else looks.signed_out()

    @routes.api_route("/actions/{name:path}/error-report", methods=_READ)
    async def report(name: str, request: Request) -> Response:
        who = await asking(request)
        return await _report(stores, looks, who, name) if who else looks.signed_out()

    @routes.api_route("/actions/{name:path}", methods=_READ)
    async def action(name: str, request: Request) -> Response:
        who = await asking(request)
        return await _details(stores, looks, who, name) if who else looks.signed_out()

    @routes.api_route("/static/{version}/{name}", methods=_READ)
    async def asset(version: str, name: str) -> Response:
        del version  # a change of content is a change of address
        return looks.asset(name)

    _ = actions, report, action, asset
    return routes


def _requester(who: Principal) -> Requester:
    return Requester(portal_id=who.portal_id or "", subject=who.subject)


async def _list(stores: Stores, looks: Looks, who: Principal, parameters: Mapping[str, str]) -> Response:
    query = {name: parameters.get(name, "").strip() for name in _FILTERS}
    page, trouble = await _narrowed(stores, _requester(who), query, parameters.get("cursor") or None)
    given = {name: value for name, value in query.items() if value}
    older = f"/?{urlencode({**given, 'cursor': page.next_cursor})}" if page.next_cursor else None
    newest = f"/?{urlencode(given)}" if parameters.get("cursor") else None
    return looks.page(
        "list.html",
        who,
        groups=grouped(page.items),
        signature=" ".join(f"{each.action_id}:{each.version}:{each.report.state}" for each in page.items),
        query={**query, "from_": _day(query["from"]), "to": _day(query["to"])},
        filtered=bool(given),
        trouble=trouble,
        statuses=list(Status),
        types=_types(query["type"]),
        older=older,
        newest=newest,
    )


async def _narrowed(
    stores: Stores, requester: Requester, query: Mapping[str, str], cursor: str | None
) -> tuple[Page, str | None]:
    """Return a page of the list, and a sentence where the filters could not be read."""
    try:
        if query["status"] and query["status"] not in set(Status):
            return await page_of(stores, requester, Filters(), cursor=None, limit=A_PAGE), "There is no such status."
        filters = filters_of(
            status=query["status"] or None,
            type=query["type"] or None,
            q=query["q"][:200].replace("\x00", "") or None,
            from_=query["from"] or None,
            to=query["to"] or None,
        )
        return await page_of(stores, requester, filters, cursor=cursor, limit=A_PAGE), None
    except Problem as problem:
        if problem.status != 422:  # noqa: PLR2004  Unprocessable
            raise
        trouble = "A filter could not be read, so all actions are shown."
        return await page_of(stores, requester, Filters(), cursor=None, limit=A_PAGE), trouble


def _day(text: str) -> str:
    """Return what a date's field can show; the filter may be an instant, or nonsense."""
    return text if _DAY.fullmatch(text) else ""


def _types(chosen: str) -> list[tuple[str, str]]:
    types = list(LABELS.items())
    return types if not chosen or chosen in LABELS else [*types, (chosen, chosen)]


async def _details(stores: Stores, looks: Looks, who: Principal, name: str) -> Response:
    item = await details_of(stores, _requester(who), name)
    if item is None:
        return looks.not_found(who)
    summary: Any = None
    if item.report.state == "available" and item.report.expires_at is not None:
        summary = await summary_of(stores, item.action_id, item.report.expires_at)
    return looks.page("action.html", who, item=item, summary=summary)


async def _report(stores: Stores, looks: Looks, who: Principal, name: str) -> Response:
    item = await details_of(stores, _requester(who), name)
    if item is None or item.report.state == "none":
        return looks.not_found(who)
    if item.report.state == "expired":
        return looks.expired(who, item)
    return RedirectResponse(f"/v1/actions/{quote(item.action_id, safe='')}/error-report", 303)
