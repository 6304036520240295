"""Go1's catalogue entry of one course: all that it ever said, because an attempt keeps the duration of its day."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from go1_stats_processor.domain.facts import Ref
from go1_stats_processor.domain.matching import Clash


class Entry(NamedTuple):
    """One version of a course. `canonical`: the data as canonical JSON, which decides between equal versions."""

    version: int
    changed_at: datetime
    title: str
    duration_minutes: int | None
    available: bool
    canonical: str
    event: Ref


Entries = tuple[Entry, ...]
"""Lowest version first."""


def with_entries(entries: Sequence[Entry], more: Iterable[Entry], clash: Clash) -> Entries:
    """Take entries in; their order and repetitions make no difference."""
    by_version = {each.version: each for each in entries}
    for each in more:
        before = by_version.get(each.version)
        by_version[each.version] = each if before is None else _stronger(before, each, clash)
    return tuple(by_version[version] for version in sorted(by_version))


def _stronger(one: Entry, other: Entry, clash: Clash) -> Entry:
    if one.canonical != other.canonical:
        clash("course", other.event)
        return max(one, other, key=lambda each: each.canonical)
    return min(one, other, key=lambda each: (each.changed_at, each.event))


def entry_at(entries: Entries, instant: datetime) -> Entry:
    """Return the highest version that had come about by then, else the lowest that is known."""
    return next((each for each in reversed(entries) if each.changed_at <= instant), entries[0])
