"""Statistics of attempts, asked of the rows. Lines that an erasure left count too."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.mongo import Collection, Document


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of some attempts. `completed`: by Go1; times without `legacy_zero`."""

    attempts: int
    in_progress: int
    completed: int
    legacy: int
    success: int
    failed: int
    voided: int
    success_rate: float | None
    mean_time_spent_seconds: float | None
    median_time_spent_seconds: float | None
    last_activity_at: datetime | None


TIMED: Mapping[str, Any] = {"time_spent_seconds": {"$ne": None}, "time_spent_basis": {"$ne": "legacy_zero"}}
CELL = ("status", "legacy", "result", "time_spent_basis", "time_spent_seconds")
"""MongoDB counts attempts that are alike in these; the sums and the median are made of such counts, in one pass. Letting it
sum each number on a condition of its own cost it four times as much, and the median a pass more."""


async def by(rows: Collection, query: Mapping[str, Any], *names: str) -> dict[tuple[str, ...], Numbers]:
    """Return the numbers of each combination of these fields."""
    alike = {name: f"${name}" for name in (*names, *CELL)}
    group: Document = {"_id": alike, "count": {"$sum": 1}, "last_activity_at": {"$max": "$last_activity_at"}}
    sums: dict[tuple[str, ...], _Sums] = {}
    async for each in rows.aggregate([{"$match": query}, {"$group": group}]):
        cell: Document = each["_id"]
        sums.setdefault(tuple(cell[name] for name in names), _Sums()).add(cell, each["count"], each["last_activity_at"])
    return {names_: each.numbers() for names_, each in sums.items()}


async def of(rows: Collection, query: Mapping[str, Any]) -> Numbers:
    return (await by(rows, query)).get((), NOTHING)


class _Sums:
    """What has been counted so far."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._times: Counter[int] = Counter()
        self._last: datetime | None = None

    def add(self, cell: Mapping[str, Any], count: int, last_activity_at: datetime) -> None:
        """Count attempts that are alike. `.get`: an older release, or an erasure, left out what it had no value for."""
        status, legacy, result = cell.get("status"), cell.get("legacy"), cell.get("result")
        seconds = cell.get("time_spent_seconds")
        if seconds is not None and cell.get("time_spent_basis") != "legacy_zero":
            self._times[seconds] += count
        if status == "voided":
            self._counts["voided"] += count
            return
        self._last = last_activity_at if self._last is None else max(self._last, last_activity_at)
        self._counts["attempts"] += count
        self._counts["legacy" if legacy else str(status)] += count
        if result is not None:
            self._counts[result] += count

    def numbers(self) -> Numbers:
        counts, timed = self._counts, self._times.total()
        judged = counts["success"] + counts["failed"]
        spent = sum(seconds * count for seconds, count in self._times.items())
        return Numbers(
            **{name: counts[name] for name in _COUNTED},
            success_rate=counts["success"] / judged if judged else None,
            mean_time_spent_seconds=spent / timed if timed else None,
            median_time_spent_seconds=_median(self._times, timed) if timed else None,
            last_activity_at=self._last,
        )


_COUNTED = ("attempts", "in_progress", "completed", "legacy", "success", "failed", "voided")


def _median(times: Mapping[int, int], total: int) -> float:
    """Return the middle time, or the mean of the two in the middle."""
    middle: list[int] = []
    passed = 0
    for seconds in sorted(times):
        passed += times[seconds]
        while len(middle) < 2 and passed > (total - 1 + len(middle)) // 2:  # noqa: PLR2004  the two in the middle
            middle.append(seconds)
    return sum(middle) / len(middle)


NOTHING = Numbers(0, 0, 0, 0, 0, 0, 0, None, None, None, None)
