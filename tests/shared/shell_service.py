"""A small service on the real shell, for tests that look at it from outside: `python -m tests.shared.shell_service`."""

import asyncio
import os
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends

from contracts.catalog import BULK_ACTIONS
from shared import service
from shared.consumer import Fact, Refusal
from shared.http import Principal, Problem, api_router
from shared.http.paging import Limit, decode_cursor, encode_cursor
from shared.settings import Settings

NAME = "bulk-tracker"


def build(shell: service.Shell[Settings]) -> service.Parts:  # noqa: C901  five small routes side by side
    routes = api_router(prefix="/v1")
    things = shell.database["things"]

    @routes.get("/whoami")
    async def whoami(
        principal: Annotated[Principal, Depends(shell.auth.require("admin", "manager"))],
    ) -> dict[str, Any]:
        return {
            "subject": principal.subject,
            "portals": principal.portals and sorted(principal.portals),
            "portal_id": principal.portal_id,
        }

    @routes.get("/list")
    async def some(limit: Limit = 50, cursor: str | None = None, word: str | None = None) -> dict[str, Any]:
        after = decode_cursor(cursor, {"word": word})[0] if cursor else 0
        return {"items": [after + 1, limit], "next_cursor": encode_cursor([after + 1], {"word": word})}

    @routes.get("/bug")
    async def bug() -> None:
        raise KeyError("jane@example.org")

    @routes.get("/no")
    async def no() -> None:
        raise Problem(404)

    @routes.post("/echo")
    async def echo(body: dict[str, int]) -> dict[str, int]:
        return body

    async def handle(facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        if os.environ.get("SHELL_TEST") == "hang":
            await shell.database.client.admin.command("ping")
            await asyncio.sleep(3600)
        for each in facts:
            await things.update_one({"_id": each.data.action_id}, {"$set": {"seen": True}}, upsert=True)
        return ()

    return service.Parts(handlers={BULK_ACTIONS: handle}, routers=[routes])


if __name__ == "__main__":
    service.main(NAME, Settings, build)
