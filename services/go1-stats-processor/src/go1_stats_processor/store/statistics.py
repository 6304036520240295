"""Statistics of attempts, asked of the rows. Lines that an erasure left count too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.mongo import ASCENDING, Collection, Document


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
_LEGACY = {"$eq": ["$legacy", True]}
_VOIDED = {"$eq": ["$status", "voided"]}
_LIVE = {"$ne": ["$status", "voided"]}
_TIMED = {"$and": [{"$gte": ["$time_spent_seconds", 0]}, {"$ne": ["$time_spent_basis", "legacy_zero"]}]}


def _count(*conditions: Any) -> Document:
    return {"$sum": {"$cond": [{"$and": list(conditions)}, 1, 0]}}


_SUMS: Document = {
    "attempts": _count(_LIVE),
    "in_progress": _count({"$eq": ["$status", "in_progress"]}),
    "legacy": _count(_LEGACY, _LIVE),
    "completed": _count({"$eq": ["$status", "completed"]}, {"$not": _LEGACY}),
    "success": _count(_LIVE, {"$eq": ["$result", "success"]}),
    "failed": _count(_LIVE, {"$eq": ["$result", "failed"]}),
    "voided": _count(_VOIDED),
    "timed": _count(_TIMED),
    "seconds": {"$sum": {"$cond": [_TIMED, "$time_spent_seconds", 0]}},
    "last_activity_at": {"$max": {"$cond": [_LIVE, "$last_activity_at", None]}},
}


async def by(rows: Collection, query: Mapping[str, Any], *names: str) -> dict[tuple[str, ...], Numbers]:
    """Return the numbers of each combination of these fields."""
    group = {name: f"${name}" for name in names}
    found = rows.aggregate([{"$match": query}, {"$group": {"_id": group, **_SUMS}}])
    result: dict[tuple[str, ...], Numbers] = {}
    async for each in found:
        median = await _median(rows, {**query, **each["_id"]}, each["timed"])
        result[tuple(each["_id"][name] for name in names)] = _numbers(each, median)
    return result


async def of(rows: Collection, query: Mapping[str, Any]) -> Numbers:
    return (await by(rows, query)).get((), NOTHING)


async def _median(rows: Collection, query: Mapping[str, Any], count: int) -> float | None:
    """Return the middle time, or the mean of the two in the middle: sorted by MongoDB, only these two are sent."""
    if not count:
        return None
    middle: list[Document] = [
        {"$match": {**query, **TIMED}},
        {"$project": {"_id": 0, "time_spent_seconds": 1}},
        {"$sort": {"time_spent_seconds": ASCENDING}},
        {"$skip": (count - 1) // 2},
        {"$limit": 2 - count % 2},
    ]
    times = [each["time_spent_seconds"] async for each in rows.aggregate(middle)]
    return sum(times) / len(times) if times else None


def _numbers(sums: Mapping[str, Any], median: float | None) -> Numbers:
    judged = sums["success"] + sums["failed"]
    return Numbers(
        **{
            name: sums[name]
            for name in (
                "attempts",
                "in_progress",
                "completed",
                "legacy",
                "success",
                "failed",
                "voided",
                "last_activity_at",
            )
        },
        success_rate=sums["success"] / judged if judged else None,
        mean_time_spent_seconds=sums["seconds"] / sums["timed"] if sums["timed"] else None,
        median_time_spent_seconds=median,
    )


NOTHING = Numbers(0, 0, 0, 0, 0, 0, 0, None, None, None, None)
