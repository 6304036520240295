"""Routes that judge the token first, and take exactly the query parameters they name."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.convertors import PathConvertor, register_url_convertor

from shared.http.auth import GATE
from shared.http.problems import Problem


class _AnyPath(PathConvertor):
    """What stands for `:path`: line ends too, at which Starlette's own stops, so that no token would be judged."""

    regex = r"[\s\S]*"


register_url_convertor("path", _AnyPath())


class StrictRoute(APIRoute):
    """Refuses unknown and NUL-bearing query parameters; takes an empty one as absent, as forms send them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        inner = super().get_route_handler()
        known = _query_names(self.dependant)
        gates = list(_gates(self.dependant))

        async def handler(request: Request) -> Response:
            # Before parameters and body: who has no good token is told nothing else.
            for gate in gates:
                await gate(request)
            given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
            errors = [
                {"where": f"query.{name}" if name.isprintable() and len(name) <= 40 else "query", "message": message}  # noqa: PLR2004
                for name, value in given
                if (message := _fault(name, value, known))
            ]
            if errors:
                raise Problem(422, "Unprocessable request", "; ".join(e["message"] for e in errors)[:1000], errors)
            scope = dict(request.scope)
            scope["query_string"] = urlencode([(name, value) for name, value in given if value]).encode()
            return await inner(Request(scope, request.receive))

        return handler


def _query_names(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_query_names, dependant.dependencies))


def _gates(dependant: Dependant) -> Iterator[Callable[[Request], Coroutine[Any, Any, Any]]]:
    for each in dependant.dependencies:
        if each.call is not None and getattr(each.call, GATE, False):
            yield each.call
        yield from _gates(each)


def _fault(name: str, value: str, known: set[str]) -> str | None:
    if name not in known:
        return f"no such parameter; there are: {', '.join(sorted(known)) or 'none'}"
    if "\x00" in value:
        return "a NUL character is not allowed"
    return None


def api_router(**options: Any) -> APIRouter:
    """Return a router whose routes are strict about query parameters."""
    return APIRouter(route_class=StrictRoute, **options)
