"""View only: every method but GET and HEAD is refused, whatever the path."""

from fastapi import APIRouter

from shared.http import Problem


def router() -> APIRouter:
    """Return a router that must come last."""
    routes = APIRouter()

    @routes.api_route(
        "/{path:path}", methods=["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"], include_in_schema=False
    )
    async def refuse(path: str) -> None:
        del path
        raise Problem(405, detail="The tracker is view only.", headers={"Allow": "GET, HEAD"})

    _ = refuse
    return routes
