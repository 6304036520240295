"""Lists of actions, and actions alone."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from bulk_tracker.domain.vocabulary import Status
from bulk_tracker.routes.asking import get, not_found, who_asks
from bulk_tracker.routes.models import Details, Item, Page, known
from bulk_tracker.store.actions import Filters, Requester
from bulk_tracker.store.stores import Stores
from contracts.types import instant, instant_text
from shared.http import Auth, api_router
from shared.http.paging import Limit, decode_cursor, encode_cursor
from shared.http.problems import bad_parameter

Q = Annotated[str | None, Query(max_length=200, description="Beginning of a reference id, or part of a file's name")]
From = Annotated[str | None, Query(alias="from", description="Submitted then or later: an instant, or a day (UTC)")]
To = Annotated[str | None, Query(description="Submitted before this instant, or up to the end of this day (UTC)")]


def router(stores: Stores, auth: Auth) -> APIRouter:
    routes = api_router(tags=["actions"])
    asking = who_asks(auth)

    @get(routes, "/v1/actions", response_model=Page, summary="Your bulk actions, newest first")
    async def actions(
        *,
        response: Response,
        requester: Annotated[Requester, Depends(asking)],
        status: Status | None = None,
        type: Annotated[str | None, Query(max_length=1000, description="`action_type`")] = None,  # noqa: A002  the parameter's name
        q: Q = None,
        from_: From = None,
        to: To = None,
        cursor: str | None = None,
        limit: Limit = 50,
    ) -> Page:
        filters = filters_of(status=status, type=type, q=q, from_=from_, to=to)
        response.headers["Cache-Control"] = "no-store"
        return await page_of(stores, requester, filters, cursor=cursor, limit=limit)

    @get(routes, "/v1/actions/{name}", response_model=Details, summary="One of your actions, by its id or reference id")
    async def action(name: str, response: Response, requester: Annotated[Requester, Depends(asking)]) -> Details:
        response.headers["Cache-Control"] = "no-store"
        return await details_of(stores, requester, name)

    _ = actions, action
    return routes


async def details_of(stores: Stores, requester: Requester, name: str) -> Details:
    """Return one of his actions whole. Raises the 404 that everything else gets too."""
    found = await stores.actions.one(requester, name)
    if found is None:
        raise not_found()
    task = known(found)[0].task
    steps = await stores.actions.steps(requester, task.task_id) if task else []
    return Details.with_steps(found, steps, now=stores.clock(), rules=stores.rules)


async def page_of(stores: Stores, requester: Requester, filters: Filters, *, cursor: str | None, limit: int) -> Page:
    """Return a page of his actions."""
    bound = cursor_filters(requester, filters)
    after = _position(cursor, bound) if cursor else None
    found = await stores.actions.page(requester, filters, after=after, limit=limit + 1)
    now = stores.clock()
    items = tuple(Item.of(each, now=now, rules=stores.rules) for each in found[:limit])
    last = items[-1] if len(found) > limit else None
    next_cursor = encode_cursor([instant_text(last.submitted_at), last.action_id], bound) if last else None
    return Page(items=items, next_cursor=next_cursor)


def cursor_filters(requester: Requester, filters: Filters) -> dict[str, object]:
    """Return what a cursor is bound to: the filters, and who asks."""
    return {
        "portal": requester.portal_id,
        "subject": requester.subject,
        "status": filters.status,
        "type": filters.type,
        "q": filters.q,
        "since": filters.since,
        "until": filters.until,
    }


def _position(cursor: str, filters: dict[str, object]) -> tuple[datetime, str]:
    position: list[Any] = decode_cursor(cursor, filters, length=2)
    submitted_at, action_id = position
    try:
        return instant(submitted_at), str(action_id)
    except ValueError as error:
        raise bad_parameter("cursor", "not a cursor of this list") from error


def filters_of(*, status: str | None, type: str | None, q: str | None, from_: str | None, to: str | None) -> Filters:  # noqa: A002  the parameter's name
    return Filters(
        status=status,
        type=type,
        q=q,
        since=_moment("from", from_, end_of_day=False),
        until=_moment("to", to, end_of_day=True),
    )


def _moment(name: str, text: str | None, *, end_of_day: bool) -> datetime | None:
    """Read an instant or a day; pages send days."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-22"):
            day = datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time(), UTC)  # noqa: DTZ007  a day has no zone
            return day + timedelta(days=1) if end_of_day else day
        return instant(text)
    except (ValueError, OverflowError) as error:
        raise bad_parameter(name, "an instant with an offset is needed, or a day such as 2026-11-22") from error
