"""Live updates: which action has changed, and its version; never what it says."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from bulk_tracker.routes.asking import get, who_asks
from bulk_tracker.store.actions import Requester
from bulk_tracker.store.live import TooManyViewers, Viewer
from bulk_tracker.store.stores import Stores
from contracts.types import instant, instant_text
from shared.http import Auth, Problem, api_router
from shared.http.problems import bad_parameter

PING_SECONDS = 15.0
RETRY_MS = 3_000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
Since = Annotated[
    str | None, Query(description="Tell what has changed since this instant first; a reconnect says it itself")
]


def router(stores: Stores, auth: Auth) -> APIRouter:
    routes = api_router(tags=["live"])
    asking = who_asks(auth)

    @get(
        routes,
        "/v1/stream",
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
        summary="Which of your actions change, as they change (server-sent events)",
    )
    async def stream(
        request: Request, requester: Annotated[Requester, Depends(asking)], since: Since = None
    ) -> Response:
        after = _instant(request.headers.get("last-event-id") or since)
        if request.method == "HEAD":
            return Response(headers=HEADERS, media_type="text/event-stream")
        try:
            viewer = await stores.live.join(requester, after)
        except TooManyViewers as error:
            raise Problem(429, detail="Too many live streams.", headers={"Retry-After": "15"}) from error

        return _Stream(_body(viewer, lambda: auth.still(request)), lambda: stores.live.leave(viewer))

    _ = stream
    return routes


class _Stream(StreamingResponse):
    """A live stream. Its viewer leaves with it, also where it is gone before its first byte: no generator runs then."""

    def __init__(self, body: AsyncGenerator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(body, headers=HEADERS, media_type="text/event-stream")
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def _body(viewer: Viewer, still_he: Callable[[], Awaitable[bool]]) -> AsyncGenerator[bytes]:
    """Yield the events; ends when the token or session does, or when the service stops."""
    loop = asyncio.get_running_loop()
    check_at = loop.time() + PING_SECONDS
    yield f"retry: {RETRY_MS}\n\n".encode()
    while not viewer.over:
        for action_id, (touched_at, version) in viewer.take().items():
            data = json.dumps({"action_id": action_id, "version": version})
            yield f"id: {instant_text(touched_at)}\ndata: {data}\n\n".encode()
        with suppress(TimeoutError):
            await asyncio.wait_for(viewer.woken.wait(), max(check_at - loop.time(), 0.01))
        if loop.time() >= check_at:
            if not await still_he():
                return
            check_at = loop.time() + PING_SECONDS
            yield b": still here\n\n"


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise bad_parameter("since", "an instant with an offset is needed") from error
