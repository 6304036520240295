"""Rows out, 200 a request (sObject Collections); each row's own result in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from salesforce_syncer.salesforce import errors
from salesforce_syncer.salesforce.client import Client, Request
from salesforce_syncer.salesforce.errors import Action

AT_ONCE = 200
"""Rows of one collections request; REST API Developer Guide, sObject Collections."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row. `action` is None when Salesforce took it."""

    id: str | None = None
    action: Action | None = None
    code: str = ""
    message: str = ""
    field: str | None = None


async def upsert(client: Client, object_name: str, key_field: str, rows: Sequence[Fields]) -> list[Outcome]:
    """Write rows by external id; the answers stand in the order of the rows."""
    name = client.names.out(object_name)
    records = [{"attributes": {"type": name}, **client.names.record(row)} for row in rows]
    request = Request(
        "collections",
        "PATCH",
        f"/composite/sobjects/{name}/{client.names.out(key_field)}",
        json={"allOrNone": False, "records": records},
    )
    return _outcomes((await client.call(request)).body, len(rows))


async def update(client: Client, object_name: str, rows: Sequence[Fields]) -> list[Outcome]:
    """Write rows by `id`. One object a request: User and Contact may not be mixed."""
    name = client.names.out(object_name)
    records = [{"attributes": {"type": name}, **client.names.record(row)} for row in rows]
    request = Request("collections", "PATCH", "/composite/sobjects", json={"allOrNone": False, "records": records})
    return _outcomes((await client.call(request)).body, len(rows))


async def delete(client: Client, ids: Sequence[str]) -> list[Outcome]:
    """Delete rows by their Salesforce ids."""
    params = {"ids": ",".join(ids), "allOrNone": "false"}
    answer = await client.call(Request("collections", "DELETE", "/composite/sobjects", params=params))
    return _outcomes(answer.body, len(ids))


def _outcomes(body: Any, expected: int) -> list[Outcome]:
    results = cast("list[dict[str, Any]]", body)
    if len(results) != expected:
        raise errors.Refused(Action.RETRY, "RESULTS_MISSING", sentence="fewer results than rows")
    return [_outcome(each) for each in results]


def _outcome(result: Mapping[str, Any]) -> Outcome:
    if result.get("success"):
        return Outcome(id=result.get("id"))
    found: list[dict[str, Any]] = result.get("errors") or []
    first = found[0] if found else dict[str, Any]()
    code, message = str(first.get("statusCode", "UNKNOWN")), str(first.get("message", ""))
    names: list[str] = first.get("fields") or []
    return failed(code, message, names[0] if names else None)


def failed(code: str, message: str, field: str | None = None) -> Outcome:
    return Outcome(action=errors.of_row(code, message), code=code, message=message[:500], field=field)
