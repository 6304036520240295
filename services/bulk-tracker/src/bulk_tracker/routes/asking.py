"""Who asks, and the one answer to what is not his."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request

from bulk_tracker.domain.vocabulary import ROLES
from bulk_tracker.store.actions import Requester
from shared.http import Auth, Principal, Problem
from shared.http.auth import GATE


def who_asks(auth: Auth) -> Callable[[Request], Any]:
    """Return the dependency: the requester that a token, or a page's session, names."""
    principal_of = auth.require(*ROLES)

    async def requester(request: Request) -> Requester:
        principal: Principal = await principal_of(request)
        # A token without a portal sees nothing; no portal has an empty name.
        return Requester(portal_id=principal.portal_id or "", subject=principal.subject)

    setattr(requester, GATE, True)
    return requester


def not_found() -> Problem:
    """Return the same answer for what there is not and for what is another's."""
    return Problem(404, detail="You have started no such action.")


def get(router: APIRouter, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a route for GET, and for HEAD without a second entry in the API's description."""

    def register(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        router.add_api_route(path, endpoint, methods=["GET"], **options)
        router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False, **options)
        return endpoint

    return register
