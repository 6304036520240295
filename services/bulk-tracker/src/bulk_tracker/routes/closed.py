"""What is left: there is nothing else to read, and nothing at all to write."""

from fastapi import APIRouter, Request

from shared.http import Problem

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def router() -> APIRouter:
    """Return a router that must come last."""
    routes = APIRouter()

    @routes.api_route("/{path:path}", methods=METHODS, include_in_schema=False)
    async def refuse(request: Request) -> None:
        if request.method in {"GET", "HEAD"}:
            raise Problem(404)
        raise Problem(405, detail="The tracker is view only.", headers={"Allow": "GET, HEAD"})

    _ = refuse
    return routes
