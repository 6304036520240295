"""Around every request: sizes, safe headers, metrics. Plain ASGI."""

import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import metrics, tracing
from shared.http.problems import Problem, answer

MOST_BODY_BYTES = 1024 * 1024
MOST_HEADER_BYTES = 16 * 1024
MOST_READ_OFF_BYTES = 8 * 1024 * 1024

_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


_WATCHED = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds: no traces of them."""


class Around:
    """Refuses what is too large, adds headers that browsers heed, counts and times."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _with_safe_headers(message.get("headers", []))}
            await send(message)

        try:
            await self._within_limits(scope, receive, send_on)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method, seconds = scope["method"][:10], time.perf_counter() - begun
            metrics.http_requests.labels(method, route, str(status)).inc()
            metrics.http_seconds.labels(method, route).observe(seconds)
            if (traces := tracing.current()) is not None and route not in _WATCHED:
                traces.request(method=method, route=route, status=status, seconds=seconds, traceparent=_trace(scope))

    async def _within_limits(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > MOST_HEADER_BYTES:
            await answer(Problem(431))(scope, receive, send)
            return
        declared = next((value for name, value in headers if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > MOST_BODY_BYTES:
            await _read_off(receive)
            await answer(Problem(413, detail="A body has at most 1 MiB."))(scope, receive, send)
            return
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BODY_BYTES:
                raise Problem(413, detail="A body has at most 1 MiB.")
            return message

        await self._app(scope, receive_some, send)


def _trace(scope: Scope) -> str | None:
    found = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
    return None if found is None else found.decode("latin-1")


async def _read_off(receive: Receive) -> None:
    """Take in a little of what is refused: a client that is still sending would not read the answer."""
    taken, more = 0, True
    while more and taken < MOST_READ_OFF_BYTES:
        message = await receive()
        taken += len(message.get("body", b""))
        more = message.get("more_body", False)


def _with_safe_headers(headers: Any) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {name.lower() for name, _ in given}
    return [*given, *(each for each in _SAFE_HEADERS if each[0] not in names)]
