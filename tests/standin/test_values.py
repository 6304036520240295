"""Values and ids on their own: what is kept, for any input."""

import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed, RowFailed
from salesforce_standin.records import values
from salesforce_standin.schema.model import Field

SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)
JSON = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
FIELDS = [
    Field("A", "A", "string", 10),
    Field("B", "B", "double", precision=5, scale=2),
    Field("C", "C", "datetime"),
    Field("D", "D", "date"),
    Field("E", "E", "boolean"),
    Field("F", "F", "reference", 18),
    Field("G", "G", "email", 80),
    Field("H", "H", "picklist", 255, values=(("in", "In"), ("out", "Out")), restricted=True),
]


@given(SHORT)
def test_an_id_of_fifteen_characters_grows_to_eighteen_and_those_are_the_same(short: str):
    full = ids.normal(short)
    assert full is not None
    assert (full[:15], ids.normal(full)) == (short, full)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("0034000000b8bys", "0034000000b8bysAAA"),
        ("a0B0x000000ABCD", "a0B0x000000ABCDEA4"),
    ],
)
def test_checksums_of_known_ids(short: str, full: str):
    assert ids.normal(short) == full


@given(st.integers(1, 10**9))
def test_made_ids_are_ids_and_sort_as_they_were_made(number: int):
    one, following = ids.make("a01", number), ids.make("a01", number + 1)
    assert (ids.normal(one), one[:15] < following[:15]) == (one, True)


@given(st.sampled_from(FIELDS), JSON)
def test_any_json_value_is_kept_or_refused_and_what_is_kept_stays_the_same(field: Field, raw: Any):
    try:
        kept = values.coerce(field, raw)
    except (RowFailed, RequestFailed) as failed:
        kept = failed.code
    else:
        assert values.coerce(field, kept) == kept
    assert kept is None or isinstance(kept, str | float | bool)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [(91.555, 91.56), (2.675, 2.68), (999.994, 999.99), ("7", 7.0), ("1e2", 100.0), (-0.004, 0.0), (0, 0.0)],
)
def test_numbers_are_rounded_half_up_to_their_scale(raw: Any, kept: float):
    assert values.coerce(FIELDS[1], raw) == kept


@pytest.mark.parametrize("raw", [999.995, 1000, -1000, 1e300, "1e999"])
def test_numbers_out_of_range_fail_their_row(raw: Any):
    with pytest.raises(RowFailed) as failed:
        values.coerce(FIELDS[1], raw)
    assert failed.value.code == "NUMBER_OUTSIDE_VALID_RANGE"


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-22",
        "2026-11-22T03:04:05",
        "2026-13-01T00:00:00Z",
        "1600-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        5,
        True,
    ],
)
def test_what_is_no_instant_with_an_offset_is_refused(raw: Any):
    with pytest.raises(RequestFailed):
        values.coerce(FIELDS[2], raw)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-22T03:04:05Z",
        "2026-11-22T03:04:05.123456Z",
        "2026-11-22T05:04:05.000+0200",
        "2026-11-22T05:04:05+02:00",
    ],
)
def test_instants_are_kept_in_one_form(raw: str):
    assert values.coerce(FIELDS[2], raw) == "2026-11-22T03:04:05.000+0000"


def test_length_is_counted_as_salesforce_counts_it():
    field = replace(FIELDS[0], length=4)
    assert values.coerce(field, "\N{PARTY POPPER}" * 2) == "\N{PARTY POPPER}" * 2
    with pytest.raises(RowFailed):
        values.coerce(field, "\N{PARTY POPPER}" * 2 + "x")


def test_a_restricted_picklist_knows_its_words():
    with pytest.raises(RowFailed) as failed:
        values.coerce(FIELDS[7], "under")
    assert failed.value.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
