"""One value on its way in: from JSON or CSV to what is kept.

Kept are JSON's own kinds: text, float, bool; instants as Salesforce writes them, in UTC and without fractions, so that
their text sorts as they do.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed, RowFailed
from salesforce_standin.schema.model import Field

Value = str | float | bool | None
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FIRST_YEAR = 1700
_LAST_YEAR = 4000


def instant_text(moment: datetime) -> str:
    """2026-11-22T00:31:06.000+0000, as every answer writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def parse_instant(text: str) -> str | None:
    """The kept form, or None when this is no instant with an offset."""
    shape = _INSTANT.fullmatch(text)
    if shape is None:
        return None
    try:
        moment = datetime.fromisoformat(shape[1] + ("+00:00" if shape[2] == "Z" else shape[2])).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant_text(moment) if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def parse_date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def utf16_length(text: str) -> int:
    """What Salesforce counts: a character outside the basic plane is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


_JSON_KINDS: dict[type[Any], str] = {
    bool: "VALUE_BOOLEAN", str: "VALUE_STRING", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", list: "START_ARRAY",
}  # fmt: skip


def _wrong_kind(one: Field, raw: object) -> RequestFailed:
    found = _JSON_KINDS.get(type(raw), "START_OBJECT")
    shown = f" value {raw}" if isinstance(raw, str | int | float) else ""
    message = (
        f"Cannot deserialize instance of {one.kind} from {found}{shown} or request may be missing a required field"
    )
    return RequestFailed(400, "JSON_PARSER_ERROR", f"{message} at [line:1, column:1]")


def _string(one: Field, raw: object) -> Value:
    if not isinstance(raw, str):
        raise _wrong_kind(one, raw)
    text = raw.strip()
    if utf16_length(text) > one.length:
        shown = text if len(text) <= 80 else text[:80] + "..."  # noqa: PLR2004  enough to see which value it was
        message = f"{one.label}: data value too large: {shown} (max length={one.length})"
        raise RowFailed("STRING_TOO_LONG", message, (one.name,))
    return text or None


def _email(one: Field, raw: object) -> Value:
    text = _string(one, raw)
    if isinstance(text, str) and not _EMAIL.fullmatch(text):
        raise RowFailed("INVALID_EMAIL_ADDRESS", f"{one.label}: invalid email address: {text}", (one.name,))
    return text


def _picklist(one: Field, raw: object) -> Value:
    text = _string(one, raw)
    if text is not None and one.restricted and text not in {value for value, _ in one.values}:
        code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        raise RowFailed(code, f"{one.label}: bad value for restricted picklist field: {text}", (one.name,))
    return text


def _boolean(one: Field, raw: object) -> Value:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in {"true", "false"}:
        return raw.lower() == "true"
    raise _wrong_kind(one, raw)


def _number(one: Field, raw: object) -> Value:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise _wrong_kind(one, raw)
    if isinstance(raw, str) and not re.fullmatch(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?\s*", raw):
        raise _wrong_kind(one, raw)
    exact = Decimal(str(raw).strip())
    if exact.adjusted() < one.precision:
        exact = exact.quantize(Decimal(1).scaleb(-one.scale), ROUND_HALF_UP)
    if abs(exact) >= Decimal(1).scaleb(one.precision - one.scale):
        message = f"{one.label}: value outside of valid range on numeric field: {float(exact)}"
        raise RowFailed("NUMBER_OUTSIDE_VALID_RANGE", message, (one.name,))
    return float(exact) + 0.0  # never -0.0


def _instant(one: Field, raw: object) -> Value:
    kept = parse_instant(raw) if isinstance(raw, str) else None
    if kept is None:
        raise _wrong_kind(one, raw)
    return kept


def _date(one: Field, raw: object) -> Value:
    kept = parse_date(raw) if isinstance(raw, str) else None
    if kept is None:
        raise _wrong_kind(one, raw)
    return kept


def _reference(one: Field, raw: object) -> Value:
    if not isinstance(raw, str):
        raise _wrong_kind(one, raw)
    if not raw.strip():
        return None
    kept = ids.normal(raw.strip())
    if kept is None:
        raise RowFailed("MALFORMED_ID", f"{one.label}: id value of incorrect type: {raw[:80]}", (one.name,))
    return kept


_COERCE: dict[str, Callable[[Field, object], Value]] = {
    "string": _string, "textarea": _string, "phone": _string, "url": _string, "email": _email, "picklist": _picklist,
    "boolean": _boolean, "double": _number, "int": _number, "date": _date, "datetime": _instant, "reference": _reference,
    "id": _reference,
}  # fmt: skip


def coerce(one: Field, raw: object) -> Value:
    """The kept form of a value; raises RowFailed for a bad value, RequestFailed for JSON of the wrong kind."""
    if raw is None:
        return False if one.kind == "boolean" else None
    return _COERCE[one.kind](one, raw)
