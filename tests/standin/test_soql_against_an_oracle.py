"""Any condition, any order: what the stand-in finds is what a plain reading of SOQL's rules finds."""

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from salesforce_standin import app
from salesforce_standin.org import Org
from salesforce_standin.records import writes
from salesforce_standin.soql import parser, running

Row = dict[str, Any]
TEXTS = ["Fire", "fire", "O'Brien", "a\\b", "50%_x", "", "ß", "Z"]
NUMBERS = [0.0, 1.5, 80.0]
rows = st.lists(
    st.fixed_dictionaries(
        {"Course_Name__c": st.sampled_from(TEXTS), "Score__c": st.none() | st.sampled_from(NUMBERS)},
    ),
    max_size=6,
)


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def text_test(operator: str, wanted: str) -> tuple[str, Callable[[Row], bool]]:
    known = wanted or None

    def meets(row: Row) -> bool:
        value = row["Course_Name__c"] or None
        same = (value or "").casefold() == (known or "").casefold() and (value is None) == (known is None)
        return same if operator == "=" else not same

    return f"Course_Name__c {operator} {quoted(wanted)}", meets


def number_test(operator: str, limit: float | None) -> tuple[str, Callable[[Row], bool]]:
    compare: dict[str, Callable[[float, float], bool]] = {
        "<": lambda one, other: one < other,
        "<=": lambda one, other: one <= other,
        ">": lambda one, other: one > other,
        ">=": lambda one, other: one >= other,
    }

    def meets(row: Row) -> bool:
        value = row["Score__c"]
        if operator in {"=", "!="}:
            return (value == limit) == (operator == "=")
        return value is not None and limit is not None and compare[operator](value, limit)

    return f"Score__c {operator} {'null' if limit is None else limit}", meets


def both(word: str) -> Callable[[tuple[Any, Any]], tuple[str, Callable[[Row], bool]]]:
    def join(pair: tuple[Any, Any]) -> tuple[str, Callable[[Row], bool]]:
        (first, one), (second, other) = pair
        combine = all if word == "AND" else any
        return f"({first}) {word} ({second})", lambda row: combine((one(row), other(row)))

    return join


def negate(test: tuple[str, Callable[[Row], bool]]) -> tuple[str, Callable[[Row], bool]]:
    return f"NOT ({test[0]})", lambda row: not test[1](row)


leaves = st.builds(text_test, st.sampled_from(["=", "!="]), st.sampled_from(TEXTS)) | st.builds(
    number_test, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.none() | st.sampled_from(NUMBERS)
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(both("AND")), st.tuples(inner, inner).map(both("OR")), inner.map(negate)
    ),
    max_leaves=6,
)


def org() -> Org:
    return app.build(app.parse(["--client-id", "tests", "--client-secret-file", __file__])).org


ORG = org()


def found(soql: str, given_rows: list[Row]) -> list[int]:
    """Numbers of the rows that a query finds, in its order."""
    ORG.empty()
    one = ORG.schema.objects["LearnUponEnrollment__c"]
    for number, row in enumerate(given_rows):
        writes.insert(ORG, one, {"Enrollment_Key__c": str(number), **row})
    result = running.run(ORG, parser.parse(soql), deleted=False, base="")
    return [int(one["Enrollment_Key__c"]) for one in result.render(0, result.total)]


@settings(max_examples=300, deadline=None)
@given(rows, conditions)
def test_conditions_find_what_their_words_say(given_rows: list[Row], condition: tuple[str, Callable[[Row], bool]]):
    text, meets = condition
    soql = f"SELECT Enrollment_Key__c FROM LearnUponEnrollment__c WHERE {text}"  # noqa: S608  SOQL of the test's own
    assert found(soql, given_rows) == [number for number, row in enumerate(given_rows) if meets(row)]


@settings(max_examples=200, deadline=None)
@given(rows, st.booleans(), st.booleans(), st.integers(0, 4), st.integers(0, 4))
def test_rows_come_in_the_order_asked_for(given_rows: list[Row], down: bool, nulls_last: bool, limit: int, offset: int):  # noqa: FBT001
    def order(one: int, other: int) -> int:
        first, second = given_rows[one]["Score__c"], given_rows[other]["Score__c"]
        if first is None or second is None:
            return ((first is not None) - (second is not None)) * (-1 if nulls_last else 1)
        return ((first > second) - (first < second)) * (-1 if down else 1)

    words = f"ORDER BY Score__c {'DESC' if down else 'ASC'} NULLS {'LAST' if nulls_last else 'FIRST'} LIMIT {limit} OFFSET {offset}"
    expected = sorted(range(len(given_rows)), key=cmp_to_key(order))[offset : offset + limit]
    soql = f"SELECT Enrollment_Key__c FROM LearnUponEnrollment__c {words}"  # noqa: S608  SOQL of the test's own
    assert found(soql, given_rows) == expected
