"""What every API request goes through: the token, the counting, the limits, the planted faults, the answer's headers."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from salesforce_standin.auth import Refused
from salesforce_standin.failures import RequestFailed
from salesforce_standin.faults import Fault
from salesforce_standin.http.call import FIRST_VERSION, LAST_VERSION, Answer, Call, Handler
from salesforce_standin.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
_LONGEST_BODY = 110_000_000
_HTML = (
    "<html><head><title>Service Unavailable</title></head><body><h1>Server is down for maintenance</h1></body></html>"
)
_LIMITS = {
    "total_requests": "TotalRequests Limit exceeded.",
    "concurrent_requests": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
    "long_transactions": "ConcurrentPerOrgLongTxn Limit exceeded.",
}


class CutOff(Response):
    """Headers that promise more than comes: the server then closes the connection, and the client cannot know the outcome."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]


def guarded(world: World, kind: str, handler: Handler, *, free: bool = False) -> Endpoint:
    """The handler behind the gate; `free` calls need no token and count against no limit."""

    async def endpoint(request: Request) -> Response:
        call = await _call(world, kind, request)
        world.meter.count(kind, against_limit=0 if free else 1)
        fault = world.faults.for_call(kind, call.path.get("object"))
        response = await _answer(world, call, handler, fault, free=free)
        world.meter.statuses[str(response.status_code)] += 1
        return response

    return endpoint


def origin_of(world: World, request: Request) -> str:
    return world.instance_url or f"{request.url.scheme}://{request.url.netloc}"


async def _call(world: World, kind: str, request: Request) -> Call:
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    return Call(
        world,
        kind,
        {name: str(value) for name, value in request.path_params.items()},
        dict(request.query_params),
        request.headers,
        await request.body(),
        origin_of(world, request),
        world.gatekeeper.user_of(token) or "",
    )


async def _answer(world: World, call: Call, handler: Handler, fault: Fault | None, *, free: bool) -> Response:
    planted = await _before(world, fault)
    if planted is not None:
        return planted
    mark = world.org.database.mark()
    try:
        if not free:
            _admit(world, call)
        answer = handler(_unpacked(call))
    except RequestFailed as failed:
        world.org.database.roll_back(mark)
        answer = Answer(failed.status, failed.body())
    except Refused as refused:
        answer = Answer(400, refused.body(), {"Cache-Control": "no-store"})
    world.save()
    if fault is not None and fault.kind == "hang_after_write":
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.kind in {"hang_after_write", "cut_after_write"}:
        return CutOff()
    return _response(world, answer, free=free)


def _admit(world: World, call: Call) -> None:
    if not call.user_id:
        raise RequestFailed(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if world.meter.used() > world.meter.daily:
        raise RequestFailed(403, "REQUEST_LIMIT_EXCEEDED", _LIMITS["total_requests"])
    version = call.path.get("version", "v60.0")
    if not _known_version(version):
        raise RequestFailed(404, "NOT_FOUND", "The requested resource does not exist")


def _known_version(text: str) -> bool:
    whole, _, fraction = text.removeprefix("v").partition(".")
    return text.startswith("v") and whole.isdigit() and fraction == "0" and FIRST_VERSION <= int(whole) <= LAST_VERSION


def _unpacked(call: Call) -> Call:
    if len(call.body) > _LONGEST_BODY:
        raise RequestFailed(413, "REQUEST_TOO_LARGE", "The request body is too large")
    if call.headers.get("content-encoding", "").lower() != "gzip":
        return call
    try:
        body = gzip.decompress(call.body)
    except (OSError, EOFError, zlib.error) as error:
        raise RequestFailed(400, "JSON_PARSER_ERROR", "the body is no gzip") from error
    return replace(call, body=body)


async def _before(world: World, fault: Fault | None) -> Response | None:
    """What the fault answers instead of the handler, if it does."""
    if fault is None:
        return None
    match fault.kind:
        case "expire_tokens":
            world.gatekeeper.expire()
            return _failure(world, 401, "INVALID_SESSION_ID", "Session expired or invalid")
        case "unavailable":
            return Response(_HTML, 503, {"content-type": "text/html; charset=UTF-8"})
        case "garbled":
            return Response(b'[{"id":"a0', 200, {"content-type": "application/json;charset=UTF-8"})
        case "slow":
            await asyncio.sleep(fault.seconds)
            return None
        case "hang":
            await asyncio.sleep(fault.seconds)
            return CutOff()
        case "cut":
            return CutOff()
        case _:
            return _refusal(world, fault)


def _refusal(world: World, fault: Fault) -> Response | None:
    match fault.kind:
        case "server_error":
            return _failure(
                world, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1-1"
            )
        case "total_requests" | "concurrent_requests" | "long_transactions":
            return _failure(world, 403, "REQUEST_LIMIT_EXCEEDED", _LIMITS[fault.kind])
        case "api_disabled":
            return _failure(world, 403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
        case "too_many":
            answer = _failure(world, 429, "REQUEST_LIMIT_EXCEEDED", "Too many requests")
            answer.headers["Retry-After"] = "1"
            return answer
        case "error" if fault.calls == {"token"}:
            return _response(world, Answer(fault.status, Refused(fault.code, fault.message).body()), free=True)
        case "error":
            return _failure(world, fault.status, fault.code, fault.message)
        case _:
            return None


def _failure(world: World, status: int, code: str, message: str) -> Response:
    return _response(world, Answer(status, RequestFailed(status, code, message).body()), free=False)


def _response(world: World, answer: Answer, *, free: bool) -> Response:
    headers = dict(answer.headers)
    if not free:
        headers["Sforce-Limit-Info"] = f"api-usage={world.meter.used()}/{world.meter.daily}"
    if answer.body is None:
        return Response(b"", answer.status, headers)
    if answer.kind is not None:
        return Response(answer.body, answer.status, {**headers, "content-type": answer.kind})
    return Response(_json(answer.body), answer.status, {**headers, "content-type": "application/json;charset=UTF-8"})


def _json(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode()
