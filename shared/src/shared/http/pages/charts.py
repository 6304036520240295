"""Charts as values: bars beside words, columns over days. Templates draw them as SVG, with a table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MOST_COLUMNS = 62
COLUMN_GAP = 0.22


@dataclass(frozen=True, slots=True)
class Bar:
    """A word and how many. `width` is of 100 for the greatest; `share` of all; `tone` names a colour in the style sheet."""

    label: str
    count: int
    width: float = 0.0
    share: float = 0.0
    href: str | None = None
    tone: str = ""
    hint: str = ""


def bars(items: Sequence[Bar]) -> tuple[Bar, ...]:
    """Return the same bars with their widths and shares."""
    greatest = max((each.count for each in items), default=0) or 1
    whole = sum(each.count for each in items) or 1
    return tuple(
        Bar(
            each.label,
            each.count,
            round(100 * each.count / greatest, 2),
            each.count / whole,
            each.href,
            each.tone,
            each.hint,
        )
        for each in items
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar that is as long as the whole."""

    x: float
    width: float
    tone: str


def parts(*counts: tuple[int, str]) -> tuple[Part, ...]:
    """Return how one bar of 100 is made up of (count, tone)."""
    whole = sum(count for count, _ in counts) or 1
    made: list[Part] = []
    x = 0.0
    for count, tone in counts:
        width = 100 * count / whole
        if count:
            made.append(Part(round(x, 2), round(width, 2), tone))
        x += width
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Column:
    """A day, week or month: its place and height of 100, what it is called, and its first day."""

    x: float
    width: float
    height: float
    label: str
    first: date
    count: int


@dataclass(frozen=True, slots=True)
class Columns:
    """Counts over time without gaps; `unit` is day, week or month."""

    columns: tuple[Column, ...]
    unit: str
    greatest: int


def over_time(counts: Sequence[tuple[date, int]], *, begin: date | None = None, end: date | None = None) -> Columns:
    """Return columns for counts by day, in their order, from `begin` to `end` (else from the first to the last count).

    They are weeks or months where days would be too many to see.
    """
    if not counts:
        return Columns((), "day", 0)
    begin, end = min(begin or counts[0][0], counts[0][0]), max(end or counts[-1][0], counts[-1][0])
    days = (end - begin).days + 1
    unit = "day" if days <= MOST_COLUMNS else "week" if days <= MOST_COLUMNS * 7 else "month"
    sums: dict[date, int] = {}
    for each, count in counts:
        first = _first(each, unit)
        sums[first] = sums.get(first, 0) + count
    periods = _periods(_first(begin, unit), end, unit)
    greatest = max(sums.values())
    step = 100 / len(periods)
    return Columns(
        tuple(
            Column(
                x=round((at + COLUMN_GAP / 2) * step, 3),
                width=round((1 - COLUMN_GAP) * step, 3),
                height=round(100 * sums.get(first, 0) / greatest, 2),
                label=_label(first, unit),
                first=first,
                count=sums.get(first, 0),
            )
            for at, first in enumerate(periods)
        ),
        unit,
        greatest,
    )


def _first(each: date, unit: str) -> date:
    if unit == "week":
        return each - timedelta(days=min(each.weekday(), (each - date.min).days))
    return each.replace(day=1) if unit == "month" else each


def _periods(first: date, last: date, unit: str) -> list[date]:
    if unit == "month":
        return _months(first, last)
    step = 7 if unit == "week" else 1
    return [first + timedelta(days=offset) for offset in range(0, (last - first).days + 1, step)]


def _months(first: date, last: date) -> list[date]:
    """Return the first days of months; of so many years that nobody could see them, the last ones that can be drawn."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(each // 12, each % 12 + 1, 1) for each in months[-MOST_COLUMNS * 4 :]]


def _label(first: date, unit: str) -> str:
    if unit == "month":
        return f"{first:%b} {first.year}"
    return f"{'week of ' if unit == 'week' else ''}{first.day} {first:%b} {first.year}"
