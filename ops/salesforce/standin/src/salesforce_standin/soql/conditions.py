"""WHERE: a condition as a function of a row, and which rows can meet it at all."""

import re
from collections.abc import Callable, Sequence

from salesforce_standin.failures import RequestFailed
from salesforce_standin.org import Org
from salesforce_standin.records.database import Row, is_indexed
from salesforce_standin.records.values import Value
from salesforce_standin.schema.model import Field, SObject
from salesforce_standin.soql import binding
from salesforce_standin.soql.tree import Comparison, Condition, Junction, Literal_, Not

Test = Callable[[Row], bool]


def test(org: Org, start: SObject, condition: Condition | None) -> Test:
    """Whether a row meets the condition."""
    match condition:
        case None:
            return lambda _row: True
        case Not(inner):
            meets = test(org, start, inner)
            return lambda row: not meets(row)
        case Junction(word, conditions):
            parts = [test(org, start, one) for one in conditions]
            if word == "AND":
                return lambda row: all(part(row) for part in parts)
            return lambda row: any(part(row) for part in parts)
        case Comparison():
            return _comparison(org, start, condition)


def _comparison(org: Org, start: SObject, condition: Comparison) -> Test:
    bound = binding.bind(org.schema, start, condition.path)
    passes = _value_test(org, bound.field, condition)
    database = org.database
    if not bound.hops:
        name = bound.field.name
        return lambda row: passes(row.get(name))
    return lambda row: passes(bound.read(database, row))


def folded(one: Field, value: Value) -> Value:
    """For comparing: case counts in case-sensitive fields alone."""
    return (
        value.casefold()
        if isinstance(value, str) and not one.case_sensitive and one.kind not in {"id", "reference"}
        else value
    )


def _value_test(org: Org, one: Field, condition: Comparison) -> Callable[[Value], bool]:
    if condition.operator == "LIKE":
        return _like(one, condition.values[0])
    if condition.values[0].kind == "range":
        return _in_range(one, condition.operator, binding.date_range(one, condition.values[0].text, org.now()))
    wanted = [folded(one, binding.literal(one, given)) for given in condition.values]
    wanted = [None if value == "" else value for value in wanted]
    if condition.operator in {"IN", "=", "NOT IN", "!="}:
        among = frozenset(wanted)
        if condition.operator in {"IN", "="}:
            return lambda value: folded(one, value) in among
        return lambda value: folded(one, value) not in among
    return _ordered(one, condition.operator, wanted[0])


def _ordered(one: Field, operator: str, limit: Value) -> Callable[[Value], bool]:
    def compare(value: Value) -> bool:
        kept = folded(one, value)
        if isinstance(kept, str) and isinstance(limit, str):
            return _holds(operator, (kept > limit) - (kept < limit))
        if isinstance(kept, int | float) and isinstance(limit, int | float):
            return _holds(operator, (kept > limit) - (kept < limit))
        return False

    return compare


def _holds(operator: str, order: int) -> bool:
    return (order < 0 and "<" in operator) or (order > 0 and ">" in operator) or (order == 0 and "=" in operator)


def _in_range(one: Field, operator: str, limits: tuple[str, str]) -> Callable[[Value], bool]:
    first, after = limits
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda text: first <= text < after,
        "!=": lambda text: not first <= text < after,
        "<": lambda text: text < first,
        "<=": lambda text: text < after,
        ">": lambda text: text >= after,
        ">=": lambda text: text >= first,
    }
    if operator not in tests:
        raise RequestFailed(400, "MALFORMED_QUERY", f"a date literal cannot be used with {operator} on {one.name}")
    return lambda value: isinstance(value, str) and tests[operator](value)


def _like(one: Field, pattern: Literal_) -> Callable[[Value], bool]:
    if pattern.kind != "string" or one.kind in {"id", "reference", "double", "boolean", "date", "datetime"}:
        raise RequestFailed(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {one.kind} field: {one.name}")
    pieces = re.findall(r"\\.|.", pattern.text, re.DOTALL)
    shape = "".join({"%": ".*", "_": "."}.get(piece) or re.escape(piece.removeprefix("\\") or "\\") for piece in pieces)
    found = re.compile(shape, re.DOTALL if one.case_sensitive else re.DOTALL | re.IGNORECASE)
    return lambda value: isinstance(value, str) and found.fullmatch(value) is not None


def candidates(org: Org, start: SObject, condition: Condition | None) -> Sequence[str] | None:
    """Ids of all rows, not deleted, that can meet the condition, where an index knows; else None."""
    match condition:
        case Comparison(path, "=" | "IN", values) if len(path) == 1:
            return _indexed(org, start, path[0], values)
        case Junction("AND", conditions):
            found = (candidates(org, start, one) for one in conditions)
            return next((some for some in found if some is not None), None)
        case _:
            return None


def _indexed(org: Org, start: SObject, name: str, given: Sequence[Literal_]) -> Sequence[str] | None:
    one = start.field(name)
    if one is None or any(value.kind != "string" for value in given):
        return None
    wanted = dict.fromkeys(binding.literal(one, value) for value in given)
    if one.name == "Id":
        return [value for value in wanted if isinstance(value, str)]
    if not is_indexed(one):
        return None
    return list(dict.fromkeys(found for value in wanted for found in org.database.find(start.name, one, value)))
