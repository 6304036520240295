"""Lists of actions, and actions alone."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from bulk_tracker.domain.views import Details, Page
from bulk_tracker.domain.vocabulary import Status
from bulk_tracker.routes.asking import get, not_found, who_asks
from bulk_tracker.store.actions import Requester
from bulk_tracker.store.stores import Stores
from bulk_tracker.store.views import details_of, filters_of, page_of
from shared.http import Auth, api_router
from shared.http.paging import Limit

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

    @get(
        routes,
        "/v1/actions/{name:path}",
        response_model=Details,
        summary="One of your actions, by its id or reference id",
    )
    async def action(name: str, response: Response, requester: Annotated[Requester, Depends(asking)]) -> Details:
        response.headers["Cache-Control"] = "no-store"
        found = await details_of(stores, requester, name)
        if found is None:
            raise not_found()
        return found

    _ = actions, action
    return routes
