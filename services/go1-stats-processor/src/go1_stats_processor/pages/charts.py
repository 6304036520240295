"""What the numbers look like: progress, results, times. Each bar leads to what it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from go1_stats_processor.pages.words import PROGRESS, RESULTS, time_key, time_label
from go1_stats_processor.store.distribution import RANGES, Times
from shared.http.pages.charts import Bar, Part, bars, parts
from shared.http.pages.looks import url

TONES = {"in_progress": "open", "completed": "good", "legacy": "old", "voided": "withdrawn"}


@dataclass(frozen=True, slots=True)
class Pictures:
    """Three charts."""

    progress: tuple[Bar, ...]
    result: tuple[Bar, ...]
    time: tuple[Bar, ...]


def pictures(numbers: Mapping[str, Any], times: Times, path: str, kept: Mapping[str, str]) -> Pictures:
    """Return the charts of these numbers; links keep the other filters."""

    def link(**more: str) -> str:
        return url(path, **{**kept, **more})

    return Pictures(
        bars(
            [
                Bar(name, numbers[key], href=link(progress=key), tone=TONES[key])
                for key, name in PROGRESS.items()
                if key != "voided" or numbers[key]
            ]
        ),
        bars(
            [
                Bar(name, numbers[key], href=link(result=key), tone="good" if key == "success" else "bad")
                for key, name in RESULTS.items()
            ]
        ),
        bars(
            [
                Bar(time_label(each), count, href=link(time=time_key(each)))
                for each, count in zip(RANGES, times.counts or (0,) * len(RANGES), strict=True)
            ]
        ),
    )


def progress_parts(numbers: Any) -> tuple[Part, ...]:
    """Return the bar of a course's progress."""
    return parts((numbers.completed, "good"), (numbers.in_progress, "open"), (numbers.legacy, "old"))


def result_parts(numbers: Any) -> tuple[Part, ...]:
    return parts((numbers.success, "good"), (numbers.failed, "bad"))
