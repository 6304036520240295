"""Cursors hold only with their filters, and nothing sent as one breaks anything."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import Problem
from shared.http.paging import decode_cursor, encode_cursor

FILTERS = {"email": "a@b.example", "from": None}


@given(st.lists(st.one_of(st.none(), st.text(max_size=50), st.integers(-(2**53), 2**53)), max_size=4))
def test_a_position_comes_back(position: list[str | int | None]) -> None:
    assert decode_cursor(encode_cursor(position, FILTERS), FILTERS) == position


def test_absent_filters_do_not_count_and_others_do() -> None:
    cursor = encode_cursor([1], FILTERS)
    assert decode_cursor(cursor, {"email": "a@b.example"}) == [1]
    with pytest.raises(Problem, match="Unprocessable"):
        decode_cursor(cursor, {"email": "b@b.example"})


@given(st.text(max_size=100))
def test_nonsense_is_a_422(text: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(text, FILTERS)
    assert caught.value.status == 422


@pytest.mark.parametrize("value", [{"a": 1}, [], ["x", {}], "text", 7, None, ["x", [1]]])
def test_json_that_is_no_cursor_is_a_422(value: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, FILTERS)
    assert caught.value.status == 422


@pytest.mark.parametrize("value", [2**63, -(2**70), float("nan"), float("inf"), True, {"$gt": ""}, ["x"]])
def test_a_position_that_no_list_of_ours_has_is_a_422_even_with_the_right_digest(value: object) -> None:
    digest = json.loads(base64.urlsafe_b64decode(encode_cursor([], FILTERS) + "=="))[0]
    cursor = base64.urlsafe_b64encode(json.dumps([digest, value]).encode()).decode()
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, FILTERS)
    assert caught.value.status == 422
