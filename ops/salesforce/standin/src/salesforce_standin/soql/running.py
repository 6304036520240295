"""Rows to answers: choose, order, cut, and render page by page."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from salesforce_standin.failures import RequestFailed
from salesforce_standin.org import Org
from salesforce_standin.records.database import Row
from salesforce_standin.records.values import Value
from salesforce_standin.schema.model import SObject
from salesforce_standin.soql import binding, conditions
from salesforce_standin.soql.binding import Bound
from salesforce_standin.soql.tree import Aggregate, AllFields, Column, Query

_ALL_FIELDS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Result:
    """A finished query: `render(first, last)` gives the records of one page."""

    total: int
    render: Callable[[int, int], list[dict[str, Any]]]


def run(org: Org, query: Query, *, deleted: bool, base: str) -> Result:
    """Run it; `base` begins the URLs in the records, `deleted` includes the recycle bin."""
    start = binding.source(org.schema, query.source)
    if query.counts_only:
        total = len(_chosen(org, start, query, deleted=deleted))
        return Result(total, lambda _first, _last: [])
    if query.aggregates:
        records = _aggregated(org, start, query, _chosen(org, start, query, deleted=deleted))
        return Result(len(records), lambda first, last: records[first:last])
    columns = [binding.bind(org.schema, start, path) for path in _paths(start, query)]
    chosen = _chosen(org, start, query, deleted=deleted)
    row_ids = [str(row["Id"]) for row in chosen]
    database = org.database

    def render(first: int, last: int) -> list[dict[str, Any]]:
        rows = (database.get(start.name, row_id) for row_id in row_ids[first:last])
        return [record(org, start, columns, row, base) for row in rows if row is not None]

    return Result(len(row_ids), render)


def record(org: Org, start: SObject, columns: Sequence[Bound], row: Row, base: str) -> dict[str, Any]:
    """One row as the API writes it, related rows nested."""
    out: dict[str, Any] = {"attributes": _attributes(start, row, base)}
    for one in columns:
        current, place = row, out
        for hop in one.hops:
            related = binding.follow(org.database, hop, current)
            name = hop.relationship or hop.name
            target = org.full_schema.objects[hop.refers_to or ""]
            if related is None:
                place.setdefault(name, None)
                break
            place = place.setdefault(name, {"attributes": _attributes(target, related, base)})
            current = related
        else:
            place[one.field.name] = current.get(one.field.name)
    return out


def _attributes(one: SObject, row: Row, base: str) -> dict[str, str]:
    return {"type": one.name, "url": f"{base}/sobjects/{one.name}/{row['Id']}"}


def _paths(start: SObject, query: Query) -> list[tuple[str, ...]]:
    paths: list[tuple[str, ...]] = []
    for one in query.columns:
        match one:
            case Column(path):
                paths.append(tuple(path))
            case AllFields(which):
                if which != "STANDARD" and (query.limit is None or query.limit > _ALL_FIELDS_LIMIT):
                    message = "The SOQL FIELDS function must have a LIMIT of at most 200"
                    raise RequestFailed(400, "MALFORMED_QUERY", message)
                paths += [
                    (field.name,) for field in start.fields.values() if which in {"ALL", _side(custom=field.custom)}
                ]
            case Aggregate():
                pass
    return paths


def _side(*, custom: bool) -> str:
    return "CUSTOM" if custom else "STANDARD"


def _chosen(org: Org, start: SObject, query: Query, *, deleted: bool) -> list[Row]:
    meets = conditions.test(org, start, query.where)
    known = None if deleted else conditions.candidates(org, start, query.where)
    if known is None:
        pool = list(org.database.rows(start.name))
    else:
        pool = [row for row in (org.database.get(start.name, row_id) for row_id in known) if row is not None]
    chosen = [row for row in pool if (deleted or not row.get("IsDeleted")) and meets(row)]
    if query.aggregates and not query.counts_only:
        return chosen
    for order in reversed(query.order):
        _sort(
            org,
            chosen,
            binding.bind(org.schema, start, order.path),
            descending=order.descending,
            nulls_first=order.nulls_first,
        )
    return chosen[query.offset : None if query.limit is None else query.offset + query.limit]


def _sort(org: Org, rows: list[Row], by: Bound, *, descending: bool, nulls_first: bool) -> None:
    rank_of_nulls = 0 if nulls_first != descending else 2

    def key(row: Row) -> tuple[int, Value] | tuple[int]:
        value = conditions.folded(by.field, by.read(org.database, row))
        return (rank_of_nulls,) if value is None else (1, value)

    rows.sort(key=key, reverse=descending)


def _aggregated(org: Org, start: SObject, query: Query, rows: Sequence[Row]) -> list[dict[str, Any]]:
    group = [binding.bind(org.schema, start, path) for path in query.group]
    groups: dict[tuple[Value, ...], list[Row]] = defaultdict(list) if group else {(): list(rows)}
    if group:
        for row in rows:
            groups[tuple(one.read(org.database, row) for one in group)].append(row)
    records: list[dict[str, Any]] = []
    for values, members in groups.items():
        out: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        out |= {one.field.name: value for one, value in zip(group, values, strict=True) if _selected(query, one)}
        number = 0
        for column in query.columns:
            if isinstance(column, Aggregate):
                out[column.alias or f"expr{number}"] = _aggregate(org, start, column, members)
                number += column.alias is None
        records.append(out)
    return records[query.offset : None if query.limit is None else query.offset + query.limit]


def _selected(query: Query, one: Bound) -> bool:
    return any(
        isinstance(column, Column) and column.path[-1].lower() == one.field.name.lower() for column in query.columns
    )


def _aggregate(org: Org, start: SObject, column: Aggregate, members: Sequence[Row]) -> Value:
    if column.path is None:
        return len(members)
    bound = binding.bind(org.schema, start, column.path)
    found = [value for value in (bound.read(org.database, row) for row in members) if value is not None]
    numbers = [value for value in found if isinstance(value, int | float)]
    reckon: dict[str, Callable[[], Value]] = {
        "COUNT": lambda: len(found),
        "COUNT_DISTINCT": lambda: len({conditions.folded(bound.field, value) for value in found}),
        "SUM": lambda: sum(numbers),
        "AVG": lambda: sum(numbers) / len(numbers) if numbers else None,
        "MIN": lambda: min(numbers, default=None) if numbers else min(map(str, found), default=None),
        "MAX": lambda: max(numbers, default=None) if numbers else max(map(str, found), default=None),
    }
    return reckon[column.function]()
