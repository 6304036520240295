"""What every API request goes through: the token, the counting, the limits, the planted faults."""

import gzip
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from salesforce_standin.auth import Refused
from salesforce_standin.failures import RequestFailed, not_found
from salesforce_standin.http import planted
from salesforce_standin.http.answers import response
from salesforce_standin.http.call import FIRST_VERSION, LAST_VERSION, Answer, Call, Handler
from salesforce_standin.world import World

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(world: World, kind: str, handler: Handler, *, free: bool = False) -> Endpoint:
    """The handler behind the gate; `free` calls need no token and count against no limit."""

    async def endpoint(request: Request) -> Response:
        call = await _call(world, kind, request)
        world.meter.count(kind, against_limit=0 if free else 1)
        with world.meter.under_way():
            done = await _faulty(call, handler, free=free)
        world.meter.statuses[str(done.status_code)] += 1
        return done

    return endpoint


async def _call(world: World, kind: str, request: Request) -> Call:
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    return Call(
        world,
        kind,
        {name: str(value) for name, value in request.path_params.items()},
        dict(request.query_params),
        request.headers,
        await request.body(),
        world.instance_url or f"{request.url.scheme}://{request.url.netloc}",
        token,
    )


async def _faulty(call: Call, handler: Handler, *, free: bool) -> Response:
    fault = call.world.faults.for_call(call.kind, call.path.get("object"))
    if fault is None:
        return _carried_out(call, handler, free=free)
    instead = await planted.instead(call.world, call, fault)
    if instead is not None:
        return instead
    return await planted.afterwards(fault, _carried_out(call, handler, free=free))


def _carried_out(call: Call, handler: Handler, *, free: bool) -> Response:
    """One request is one transaction: a refused request leaves no row behind."""
    world = call.world
    mark = world.org.database.mark()
    try:
        if not free:
            _admit(call)
        answer = handler(_unpacked(call))
    except RequestFailed as failed:
        world.org.database.roll_back(mark)
        answer = Answer(failed.status, failed.body())
    except Refused as refused:
        answer = Answer(400, refused.body(), {"Cache-Control": "no-store"})
    world.save()
    return response(world, answer, free=free)


def _admit(call: Call) -> None:
    if not call.user_id:
        raise planted.NO_SESSION
    if call.world.meter.used() > call.world.meter.daily:
        raise planted.OVER_THE_DAY
    if "version" in call.path and not _known_version(call.path["version"]):
        raise not_found()


def _known_version(text: str) -> bool:
    whole, _, fraction = text.removeprefix("v").partition(".")
    known = whole.isdecimal() and fraction == "0" and FIRST_VERSION <= int(whole) <= LAST_VERSION
    return text.startswith("v") and known


def _unpacked(call: Call) -> Call:
    if call.headers.get("content-encoding", "").lower() != "gzip":
        return call
    try:
        return replace(call, body=gzip.decompress(call.body))
    except (OSError, EOFError, zlib.error) as error:
        raise RequestFailed(400, "JSON_PARSER_ERROR", "the body is no gzip") from error
