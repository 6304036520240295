"""Names to fields: what a path means, and what a literal is as a kept value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed
from salesforce_standin.records import values
from salesforce_standin.records.database import Database, Row
from salesforce_standin.records.values import Value
from salesforce_standin.schema.model import Field, Schema, SObject
from salesforce_standin.soql.tree import Literal_, Path


@dataclass(frozen=True, slots=True)
class Bound:
    """A path in the schema: the references to follow, then the field to read."""

    hops: tuple[Field, ...]
    field: Field

    def read(self, database: Database, row: Row) -> Value:
        current: Row | None = row
        for hop in self.hops:
            current = follow(database, hop, current)
        return None if current is None else current.get(self.field.name)


def follow(database: Database, hop: Field, row: Row | None) -> Row | None:
    target = None if row is None else row.get(hop.name)
    return database.get(hop.refers_to, target) if isinstance(target, str) and hop.refers_to else None


def source(schema: Schema, name: str) -> SObject:
    found = schema.find(name)
    if found is None:
        raise RequestFailed(
            400,
            "INVALID_TYPE",
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
            "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
        )
    return found


def bind(schema: Schema, start: SObject, path: Path) -> Bound:
    """The fields that a path names; a path may begin with the object's own name."""
    names = path[1:] if len(path) > 1 and path[0].lower() == start.name.lower() else path
    current, hops = start, list[Field]()
    for name in names[:-1]:
        hop = current.reference(name)
        target = schema.find(hop.refers_to) if hop is not None and hop.refers_to is not None else None
        if hop is None or target is None:
            raise RequestFailed(
                400, "INVALID_FIELD", f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
                "custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
                "WSDL or the describe call for the appropriate names.",
            )  # fmt: skip
        hops.append(hop)
        current = target
    found = current.field(names[-1])
    if found is None:
        raise RequestFailed(
            400, "INVALID_FIELD", f"No such column '{names[-1]}' on entity '{current.name}'. If you are attempting to use a custom "
            "field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call "
            "for the appropriate names.",
        )  # fmt: skip
    return Bound(tuple(hops), found)


_EXPECTED = {"double": "number", "int": "number", "boolean": "boolean", "date": "date", "datetime": "datetime"}
_QUOTE_RULE = {
    "number": "must be of type double and should not be enclosed in quotes",
    "boolean": "must be of type boolean and should not be enclosed in quotes",
    "date": "must be of type date and should not be enclosed in quotes",
    "datetime": "must be of type dateTime and should not be enclosed in quotes",
    "string": "must be of type string and should be enclosed in quotes",
}


def literal(one: Field, given: Literal_) -> Value:
    """The kept value that the literal means for this field; raises when it is of the wrong kind."""
    if given.kind == "null":
        return None
    expected = _EXPECTED.get(one.kind, "string")
    if given.kind != expected:
        rule = _QUOTE_RULE[expected]
        raise RequestFailed(400, "INVALID_FIELD", f"value of filter criterion for field '{one.name}' {rule}")
    return _READERS[expected](one, given.text)


def _string(one: Field, text: str) -> Value:
    if one.kind not in {"id", "reference"} or not text:
        return text
    found = ids.normal(text)
    if found is None:
        raise RequestFailed(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return found


def _datetime(_one: Field, text: str) -> Value:
    found = values.parse_instant(text)
    if found is None:
        raise RequestFailed(400, "MALFORMED_QUERY", f"Invalid datetime: {text}")
    return found


def _date(_one: Field, text: str) -> Value:
    found = values.parse_date(text)
    if found is None:
        raise RequestFailed(400, "MALFORMED_QUERY", f"Invalid date: {text}")
    return found


_READERS: dict[str, Callable[[Field, str], Value]] = {
    "string": _string,
    "number": lambda _one, text: float(text),
    "boolean": lambda _one, text: text == "true",
    "date": _date,
    "datetime": _datetime,
}


def date_range(one: Field, word: str, now: datetime) -> tuple[str, str]:
    """First instant (or day) of a date literal, and the first after it."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    name, _, count = word.partition(":")
    days = timedelta(days=int(count or 0))
    day, week = timedelta(days=1), timedelta(days=(today.weekday() + 1) % 7)
    month = today.replace(day=1)
    year = month.replace(month=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    ranges = {
        "TODAY": (today, today + day),
        "YESTERDAY": (today - day, today),
        "TOMORROW": (today + day, today + 2 * day),
        "THIS_WEEK": (today - week, today - week + 7 * day),
        "LAST_WEEK": (today - week - 7 * day, today - week),
        "THIS_MONTH": (month, next_month),
        "LAST_MONTH": ((month - day).replace(day=1), month),
        "THIS_YEAR": (year, year.replace(year=year.year + 1)),
        "LAST_YEAR": (year.replace(year=year.year - 1), year),
        "LAST_N_DAYS": (today - days, today + day),
        "NEXT_N_DAYS": (today + day, today + day + days),
    }
    if one.kind not in {"date", "datetime"} or name not in ranges or (name.endswith("_N_DAYS") != bool(count)):
        raise RequestFailed(400, "MALFORMED_QUERY", f"unexpected token: '{word}'")
    first, after = ranges[name]
    if one.kind == "date":
        return first.date().isoformat(), after.date().isoformat()
    return values.instant_text(first), values.instant_text(after)
