"""Attempts as a file: CSV or JSON Lines, streamed as they are read."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from contracts.types import instant_text
from go1_stats_processor.routes.filters import Filters
from go1_stats_processor.store.flow import Flow
from shared.http import Auth, Principal, api_router
from shared.http.csv import attachment, csv_stream
from shared.mongo import Document

COLUMNS = (
    "portal_id", "attempt_id", "learner_id", "email", "course_id", "course_title", "origin", "channel", "entry_point_kind",
    "entry_point_id", "go1_enrollment_id", "status", "legacy", "progress_percent", "result", "started_at",
    "last_activity_at", "completed_at", "time_spent_seconds", "time_spent_basis",
)  # fmt: skip
AT_ONCE = 500
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


def router(flow: Flow, auth: Auth) -> APIRouter:
    routes = api_router(prefix="/v1/attempts", tags=["attempts"])

    @routes.get(
        "/export", summary="Attempts as CSV or JSON Lines, newest activity first", response_class=StreamingResponse
    )
    async def _export(
        filters: Annotated[Filters, Depends()],
        principal: Annotated[Principal, Depends(auth.require("analyst", "operator"))],
        form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
    ) -> StreamingResponse:
        found = _pages(flow, await filters.query(principal.portals, flow.rows))
        stream = csv_stream(COLUMNS, _cells(found)) if form == "csv" else _lines(found)
        return StreamingResponse(stream, media_type=MEDIA_TYPES[form], headers=attachment(f"attempts.{form}"))

    return routes


async def _pages(flow: Flow, query: Document | None) -> AsyncGenerator[list[dict[str, Any]]]:
    """Yield rows some at a time, with the titles of their courses."""
    titles: dict[str, str] = {}
    page: list[Document] = []
    if query is None:
        return
    async for each in flow.rows.all(query):
        page.append(each)
        if len(page) == AT_ONCE:
            yield await _titled(flow, page, titles)
            page = []
    if page:
        yield await _titled(flow, page, titles)


async def _titled(flow: Flow, page: list[Document], titles: dict[str, str]) -> list[dict[str, Any]]:
    titles.update(await flow.courses.titles({each["course_id"] for each in page} - titles.keys()))
    return [_exported(each, titles) for each in page]


def _exported(row: Document, titles: Mapping[str, str]) -> dict[str, Any]:
    derived = {
        "course_title": titles.get(row["course_id"]),
        "entry_point_kind": row["entry_kind"],
        "entry_point_id": row["entry_id"],
    }
    for name in ("started_at", "last_activity_at", "completed_at"):
        derived[name] = None if row[name] is None else instant_text(row[name])
    return {name: derived[name] if name in derived else row[name] for name in COLUMNS}


async def _cells(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncGenerator[list[str | None]]:
    async for page in pages:
        for line in page:
            yield [_cell(line[name]) for name in COLUMNS]


def _cell(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _lines(pages: AsyncIterator[list[dict[str, Any]]]) -> AsyncGenerator[bytes]:
    async for page in pages:
        yield "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in page).encode()
