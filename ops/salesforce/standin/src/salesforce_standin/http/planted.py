"""Planted faults of whole requests: what is answered instead of, or after, the truth."""

import asyncio

from starlette.responses import Response

from salesforce_standin.auth import Refused
from salesforce_standin.failures import RequestFailed
from salesforce_standin.faults import Fault
from salesforce_standin.http.answers import CutOff, response
from salesforce_standin.http.call import Answer, Call
from salesforce_standin.world import World

OVER_THE_DAY = RequestFailed(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
NO_SESSION = RequestFailed(401, "INVALID_SESSION_ID", "Session expired or invalid")
_HTML = b"<html><head><title>Service Unavailable</title></head><body><h1>Down for maintenance</h1></body></html>"
_CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
_REFUSALS = {
    "expire_tokens": NO_SESSION,
    "total_requests": OVER_THE_DAY,
    "concurrent_requests": RequestFailed(403, "REQUEST_LIMIT_EXCEEDED", _CONCURRENT),
    "long_transactions": RequestFailed(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    "api_disabled": RequestFailed(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
    "server_error": RequestFailed(
        500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId"
    ),
    "too_many": RequestFailed(429, "REQUEST_LIMIT_EXCEEDED", "Too many requests"),
}


async def instead(world: World, call: Call, fault: Fault) -> Response | None:
    """The fault's answer; None when the request is to be carried out."""
    if fault.kind in {"hang", "slow"}:
        await asyncio.sleep(fault.seconds)
    match fault.kind:
        case "unavailable":
            return Response(_HTML, 503, {"content-type": "text/html; charset=UTF-8"})
        case "garbled":
            return Response(b'[{"id":"a0', 200, {"content-type": "application/json;charset=UTF-8"})
        case "hang" | "cut":
            return CutOff()
        case "error":
            return _error(world, call, fault)
        case kind if kind in _REFUSALS:
            return _refusal(world, fault)
        case _:
            return None


async def afterwards(fault: Fault, truth: Response) -> Response:
    """What is sent in place of the answer to a request that was carried out."""
    if fault.kind == "hang_after_write":
        await asyncio.sleep(fault.seconds)
    return CutOff() if fault.kind in {"hang_after_write", "cut_after_write"} else truth


def _refusal(world: World, fault: Fault) -> Response:
    if fault.kind == "expire_tokens":
        world.gatekeeper.expire()
    refusal = _REFUSALS[fault.kind]
    headers = {"Retry-After": "1"} if fault.kind == "too_many" else {}
    return response(world, Answer(refusal.status, refusal.body(), headers), free=False)


def _error(world: World, call: Call, fault: Fault) -> Response:
    if call.kind == "token":
        return response(world, Answer(fault.status, Refused(fault.code, fault.message).body()), free=True)
    failed = RequestFailed(fault.status, fault.code, fault.message, fault.fields)
    return response(world, Answer(fault.status, failed.body()), free=False)
