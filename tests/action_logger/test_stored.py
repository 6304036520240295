"""A row's bytes say its name, place and timestamp, in whatever order they lie."""

from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import Timestamp

from action_logger.store.stored import instant, read

NOON = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
ROW: dict[str, Any] = {
    "_id": "/lms/acme\nÄ1",
    "inserted": Timestamp(1_800_000_000, 7),
    "time": datetime(2026, 11, 22, 11, tzinfo=UTC),
    "timestamp": NOON,
    "content_title": "Fire safety",
}


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        dict(reversed(ROW.items())),
        {"_id": ROW["_id"], "timestamp": NOON, "time": NOON, "inserted": ROW["inserted"]},
        {name: value for name, value in ROW.items() if name != "time"},
    ],
    ids=["as the service writes it", "backwards", "exchanged", "without its time"],
)
def test_a_row_is_read_alike_however_its_fields_lie(row: dict[str, Any]) -> None:
    name, place, milliseconds = read(bson.encode(row))
    assert (name, place, instant(milliseconds)) == ("/lms/acme\nÄ1", (1_800_000_000, 7), NOON)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"inserted": NOON}, (None, NOON)),
        ({"inserted": None}, (None, NOON)),
        ({"timestamp": "noon"}, ((1_800_000_000, 7), datetime(1970, 1, 1, tzinfo=UTC))),
    ],
)
def test_a_forged_row_has_no_place_or_no_timestamp_and_is_read_all_the_same(
    changed: dict[str, Any], expected: tuple[Any, datetime]
) -> None:
    _, place, milliseconds = read(bson.encode(ROW | changed))
    assert (place, instant(milliseconds)) == expected


def test_a_row_with_nothing_but_a_name_is_read() -> None:
    assert read(bson.encode({"_id": "x"})) == ("x", None, 0)
