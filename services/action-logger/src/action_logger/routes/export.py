"""Downloads: the report as a file, streamed; each is logged with who, what, how much."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from action_logger import metrics
from action_logger.domain.report import COLUMNS, Entry, Filters, as_cells, as_json, file_name
from action_logger.routes.parameters import ROLES, Asked, Order
from action_logger.store.report import Report
from contracts.types import normal_email
from shared.http import Auth, Principal, api_router
from shared.http.csv import attachment, csv_stream
from shared.keys import Keys

log = structlog.stdlib.get_logger()

Format = Literal["csv", "jsonl", "json"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "json": "application/json",
}


def router(report: Report, auth: Auth, keys: Keys) -> APIRouter:
    routes = api_router(prefix="/v1", tags=["report"])
    reader = auth.require(*ROLES)

    @routes.get("/content-actions/export", response_class=StreamingResponse)
    async def export(
        principal: Annotated[Principal, Depends(reader)],
        asked: Asked,
        form: Annotated[Format, Query(alias="format")] = "csv",
        order: Order = "desc",
        bom: Annotated[bool, Query(description="Begin a CSV file with a byte order mark, for Excel")] = False,  # noqa: FBT002  a query parameter
    ) -> StreamingResponse:
        selection = await report.select(asked, principal.panoramas)
        entries = _logged(report.all(selection, ascending=order == "asc"), principal, asked, form, keys)
        return StreamingResponse(
            _written(entries, form, bom=bom),
            media_type=MEDIA_TYPES[form],
            headers={
                **attachment(file_name(asked, form)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return routes


def _written(entries: AsyncGenerator[Sequence[Entry]], form: Format, *, bom: bool) -> AsyncIterator[bytes]:
    match form:
        case "csv":
            return csv_stream(COLUMNS, _cells(entries), bom=bom)
        case "jsonl":
            return _lines(entries)
        case "json":
            return _array(entries)


async def _cells(entries: AsyncGenerator[Sequence[Entry]]) -> AsyncGenerator[Sequence[str | None]]:
    async for some in entries:
        for each in some:
            yield as_cells(each)


async def _lines(entries: AsyncGenerator[Sequence[Entry]]) -> AsyncGenerator[bytes]:
    async for some in entries:
        yield b"".join(to_json(as_json(each)) + b"\n" for each in some)


async def _array(entries: AsyncGenerator[Sequence[Entry]]) -> AsyncGenerator[bytes]:
    begin = b"["
    async for some in entries:
        yield begin + b",\n".join(to_json(as_json(each)) for each in some)
        begin = b",\n"
    yield b"[]\n" if begin == b"[" else b"]\n"


async def _logged(
    entries: AsyncGenerator[Sequence[Entry]], principal: Principal, asked: Filters, form: Format, keys: Keys
) -> AsyncGenerator[Sequence[Entry]]:
    """Pass entries on, and say at the end how many were taken, and whether the reader stayed to the end."""
    rows = 0
    outcome = "aborted"
    try:
        async for some in entries:
            rows += len(some)
            yield some
        outcome = "finished"
    finally:
        metrics.rows_exported.labels(form).inc(rows)
        log.info(
            "report.exported",
            person=keys.person(principal.subject),
            format=form,
            rows=rows,
            outcome=outcome,
            **_sayable(asked, keys),
        )


def _sayable(asked: Filters, keys: Keys) -> dict[str, str]:
    """Return the filters as a log line may hold them: an address as its keyed hash, free text as given or not."""
    said = {f"filter_{name}": value for name, value in asked.named().items()}
    if asked.email is not None:
        said["filter_email"] = keys.person(normal_email(asked.email))
    return said | {
        f"filter_{name}": "given" for name in ("title", "panorama", "content_type") if f"filter_{name}" in said
    }
