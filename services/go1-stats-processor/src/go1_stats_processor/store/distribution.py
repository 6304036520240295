"""How times spent are distributed: counts by range, of the attempts whose time statistics count. One pass over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from go1_stats_processor.store.statistics import TIMED
from shared.mongo import Collection

_MINUTE = 60
_BOUNDS = tuple(_MINUTE * each for each in (0, 5, 15, 30, 60, 120, 240, 480))
_NO_END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Range:
    """`begin` ≤ seconds < `end`; None: without end."""

    begin: int
    end: int | None


RANGES = (*(Range(begin, end) for begin, end in pairwise(_BOUNDS)), Range(_BOUNDS[-1], None))


@dataclass(frozen=True, slots=True)
class Times:
    """Attempts in each of `RANGES`, and the seconds of all together."""

    counts: tuple[int, ...]
    seconds: int

    @property
    def mean(self) -> float | None:
        whole = sum(self.counts)
        return self.seconds / whole if whole else None


async def times(rows: Collection, query: Mapping[str, Any]) -> Times:
    found = rows.aggregate(
        [
            {"$match": {"$and": [query, TIMED]}},
            {
                "$bucket": {
                    "groupBy": "$time_spent_seconds",
                    "boundaries": [*_BOUNDS, _NO_END],
                    "output": {"count": {"$sum": 1}, "seconds": {"$sum": "$time_spent_seconds"}},
                }
            },
        ]
    )
    by_begin = {each["_id"]: each async for each in found}
    return Times(
        tuple(by_begin[each.begin]["count"] if each.begin in by_begin else 0 for each in RANGES),
        sum(each["seconds"] for each in by_begin.values()),
    )
