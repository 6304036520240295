"""What the analysts' pages share: words, charts, filter forms, addresses."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.http.pages import Form, words
from shared.http.pages.charts import MOST_COLUMNS, Bar, bars, over_time, parts
from shared.http.pages.looks import breakable, url

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (600, "10 min"),
        (3_599, "59 min"),
        (16_200, "4 h 30 min"),
        (3_600_000, "1,000 h"),
    ],
)
def test_durations_are_said_as_people_do(seconds: int, text: str) -> None:
    assert words.duration(seconds) == text


def test_shares_never_round_to_none_or_all() -> None:
    shares = (0, 0.001, 0.5, 0.999, 1)
    assert [words.percent(each) for each in shares] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]


def test_times_are_said_from_now() -> None:
    offsets = (-30, 30, -60, -7_200, 86_400 * 3, -86_400 * 40, -86_400 * 800)
    assert [words.relative(NOON + timedelta(seconds=each), NOON) for each in offsets] == [
        "just now",
        "in a moment",
        "1 minute ago",
        "2 hours ago",
        "in 3 days",
        "1 month ago",
        "2 years ago",
    ]


def test_bars_are_as_long_as_their_part_of_the_greatest() -> None:
    drawn = bars([Bar("a", 4), Bar("b", 1), Bar("c", 0)])
    assert [(each.width, each.share) for each in drawn] == [(100.0, 0.8), (25.0, 0.2), (0.0, 0.0)]
    assert [(each.x, each.width) for each in parts((3, "good"), (0, "bad"), (1, "open"))] == [(0.0, 75.0), (75.0, 25.0)]
    assert (bars([]), parts()) == ((), ())


@pytest.mark.parametrize(
    ("days", "unit", "columns"),
    [(1, "day", 1), (MOST_COLUMNS, "day", MOST_COLUMNS), (MOST_COLUMNS + 1, "week", 10), (500, "month", 17)],
)
def test_many_days_become_weeks_and_months_without_gaps(days: int, unit: str, columns: int) -> None:
    first = date(2026, 1, 1)
    chart = over_time([(first, 2), (first + timedelta(days=days - 1), 3)] if days > 1 else [(first, 5)])
    assert (chart.unit, len(chart.columns), sum(each.count for each in chart.columns)) == (unit, columns, 5)
    assert max(each.height for each in chart.columns) == 100
    assert all(each.x >= 0 and each.x + each.width <= 100 for each in chart.columns)


def test_columns_reach_from_what_was_asked_to_what_was_asked_even_to_the_ends_of_time() -> None:
    chart = over_time([(date(2026, 11, 3), 1)], begin=date(2026, 11, 1), end=date(2026, 11, 5))
    assert [each.count for each in chart.columns] == [0, 0, 1, 0, 0]
    assert over_time([]).columns == ()
    for begin, end in ((date.min, date(1, 2, 1)), (date(9999, 11, 1), date.max), (date.min, date.max)):
        assert 0 < len(over_time([(begin, 1), (end, 1)]).columns) <= 7 * MOST_COLUMNS


def test_days_of_a_form_are_both_included_and_instants_are_taken_as_they_are() -> None:
    form = Form({"from": " 2026-11-01 ", "to": "2026-11-02"}, ("from", "to"))
    assert form.days("from", "to") == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    exact = Form({"from": "2026-11-01T10:00:00+02:00"}, ("from", "to"))
    assert exact.days("from", "to") == (datetime(2026, 11, 1, 8, tzinfo=UTC), None)
    assert (form.errors, exact.errors, exact.touched) == ({}, {}, {"from"})


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-11-01T10:00:00", "9999-12-31", "x" * 5_000])
def test_what_is_no_day_is_said_beside_its_field_and_not_at_length(text: str) -> None:
    form = Form({"to": text}, ("from", "to"))
    assert form.days("from", "to") == (None, None)
    assert form.errors["to"].endswith("is no day; one is written 2026-11-22.")
    assert len(form.errors["to"]) < 100


def test_addresses_hold_what_is_given_and_labels_are_escaped_where_they_may_break() -> None:
    assert url("/a", x="1 & 2", y="", z=None) == "/a?x=1+%26+2"
    assert str(breakable("a_<b>_c")) == "a_<wbr>&lt;b&gt;_<wbr>c"
