"""Lists in pages: opaque keyset cursors that hold only with the filters they were made with."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Annotated, Any

from fastapi import Query

from shared.http.problems import bad_parameter

MOST = 200
MOST_NUMBER = 2**63 - 1
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items at the most")]
"""Use as `limit: Limit = 50`."""

Position = Sequence[str | int | float | None]


def encode_cursor(position: Position, filters: Mapping[str, object]) -> str:
    """Return the cursor after the item at `position` (its sort key)."""
    text = json.dumps([_digest(filters), *position], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, filters: Mapping[str, object], *, length: int | None = None) -> list[Any]:
    """Return the position. Raises a 422 `Problem` for what is no cursor of ours, or one of other filters."""
    try:
        found = json.loads(base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        digest, *position = found
    except (ValueError, TypeError, RecursionError) as error:
        raise bad_parameter("cursor", "not a cursor of this list") from error
    if digest != _digest(filters) or (length is not None and len(position) != length):
        raise bad_parameter("cursor", "a cursor of other filters; begin again without it")
    if not all(_may_be_sorted_by(each) for each in position):
        raise bad_parameter("cursor", "not a cursor of this list")
    return position


def _may_be_sorted_by(value: object) -> bool:
    # What a database cannot take as a number is none of ours: our own cursors hold what came from it.
    match value:
        case bool():
            return False
        case int():
            return abs(value) <= MOST_NUMBER
        case float():
            return isfinite(value)
        case _:
            return value is None or isinstance(value, str)


def _digest(filters: Mapping[str, object]) -> str:
    given = {name: str(value) for name, value in filters.items() if value is not None}
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
