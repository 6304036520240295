"""Why an attempt shows what it shows, in sentences that name its own instants and numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from go1_stats_processor.domain.rules import EXPLANATIONS
from shared.http.pages.words import duration, exact

Inputs = Mapping[str, Any]
SUBJECTS = {
    "progress": "Progress",
    "result": "Result",
    "time": "Time spent",
    "activity": "Last activity",
    "attempt": "Attempt",
}
"""What a rule speaks of, by the first word of its id; in the order in which people ask."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule as it was used: in this attempt's words, in general, where it is from, and what brought it."""

    rule: str
    sentence: str
    meaning: str
    source: str
    events: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about, and all reasons for it."""

    key: str
    name: str
    reasons: tuple[Reason, ...]


def subjects(why: Sequence[Mapping[str, Any]]) -> tuple[Subject, ...]:
    """Put what an attempt says of itself in groups."""
    return tuple(
        Subject(key, name, found)
        for key, name in SUBJECTS.items()
        if (found := tuple(_reason(each) for each in why if each["rule"].partition(".")[0] == key))
    )


def sentence(rule: str, inputs: Inputs) -> str:
    """Say a rule with its inputs; where they are not those expected, its meaning alone."""
    say = SENTENCES.get(rule)
    try:
        return _meaning(rule) if say is None else say(inputs)
    except (KeyError, TypeError, ValueError):  # inputs that another release wrote
        return _meaning(rule)


def _reason(why: Mapping[str, Any]) -> Reason:
    rule = why["rule"]
    known = EXPLANATIONS.get(rule)
    events = (each.partition(" ") for each in why["events"])
    return Reason(
        rule,
        sentence(rule, why["inputs"]),
        _meaning(rule),
        "" if known is None else known.source,
        tuple((source, event_id) for source, _, event_id in events),
    )


def _meaning(rule: str) -> str:
    known = EXPLANATIONS.get(rule)
    return f"By a rule that this release does not know: {rule}." if known is None else known.meaning


def _at(inputs: Inputs, name: str) -> str:
    return exact(datetime.fromisoformat(inputs[name]))


def _app(inputs: Inputs) -> str:
    return "web app" if inputs["channel"] == "web" else "mobile app"


def _elapsed(inputs: Inputs) -> str:
    begin, end = (datetime.fromisoformat(inputs[name]) for name in ("started_at", "completed_at"))
    between = f"From the start on {exact(begin)} to the completion on {exact(end)}"
    return f"{between} it was {duration(max(0, (end - begin).total_seconds() // 1))}"


def _course(inputs: Inputs) -> str:
    return duration(inputs["duration_minutes"] * 60)


def _legacy_zero(inputs: Inputs) -> str:
    which = "Completed" if inputs["started_at"] is None else "Started"
    instant = _at(inputs, "completed_at" if inputs["started_at"] is None else "started_at")
    return f"{which} on {instant}, before time spent was worked out (from {_at(inputs, 'time_cutover')} on): it counts as 0."


def _elapsed_within(inputs: Inputs) -> str:
    begin, end = inputs["started_at"], inputs["completed_at"]
    if datetime.fromisoformat(end) < datetime.fromisoformat(begin):
        return f"The completion ({_at(inputs, 'completed_at')}) lies before the start ({_at(inputs, 'started_at')}): time is never negative, so it is 0."
    return f"{_elapsed(inputs)}. The course takes {_course(inputs)}, which is not less, so all of it counts."


SENTENCES: Mapping[str, Callable[[Inputs], str]] = {
    "attempt.launched": lambda i: f"It began with a launch in the {_app(i)} on {_at(i, 'launched_at')}.",
    "attempt.new": lambda i: (
        f"No attempt on the platform was open when Go1 completed enrollment {i['go1_enrollment_id']} on {_at(i, 'placed_at')}, so the completion has one of its own."
    ),
    "attempt.oldest_in_progress": lambda i: (
        f"Go1 completed enrollment {i['go1_enrollment_id']} on {_at(i, 'placed_at')}. Of the attempts in progress then, this was the oldest, so the completion closed it and no other."
    ),
    "attempt.oldest_legacy": lambda i: (
        f"Go1 completed enrollment {i['go1_enrollment_id']} on {_at(i, 'placed_at')}. No attempt was in progress then; this was the oldest one at Completed with 0 %, so the completion went to it."
    ),
    "attempt.voided": lambda i: (
        f"Go1 deleted enrollment {i['go1_enrollment_id']}: the attempt stays here and counts in no statistics."
    ),
    "attempt.gone": lambda _: (
        "No fact asks for it any more: its completion turned out to be another attempt's or another learner's."
    ),
    "attempt.reopened": lambda i: (
        f"Enrollment {i['go1_enrollment_id']} had completed it, but Go1 deleted that enrollment: the attempt is open again."
    ),
    "progress.launched": lambda i: (
        f"A launched course shows {i['progress_percent']} % until Go1 says that it is completed."
    ),
    "progress.before_update": lambda i: (
        f"Launched in the {_app(i)} on {_at(i, 'launched_at')}, before that app was updated ({_at(i, 'updated_at')}), and not gone on with since: such attempts show Completed with {i['progress_percent']} %."
    ),
    "progress.resumed_after_update": lambda i: (
        f"Launched in the {_app(i)} before it was updated ({_at(i, 'updated_at')}), but gone on with after that, on {_at(i, 'resumed_at')}: in progress at {i['progress_percent']} %."
    ),
    "progress.completed": lambda i: (
        f"Go1 says that the course is completed. That is {i['progress_percent']} %, passed or not."
    ),
    "result.success": lambda _: "Go1 says that the learner passed.",
    "result.failed": lambda _: "Go1 says that the learner completed the course without passing.",
    "activity.launched": lambda i: f"Nothing came after the launch on {_at(i, 'launched_at')}.",
    "activity.resumed": lambda i: f"The learner last went on with it on {_at(i, 'resumed_at')}.",
    "activity.completed": lambda i: f"It is the completion, on {_at(i, 'completed_at')}.",
    "time.legacy_zero": _legacy_zero,
    "time.unknown": lambda i: (
        f"Go1 sent the completion ({_at(i, 'completed_at')}) but no start, and there was no launch on the platform: no time is shown rather than a guess."
    ),
    "time.no_duration": lambda i: f"{_elapsed(i)}. The catalogue names no duration of the course, so all of it counts.",
    "time.elapsed": _elapsed_within,
    "time.capped": lambda i: f"{_elapsed(i)}. The course takes {_course(i)}, which is less, so {_course(i)} count.",
    "time.voided": lambda _: "A voided attempt has no time.",
}
