"""Who asks, and the one answer to what is not his."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from bulk_tracker.domain.vocabulary import ROLES
from bulk_tracker.store.actions import Requester
from shared.http import Auth, Principal, Problem


def who_asks(auth: Auth) -> Callable[..., Any]:
    """Return the dependency: the requester that a token, or a page's session, names."""
    principal_of = auth.require(*ROLES)

    async def requester(principal: Annotated[Principal, Depends(principal_of)]) -> Requester:
        # A token without a portal sees nothing; no portal has an empty name.
        return Requester(portal_id=principal.portal_id or "", subject=principal.subject)

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
