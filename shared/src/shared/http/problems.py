"""Errors out: `application/problem+json` (RFC 9457), never a trace, a query or a value."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.unavailable import as_unavailable

log = structlog.stdlib.get_logger()

MEDIA_TYPE = "application/problem+json"
DETAILS = {
    400: "The request cannot be read.",
    403: "This is not for your role.",
    404: "There is no such thing, or it is not yours to see.",
    405: "This address does not take that method.",
    410: "It is gone.",
    413: "A body has at most 1 MiB.",
    415: "The body is of another kind than this address takes.",
    431: "Headers have at most 16 KiB.",
}
"""What is said where the answer has nothing of its own to say."""


class Problem(Exception):  # noqa: N818  the RFC's word
    """An answer that is an error; `errors` say where, for 422."""

    def __init__(
        self,
        status: int,
        title: str | None = None,
        detail: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.errors = errors
        self.headers = headers


def bad_parameter(name: str, message: str) -> Problem:
    """Return the 422 for one query parameter."""
    return Problem(422, "Unprocessable request", f"{name}: {message}", [{"where": f"query.{name}", "message": message}])


def answer(problem: Problem) -> JSONResponse:
    """Return the response for a problem."""
    body: dict[str, Any] = {"type": "about:blank", "title": problem.title, "status": problem.status}
    body["detail"] = problem.detail or DETAILS.get(problem.status, f"{problem.title}.")
    if problem.errors:
        body["errors"] = list(problem.errors)
    return JSONResponse(body, status_code=problem.status, headers=dict(problem.headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of this app a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _bug)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    return answer(error) if isinstance(error, Problem) else await _bug(_, error)


async def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return await _bug(_, error)
    return answer(Problem(error.status_code, headers=error.headers))


async def _validation(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        return await _bug(_, error)
    errors = [
        {"where": ".".join(str(part) for part in each["loc"]), "message": _without_value(each)}
        for each in error.errors()
    ]
    return answer(
        Problem(422, "Unprocessable request", "; ".join(f"{e['where']}: {e['message']}" for e in errors)[:1000], errors)
    )


def _without_value(problem: Mapping[str, Any]) -> str:
    # A value error's text is ours; Pydantic's own texts name the rule, not the value, except for these.
    return "not readable" if problem["type"] in {"json_invalid", "datetime_from_date_parsing"} else str(problem["msg"])


async def _bug(request: Request, error: Exception) -> JSONResponse:
    down = as_unavailable(error)
    if down is not None:
        log.warning(
            "request.delayed", dependency=down.dependency, reason=down.reason, next_step="none: the client tries again"
        )
        return answer(Problem(503, detail="A dependency is down; try again.", headers={"Retry-After": "5"}))
    route = request.scope.get("route")
    log.error(
        "request.failed",
        method=request.method,
        route=getattr(route, "path", ""),
        exc_info=error,
        next_step="a bug of ours: the trace says where",
    )
    # The server closes the connection after a bug: said, so that a client does not send its next request into the void.
    return answer(Problem(500, detail="This is our fault; it has been logged.", headers={"Connection": "close"}))
