"""What the pages call things: the names that learners' managers know, not those of the API."""

from collections.abc import Mapping
from typing import Any, Literal

from go1_stats_processor.store.distribution import RANGES, Range
from shared.http.pages.words import duration

PROGRESS = {
    "in_progress": "In progress",
    "completed": "Completed",
    "legacy": "Completed with 0 %",
    "voided": "Voided",
}
RESULTS: Mapping[Literal["success", "failed"], str] = {"success": "Success", "failed": "Failed"}
PARKED = {
    "learner_unknown": "Nobody in this portal has the address that Go1 sent",
    "learner_ambiguous": "Several learners have the address that Go1 sent",
    "course_unknown": "The catalogue has not shown this course yet",
}
CHANGES = {
    "opened": "Opened",
    "resumed": "Gone on with",
    "completed": "Completed",
    "corrected": "Corrected",
    "voided": "Voided",
}
BASES = {
    "elapsed": "from start to completion",
    "capped": "the course's duration",
    "legacy_zero": "started before the change of rules",
    "unknown": "nobody knows the start",
}


def time_key(each: Range) -> str:
    """`15-30` minutes, as it stands in addresses."""
    return f"{each.begin // 60}-{'' if each.end is None else each.end // 60}"


def time_label(each: Range) -> str:
    if each.begin == 0 and each.end is not None:
        return f"Under {duration(each.end)}"
    begin = duration(each.begin)
    if each.end is None:
        return f"{begin} or more"
    (start, unit), (stop, same) = begin.split(), duration(each.end).split()
    return f"{start} to {stop} {unit}" if unit == same else f"{begin} to {duration(each.end)}"


TIMES = {time_key(each): time_label(each) for each in RANGES}


def progress_of(attempt: Mapping[str, Any]) -> str:
    """Return the word of `PROGRESS` for an attempt."""
    return "legacy" if attempt["legacy"] and attempt["status"] != "voided" else attempt["status"]


def origin_of(attempt: Mapping[str, Any]) -> str:
    if attempt["origin"] == "go1":
        return "Started and completed at Go1"
    return f"Launched on the platform, {'web' if attempt['channel'] == 'web' else 'mobile'} app"


def entry_of(attempt: Mapping[str, Any]) -> str | None:
    kinds = {"catalog": "the catalogue", "path_session": "a path session", "other": "another place"}
    kind = attempt["entry_kind"]
    if kind is None:
        return None
    text = f"From {kinds.get(kind, kind)}"
    return f"{text}: {attempt['entry_id']}" if attempt["entry_id"] else text
