"""Error reports: the CSV, and its summary."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from bulk_tracker.domain.action import Action
from bulk_tracker.domain.reports import HEADER, Report, cells, report_of, shown_file
from bulk_tracker.domain.views import Summary, known
from bulk_tracker.routes.asking import get, not_found, who_asks
from bulk_tracker.store.actions import Requester
from bulk_tracker.store.stores import Stores
from bulk_tracker.store.views import summary_of
from shared.http import Auth, Problem, api_router
from shared.http.csv import attachment, csv_stream

MEDIA_TYPE = "text/csv; charset=utf-8"
TABLE = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
NO_REPORT = {
    404: {"description": "No such action of yours, not ended yet, or nothing to report"},
    410: {"description": "The report has expired"},
}


def router(stores: Stores, auth: Auth) -> APIRouter:
    routes = api_router(tags=["error reports"])
    asking = who_asks(auth)
    path = "/v1/actions/{name:path}/error-report"

    @get(routes, path, response_class=Response, responses=TABLE | NO_REPORT, summary="The error report as CSV")
    async def report(name: str, request: Request, requester: Annotated[Requester, Depends(asking)]) -> Response:
        action, available = await _available(stores, requester, name)
        headers = {**attachment(available.file_name or "report.csv"), "Cache-Control": "no-store"}
        if request.method == "HEAD":
            return Response(headers=headers, media_type=MEDIA_TYPE)
        return StreamingResponse(await _table(stores, action), headers=headers, media_type=MEDIA_TYPE)

    @get(
        routes,
        f"{path}/summary",
        response_model=Summary,
        responses=NO_REPORT,
        summary="What is wrong most often, grouped",
    )
    async def summary(name: str, response: Response, requester: Annotated[Requester, Depends(asking)]) -> Summary:
        action, available = await _available(stores, requester, name)
        response.headers["Cache-Control"] = "no-store"
        return await summary_of(stores, action.action_id, available.expires_at or stores.clock())

    _ = report, summary
    return routes


async def _available(stores: Stores, requester: Requester, name: str) -> tuple[Action, Report]:
    action = await stores.actions.one(requester, name)
    if action is None:
        raise not_found()
    report = report_of(action, now=stores.clock(), rules=stores.rules)
    if report.state == "expired" and report.expires_at is not None:
        raise Problem(410, detail=expired_sentence(report.expires_at))
    if report.state != "available":
        raise not_found()
    return action, report


def expired_sentence(expires_at: datetime) -> str:
    return (
        f"This error report expired on {expires_at:%Y-%m-%d at %H:%M:%S} UTC. Its rows are deleted, the action stays."
    )


async def _table(stores: Stores, action: Action) -> AsyncGenerator[bytes]:
    files = known(action)[0].file_names
    several = await stores.rows.several_files(action.action_id, files)

    async def lines() -> AsyncGenerator[tuple[str, ...]]:
        async for each in stores.rows.in_order(action.action_id, files):
            line = cells(
                row=each["row"],
                status=each["status"],
                identifier=each["identifier"],
                issue=each["issue"],
                resolution=each["resolution"],
            )
            yield (shown_file(each["file"], files), *line) if several else line

    return csv_stream(("File", *HEADER) if several else HEADER, lines(), bom=True)
