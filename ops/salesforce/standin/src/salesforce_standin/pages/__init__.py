"""The operator's page: what is in the tables, who called, what is planted; made on the server, without scripts."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from salesforce_standin.records.database import Row
from salesforce_standin.schema.model import SObject
from salesforce_standin.world import World

_STYLE = Path(__file__).parent / "style.css"
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_SHOWN = 100  # rows of a table on one page
_BORING = {"CreatedById", "LastModifiedById", "SystemModstamp", "OwnerId", "CreatedDate", "IsDeleted"}
Endpoint = Callable[[Request], Awaitable[Response]]


def routes(world: World) -> list[Route]:
    """GET / and a page per table."""
    environment = Environment(
        loader=PackageLoader("salesforce_standin.pages"), autoescape=True, undefined=StrictUndefined
    )
    return [
        Route("/", _overview(world, environment)),
        Route("/tables/{object}", _table(world, environment)),
        Route("/style.css", _style),
    ]


async def _style(_request: Request) -> Response:
    return PlainTextResponse(_STYLE.read_text(), media_type="text/css", headers={"Cache-Control": "max-age=300"})


def _overview(world: World, environment: Environment) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        tables = [
            {"name": one.name, "label": one.plural, "rows": len(_living(world, one)), "binned": _binned(world, one)}
            for one in sorted(world.org.full_schema.objects.values(), key=lambda one: (not one.custom, one.name))
        ]
        page = environment.get_template("overview.html").render(
            tables=tables,
            organization=world.org.organization_id,
            used=world.meter.used(),
            daily=world.meter.daily,
            calls=sorted(world.meter.kinds.items()),
            statuses=sorted(world.meter.statuses.items()),
            written=_written(world.org.database.written),
            faults=[one.tells() for one in world.faults.planted],
            jobs=[job.tells() for job in world.jobs.jobs.values()][-20:],
        )
        return HTMLResponse(page, headers=_SECURITY)

    return endpoint


def _written(counts: Counter[tuple[str, str]]) -> list[tuple[str, int, int, int]]:
    names = sorted({name for name, _ in counts})
    return [(name, counts[name, "created"], counts[name, "updated"], counts[name, "deleted"]) for name in names]


def _living(world: World, one: SObject) -> list[Row]:
    return [row for row in world.org.database.rows(one.name) if not row.get("IsDeleted")]


def _binned(world: World, one: SObject) -> int:
    return sum(bool(row.get("IsDeleted")) for row in world.org.database.rows(one.name))


def _table(world: World, environment: Environment) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        one = world.org.full_schema.find(request.path_params["object"])
        if one is None:
            return PlainTextResponse("no such table", 404, headers=_SECURITY)
        start = _whole(request.query_params.get("from"))
        every = list(world.org.database.rows(one.name))
        columns = _columns(one)
        page = environment.get_template("table.html").render(
            label=one.plural,
            name=one.name,
            columns=columns,
            rows=[_cells(world, one, columns, row) for row in every[start : start + _SHOWN]],
            first=start + 1,
            last=min(start + _SHOWN, len(every)),
            total=len(every),
            before=max(start - _SHOWN, 0) if start else None,
            after=start + _SHOWN if start + _SHOWN < len(every) else None,
        )
        return HTMLResponse(page, headers=_SECURITY)

    return endpoint


def _columns(one: SObject) -> list[str]:
    """Who the row is first, when it changed last."""
    keys = [name for name, field in one.fields.items() if field.external_id]
    first, last = ["Id", "Name", *keys], ["LastModifiedDate"]
    return [*first, *(name for name in one.fields if name not in {*_BORING, *first, *last}), *last]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0  # noqa: PLR2004  more rows fit in no memory


def _cells(world: World, one: SObject, columns: list[str], row: Row) -> dict[str, Any]:
    """A look-up is shown by the name or key of the row it means."""
    return {"binned": bool(row.get("IsDeleted")), "cells": [_cell(world, one, name, row) for name in columns]}


def _cell(world: World, one: SObject, name: str, row: Row) -> str:
    value, field = row.get(name), one.fields.get(name)
    if value is None:
        return ""
    if field is not None and field.refers_to and isinstance(value, str):
        related = world.org.database.get(field.refers_to, value) or {}
        return str(related.get("Name") or value)
    if field is not None and field.kind == "datetime":
        return str(value).replace("T", " ").removesuffix(".000+0000")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
