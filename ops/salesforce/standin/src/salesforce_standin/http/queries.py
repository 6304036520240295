"""SOQL over HTTP: query, queryAll and their further pages."""

from typing import Any

from salesforce_standin.failures import RequestFailed
from salesforce_standin.http.call import Answer, Call
from salesforce_standin.soql import parser, running
from salesforce_standin.soql.running import Result
from salesforce_standin.soql.tree import Aggregate, Column, Query

_SMALLEST_PAGE = 200
_LARGEST_PAGE = 2000


def query(call: Call) -> Answer:
    return _query(call, deleted=False)


def query_all(call: Call) -> Answer:
    return _query(call, deleted=True)


def more(call: Call) -> Answer:
    locator, result, first = call.world.cursors.find(call.path["locator"])
    return Answer(200, _page(call, result, first, _page_size(call), locator))


def _query(call: Call, *, deleted: bool) -> Answer:
    text = call.query.get("q")
    if text is None:
        raise RequestFailed(400, "MALFORMED_QUERY", "SOQL statement is missing: q")
    parsed = parser.parse(text)
    result = running.run(call.world.org, parsed, deleted=deleted, base=call.base)
    if call.query.get("columns", "").lower() == "true":
        return Answer(200, _columns(parsed))
    if parsed.counts_only:
        return Answer(200, {"totalSize": result.total, "done": True, "records": []})
    return Answer(200, _page(call, result, 0, _page_size(call), None))


def _page_size(call: Call) -> int:
    """The stand-in's own, or what Sforce-Query-Options asks for; never more than the API allows."""
    name, _, asked = call.headers.get("sforce-query-options", "").partition("=")
    if name.strip().lower() == "batchsize" and asked.strip().isdigit():
        return min(max(int(asked), _SMALLEST_PAGE), _LARGEST_PAGE, max(call.world.page_size, _SMALLEST_PAGE))
    return call.world.page_size


def _page(call: Call, result: Result, first: int, size: int, locator: str | None) -> dict[str, Any]:
    after = first + size
    page: dict[str, Any] = {"totalSize": result.total, "done": after >= result.total}
    if not page["done"]:
        page["nextRecordsUrl"] = f"{call.base}/query/{locator or call.world.cursors.keep(result)}-{after}"
    return {**page, "records": result.render(first, after)}


def _columns(parsed: Query) -> dict[str, Any]:
    """What the sf command line asks for beside the rows."""
    return {
        "columnMetadata": [
            {
                "aggregate": isinstance(one, Aggregate),
                "apexType": "String",
                "booleanType": False,
                "columnName": one.path[-1] if isinstance(one, Column) else (getattr(one, "alias", None) or "expr0"),
                "custom": isinstance(one, Column) and one.path[-1].endswith("__c"),
                "displayName": one.path[-1] if isinstance(one, Column) else "expr0",
                "foreignKeyName": None,
                "insertable": False,
                "joinColumns": [],
                "numberType": False,
                "textType": True,
                "updatable": False,
            }
            for one in parsed.columns
        ],
        "entityName": parsed.source,
        "groupBy": bool(parsed.group),
        "idSelected": any(isinstance(one, Column) and one.path == ("Id",) for one in parsed.columns),
        "keyPrefix": None,
    }
