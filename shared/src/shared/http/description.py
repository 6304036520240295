"""The API's own description (OpenAPI), made complete: who may ask, and every answer that is an error.

FastAPI describes what a route returns when all is well; that a token is needed and what errors look like is the same
for all routes and is added here, once.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from shared.http.problems import MEDIA_TYPE

ERRORS: Mapping[int, str] = {
    401: "No token, or not a good one; the answer is always the same",
    403: "A good token without a role that is needed",
    422: "Parameters or body are not as described; an unknown parameter is refused too",
    429: "More than 60 requests a second; try again after `Retry-After` seconds",
    500: "Our fault",
    503: "A dependency is down; try again after `Retry-After` seconds",
}
NOT_THERE = {404: "There is no such thing, or it is not yours to see"}
OF_BODIES = {400: "The body cannot be read", 413: "The body has more than 1 MiB"}
HEALTH = ("/livez", "/readyz")

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "An error (RFC 9457); never a trace, a query or a value",
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "additionalProperties": False,
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "`iss`, `aud` (the service's name), `sub`, `exp`, `iat`; at most an hour from `iat` to `exp`",
}


def complete(app: FastAPI) -> None:
    """Let `/openapi.json` say all that may be answered."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(made())
        return made()

    app.openapi = openapi


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's, which nobody is sent here
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    components["securitySchemes"] = {"token": _BEARER}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1/"):
                operation["security"] = [{"token": []}]
                _add_errors(operation["responses"], _errors_of(path, method))
            elif path in HEALTH:
                operation["responses"]["503"] = {**operation["responses"]["200"], "description": "Not so; see reasons"}


def _errors_of(path: str, method: str) -> dict[int, str]:
    return {**ERRORS, **(NOT_THERE if "{" in path else {}), **(OF_BODIES if method == "post" else {})}


def _add_errors(responses: dict[str, Any], errors: Mapping[int, str]) -> None:
    said = {status: responses[status]["description"] for status in responses if status >= "4" and status != "422"}
    for status, description in {**{str(each): text for each, text in errors.items()}, **said}.items():
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[status] = {"description": description, "content": content}
