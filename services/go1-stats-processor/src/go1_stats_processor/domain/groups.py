"""An attempt group: the attempts of one learner at one course, as they were last published.

`attempts` are kept as plain mappings, in the very form in which they are stored: nothing reads them but to compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Literal

from go1_stats_processor.domain.attempt import Attempt, Why
from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.facts import Facts
from go1_stats_processor.domain.rules import Rules

Change = Literal["opened", "resumed", "completed", "corrected", "voided"]
Published = Mapping[str, Any]
"""An attempt's fields, and `version`, `change`, `changed_at`, `course_title`, `history`; `gone` where no fact asks for it.

`recorded_at` (the attempt's, as it was at this publication) is lacking where it was published before there was such a
field. Nothing is published because it alone is another. `forgotten`: an erasure let readers drop the publication.
"""

NUMBERS = (
    "email", "origin", "channel", "entry_kind", "entry_id", "go1_enrollment_id", "status", "legacy", "progress_percent",
    "result", "started_at", "last_activity_at", "completed_at", "time_spent_seconds", "time_spent_basis",
)  # fmt: skip
"""What readers of `attempt.changed` are told about: a change of `why` or of the title alone publishes nothing.

`why` itself is not kept: the facts and the rules are, and make it again.
"""

numbers_of = itemgetter(*NUMBERS)
_numbers = attrgetter(*NUMBERS)

REMEMBERED = (
    "status", "legacy", "progress_percent", "result", "last_activity_at", "time_spent_seconds", "time_spent_basis"
)  # fmt: skip
"""What the history shows of each publication."""
PUBLICATION = ("version", "change", "changed_at", *REMEMBERED)
"""The names of what stands in each entry of a history."""
LONGEST_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Republished:
    """The attempts as they are now, the ids of those that changed, and why the attempts show what they show."""

    attempts: Sequence[Published]
    changed: Sequence[str]
    why: Mapping[str, Sequence[Why]]


def republished(
    before: Sequence[Published], facts: Facts, rules: Rules, *, course_title: str | None, now: datetime
) -> Republished:
    """Work the attempts out anew and give those that changed a version."""
    known = {each["attempt_id"]: each for each in before}
    result: list[Published] = []
    changed: list[str] = []
    why: dict[str, Sequence[Why]] = {}
    for attempt in attempts(facts, rules):
        shown = plain(attempt)
        why[attempt.attempt_id] = attempt.why
        old = known.pop(attempt.attempt_id, None)
        if old is not None and _is_known(old) and numbers_of(old) == numbers_of(shown):
            result.append({name: value for name, value in old.items() if name != "why"} if "why" in old else old)
            continue
        changed.append(attempt.attempt_id)
        shown["recorded_at"] = attempt.recorded_at
        result.append(_next(old, shown, _change(old, shown), course_title=course_title, now=now))
    for attempt_id, old in known.items():
        if old.get("gone"):
            result.append(old)
            continue
        voided = {**old, "status": "voided", "time_spent_seconds": None, "time_spent_basis": None, "gone": True}
        changed.append(attempt_id)
        result.append(_next(old, voided, "voided", course_title=course_title, now=now))
    return Republished(result, changed, why)


def _is_known(published: Published) -> bool:
    return not (published.get("gone") or published.get("forgotten"))


def plain(attempt: Attempt) -> dict[str, Any]:
    shown: dict[str, Any] = dict(zip(NUMBERS, _numbers(attempt), strict=True))
    shown["attempt_id"] = attempt.attempt_id
    return shown


def _next(
    old: Published | None, shown: Mapping[str, Any], change: Change, *, course_title: str | None, now: datetime
) -> Published:
    version = 1 if old is None else old["version"] + 1
    entry = [version, change, now, *(shown[name] for name in REMEMBERED)]
    earlier: Sequence[Any] = () if old is None else old["history"]
    history = [*earlier, entry][-LONGEST_HISTORY:]
    return {
        **shown,
        "course_title": course_title,
        "version": version,
        "change": change,
        "changed_at": now,
        "history": history,
    }


def history_of(published: Published) -> list[Mapping[str, Any]]:
    """Return the history in words; entries of shape 1 had their names with them."""
    return [
        each if isinstance(each, Mapping) else dict(zip(PUBLICATION, each, strict=True))
        for each in published["history"]
    ]


def _change(old: Published | None, new: Published) -> Change:
    if new["status"] == "voided":
        return "voided"
    done = new["completed_at"] is not None
    if old is None or old.get("gone"):
        return "completed" if done else "opened"
    if done:
        return "corrected" if old["completed_at"] is not None and old["status"] != "voided" else "completed"
    went_on = old["completed_at"] is None and old["last_activity_at"] < new["last_activity_at"]
    return "resumed" if went_on else "corrected"
