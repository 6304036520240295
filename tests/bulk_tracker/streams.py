"""Live streams asked for inside the test: httpx's own transport would wait for the whole answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.types import Message

Headers = Sequence[tuple[bytes, bytes]]


def asked_with(headers: Headers) -> dict[str, Any]:
    """The request as a server hands it over."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/stream",
        "raw_path": b"/v1/stream",
        "query_string": b"",
        "headers": list(headers),
        "server": ("tracker", 80),
        "client": ("here", 1),
    }


def bearer(token: str) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {token}".encode()


async def listen(app: FastAPI, headers: Headers, lines: "asyncio.Queue[str]") -> None:
    """Read a stream as it comes, until it ends."""

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    async def send(message: Message) -> None:
        for line in message.get("body", b"").decode().splitlines():
            if line:
                lines.put_nowait(line)

    await app(asked_with(headers), receive, send)
