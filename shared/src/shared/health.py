"""Is this process alive, ready, and what is it: `/livez`, `/readyz`, `/metrics`, `/version`, `/asyncapi.json`."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from shared import metrics


def router(
    *,
    name: str,
    version: str,
    alive: Callable[[], bool],
    reasons: Callable[[], Sequence[str]],
    asyncapi: Callable[[], dict[str, Any]],
) -> APIRouter:
    """Return the routes that need no token. `reasons`: why the service is not ready, empty where it is."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/livez")
    async def livez() -> JSONResponse:
        """Answer 200 while the loop turns and the consumer progresses, else 503."""
        return JSONResponse({"alive": alive()}, status_code=200 if alive() else 503)

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        """Answer 200 when ready, else 503; the reasons in any case."""
        why = list(reasons())
        return JSONResponse({"ready": not why, "reasons": why}, status_code=503 if why else 200)

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def scrape() -> Response:
        """Answer all metrics in Prometheus' text format."""
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @routes.get("/version")
    async def which() -> dict[str, str]:
        """Answer which service in which version this is."""
        return {"service": name, "version": version}

    @routes.get("/asyncapi.json", include_in_schema=False)
    async def channels() -> dict[str, Any]:
        """Answer what this service reads and writes on Kafka (AsyncAPI 3)."""
        return asyncapi()

    return routes
