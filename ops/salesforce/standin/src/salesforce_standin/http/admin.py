"""The stand-in's own routes: faults, counts, rights, merging, resetting. They need no token."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salesforce_standin import ids
from salesforce_standin.failures import RowFailed
from salesforce_standin.records import writes
from salesforce_standin.world import World

Body = dict[str, Any]
Action = Callable[[World, Request, Body], Any]


def routes(world: World) -> list[Route]:
    table: list[tuple[str, str, Action]] = [
        ("GET", "/standin/health", _health),
        ("GET", "/standin/calls", _calls),
        ("DELETE", "/standin/calls", _forget_calls),
        ("GET", "/standin/faults", _faults),
        ("POST", "/standin/faults", _plant),
        ("DELETE", "/standin/faults", _take_away_all),
        ("DELETE", "/standin/faults/{number:int}", _take_away),
        ("POST", "/standin/reset", _reset),
        ("POST", "/standin/settings", _settings),
        ("POST", "/standin/access", _access),
        ("POST", "/standin/tokens/expire", _expire),
        ("POST", "/standin/organization", _organization),
        ("POST", "/standin/merge", _merge),
        ("POST", "/standin/purge", _purge),
        ("GET", "/standin/rows/{object}", _rows),
    ]
    return [Route(path, _endpoint(world, action), methods=[method]) for method, path, action in table]


def _endpoint(world: World, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            answer = action(world, request, await _body(request))
        except RowFailed as failed:
            return JSONResponse({"detail": f"{failed.code}: {failed.message}"}, 400)
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"detail": f"{type(error).__name__}: {error}"}, 400)
        world.save()
        return JSONResponse(answer)

    return endpoint


async def _body(request: Request) -> Body:
    body: object = await request.json() if await request.body() else {}
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return cast("Body", body)


def _health(_world: World, _request: Request, _body: Body) -> Body:
    return {"status": "ok"}


def _calls(world: World, _request: Request, _body: Body) -> Body:
    """`total` counts every request to the API, tokens too; `written` the rows that became something else."""
    written: dict[str, dict[str, int]] = {}
    for (name, what), count in sorted(world.org.database.written.items()):
        written.setdefault(name, {})[what] = count
    meter = world.meter
    return {
        "total": sum(meter.kinds.values()),
        "open": meter.open,
        "kinds": dict(sorted(meter.kinds.items())),
        "statuses": dict(sorted(meter.statuses.items())),
        "written": written,
        "used": meter.used(),
        "daily": meter.daily,
        "organization_id": world.org.organization_id,
    }


def _forget_calls(world: World, request: Request, body: Body) -> Body:
    world.meter.forget_counts()
    world.org.database.written.clear()
    return _calls(world, request, body)


def _faults(world: World, _request: Request, _body: Body) -> Body:
    return {"faults": [one.tells() for one in world.faults.planted]}


def _plant(world: World, _request: Request, body: Body) -> Body:
    return world.faults.plant(body).tells()


def _take_away(world: World, request: Request, body: Body) -> Body:
    world.faults.take_away(int(request.path_params["number"]))
    return _faults(world, request, body)


def _take_away_all(world: World, request: Request, body: Body) -> Body:
    world.faults.take_away()
    return _faults(world, request, body)


def _reset(world: World, request: Request, body: Body) -> Body:
    world.reset()
    return _calls(world, request, body)


def _settings(world: World, request: Request, body: Body) -> Body:
    """`page_size` of queries; `daily` requests of the org; `used` of them, as if others had called."""
    if unknown := set(body) - {"page_size", "daily", "used"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if "page_size" in body:
        world.page_size = max(int(body["page_size"]), 1)
    if "daily" in body:
        world.meter.daily = int(body["daily"])
    if "used" in body:
        world.meter.pretend(int(body["used"]))
    return _calls(world, request, body)


def _access(world: World, _request: Request, body: Body) -> Body:
    """Take or give back: {"object", "field"?, "right": "none" | "read" | "all"}; without an object everything comes back."""
    access = world.org.access
    if not body:
        access.hidden.clear()
        access.locked.clear()
    else:
        one = world.org.full_schema.objects[body["object"]]
        name = body.get("field")
        if name is not None and name not in one.fields:
            raise ValueError(f"{one.name} has no field {name}")
        right = body["right"]
        if right not in {"none", "read", "all"}:
            raise ValueError("right must be none, read or all")
        for taken, level in ((access.hidden, "none"), (access.locked, "read")):
            taken.discard((one.name, name))
            if right == level:
                taken.add((one.name, name))
    world.org.see()
    return {"hidden": sorted(map(_dotted, access.hidden)), "read_only": sorted(map(_dotted, access.locked))}


def _dotted(pair: tuple[str, str | None]) -> str:
    return ".".join(part for part in pair if part)


def _expire(world: World, _request: Request, _body: Body) -> Body:
    return {"expired": world.gatekeeper.expire()}


def _organization(world: World, _request: Request, _body: Body) -> Body:
    """Another org behind the same address, as after a sandbox is refreshed; old tokens are worth nothing."""
    world.org.become_another()
    world.gatekeeper.expire()
    return {"organization_id": world.org.organization_id}


def _merge(world: World, _request: Request, body: Body) -> Body:
    """{"object": "Contact", "master": id, "losers": [id, ...]}: the API offers this over SOAP only."""
    one = world.org.full_schema.objects[body.get("object", "Contact")]
    losers = [ids.normal(text) or text for text in body["losers"]]
    writes.merge(world.org, one, ids.normal(body["master"]) or body["master"], losers)
    return {"merged": len(losers)}


def _purge(world: World, _request: Request, body: Body) -> Body:
    """{"ids": [...]}: gone for good, as after the bin was emptied."""
    gone = 0
    for text in body["ids"]:
        row_id = ids.normal(text) or text
        one = next((one for one in world.org.full_schema.objects.values() if row_id.startswith(one.prefix)), None)
        if one is not None and world.org.database.get(one.name, row_id) is not None:
            world.org.database.remove(one.name, row_id)
            gone += 1
    return {"purged": gone}


def _rows(world: World, request: Request, _body: Body) -> Body:
    """All rows of an object as they are kept; ?deleted=true shows the bin too."""
    name = request.path_params["object"]
    if name not in world.org.database.tables:
        raise ValueError(f"no object {name}")
    deleted = request.query_params.get("deleted") == "true"
    rows = [row for row in world.org.database.rows(name) if deleted or not row.get("IsDeleted")]
    return {"total": len(rows), "rows": rows}
