"""Which URL is what; one table, in the order of matching."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Route

from salesforce_standin.failures import RequestFailed, not_found
from salesforce_standin.http import admin, basics, collections, deployments, jobs, queries, sobjects
from salesforce_standin.http.call import Answer, Call, Handler
from salesforce_standin.http.gate import guarded
from salesforce_standin.world import World

Scope = MutableMapping[str, Any]
_DATA = "/services/data/{version}"
_ROW = _DATA + "/sobjects/{object}"
_MANY = _DATA + "/composite/sobjects"
_INGEST = _DATA + "/jobs/ingest"
_QUERIES = _DATA + "/jobs/query"
_LONGEST_URI = 16_384

_FREE: list[tuple[str, str, str, Handler]] = [
    ("GET", "/services/data", "versions", basics.versions),
    ("POST", "/services/oauth2/token", "token", basics.token),
    ("POST", "/services/oauth2/introspect", "introspect", basics.introspect),
    ("POST", "/services/oauth2/revoke", "revoke", basics.revoke),
]
_API: list[tuple[str, str, str, Handler]] = [
    ("GET", "/services/oauth2/userinfo", "userinfo", basics.user_info),
    ("GET", "/id/{organization}/{user}", "userinfo", basics.user_info),
    ("GET", _DATA, "resources", basics.resources),
    ("GET", _DATA + "/limits", "limits", basics.limits),
    ("GET", _DATA + "/query", "query", queries.query),
    ("GET", _DATA + "/queryAll", "query", queries.query_all),
    ("GET", _DATA + "/query/{locator}", "query", queries.more),
    ("GET", _DATA + "/queryAll/{locator}", "query", queries.more),
    ("PATCH", _MANY + "/{object}/{field}", "collections.upsert", collections.upsert),
    ("POST", _MANY, "collections.create", collections.create),
    ("PATCH", _MANY, "collections.update", collections.update),
    ("DELETE", _MANY, "collections.delete", collections.delete),
    ("POST", _DATA + "/metadata/deployRequest", "deploy", deployments.start),
    ("GET", _DATA + "/metadata/deployRequest/{id}", "deploy.poll", deployments.show),
    ("POST", _INGEST, "bulk.ingest", jobs.create_ingest),
    ("GET", _INGEST, "bulk.ingest.poll", jobs.list_all),
    ("GET", _INGEST + "/{job}", "bulk.ingest.poll", jobs.show),
    ("PATCH", _INGEST + "/{job}", "bulk.ingest.close", jobs.change),
    ("DELETE", _INGEST + "/{job}", "bulk.ingest.delete", jobs.delete),
    ("PUT", _INGEST + "/{job}/batches", "bulk.ingest.upload", jobs.upload),
    ("GET", _INGEST + "/{job}/successfulResults", "bulk.ingest.results", jobs.successful),
    ("GET", _INGEST + "/{job}/failedResults", "bulk.ingest.results", jobs.failed),
    ("GET", _INGEST + "/{job}/unprocessedrecords", "bulk.ingest.results", jobs.unprocessed),
    ("POST", _QUERIES, "bulk.query", jobs.create_query),
    ("GET", _QUERIES, "bulk.query.poll", jobs.list_all),
    ("GET", _QUERIES + "/{job}", "bulk.query.poll", jobs.show),
    ("PATCH", _QUERIES + "/{job}", "bulk.query.close", jobs.change),
    ("DELETE", _QUERIES + "/{job}", "bulk.query.delete", jobs.delete),
    ("GET", _QUERIES + "/{job}/results", "bulk.query.results", jobs.results),
    ("GET", _DATA + "/sobjects", "describe", sobjects.describe_all),
    ("GET", _ROW + "/describe", "describe", sobjects.describe_one),
    ("GET", _ROW, "describe", sobjects.describe_basic),
    ("POST", _ROW, "row.create", sobjects.create),
    ("GET", _ROW + "/{id}", "row.read", sobjects.read),
    ("PATCH", _ROW + "/{id}", "row.update", sobjects.update),
    ("DELETE", _ROW + "/{id}", "row.delete", sobjects.delete),
    ("GET", _ROW + "/{field}/{value:path}", "row.read", sobjects.read_by_key),
    ("PATCH", _ROW + "/{field}/{value:path}", "row.upsert", sobjects.upsert),
    ("DELETE", _ROW + "/{field}/{value:path}", "row.delete", sobjects.delete_by_key),
]


def application(world: World, pages: list[Route]) -> "Forgiving":
    """The whole server."""
    free = [
        Route(path, guarded(world, kind, handler, free=True), methods=[verb]) for verb, path, kind, handler in _FREE
    ]
    api = [Route(path, guarded(world, kind, handler), methods=[verb]) for verb, path, kind, handler in _API]
    lost = [
        Route(
            path,
            guarded(world, "unknown", _wrong_verb(paths_verbs)),
            methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
        )
        for path, paths_verbs in _verbs().items()
    ]
    nowhere = Route(
        "/services/{rest:path}", guarded(world, "unknown", _nowhere), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
    )
    squeezed = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1)]
    return Forgiving(Starlette(middleware=squeezed, routes=[*free, *api, *lost, nowhere, *admin.routes(world), *pages]))


def _verbs() -> dict[str, str]:
    verbs: dict[str, list[str]] = {}
    for verb, path, _, _ in _API:
        verbs.setdefault(path, []).append(verb)
    return {path: ",".join(sorted(known)) for path, known in verbs.items()}


def _wrong_verb(allowed: str) -> Handler:
    def handler(_call: Call) -> Answer:
        raise RequestFailed(405, "METHOD_NOT_ALLOWED", f"HTTP method not allowed. Allowed are {allowed}")

    return handler


def _nowhere(_call: Call) -> Answer:
    raise not_found()


class Forgiving:
    """Salesforce does not mind a slash at the end, and minds a URI that is too long."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if len(scope["path"]) + len(scope["query_string"]) > _LONGEST_URI:
                await Response("URI Too Long", 414)(scope, receive, send)
                return
            if len(scope["path"]) > 1 and scope["path"].endswith("/"):
                scope["path"] = scope["path"].rstrip("/")
        await self._app(scope, receive, send)
