"""Rows cut into requests, and which of them may be under way together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one object for one request; `parents` are the memberships they belong to."""

    object: str
    rows: tuple[Document, ...]
    parents: frozenset[str]


def cut(object_name: str, rows: Sequence[Document], size: int) -> list[Chunk]:
    """Cut rows into chunks, a membership's rows side by side: children of one parent lock each other."""
    ordered = sorted(rows, key=lambda each: (each.get("membership") or each["key"], each["key"]))
    return [
        Chunk(
            object_name,
            tuple(ordered[start : start + size]),
            frozenset(each.get("membership") or each["key"] for each in ordered[start : start + size]),
        )
        for start in range(0, len(ordered), size)
    ]


def next_free(waiting: Sequence[Chunk], under_way: Collection[Chunk]) -> Chunk | None:
    """Return the first chunk that shares no membership with any under way."""
    busy = frozenset[str]().union(*(each.parents for each in under_way))
    return next((each for each in waiting if not each.parents & busy), None)
