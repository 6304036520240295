"""Facts of a course in, its document out; its name and its end, as its enrollments see them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.courses import CourseDeleted, CourseRenamed
from contracts.event import Event, canonical
from contracts.types import instant_text
from salesforce_syncer.domain.kept import Data, canonical_text
from salesforce_syncer.domain.learner import Document, Fact, Folded

SHAPE = 1


@dataclass(frozen=True, slots=True)
class Course:
    """What changes the rows of a course: the names it was given, and when it was deleted."""

    names: tuple[Data, ...] = field(default=())
    deleted_at: str | None = None

    def name(self, not_after: str | None) -> str | None:
        """Return the name that an enrollment shows which ended at this instant (None: it goes on)."""
        known = [each for each in self.names if not_after is None or each["renamed_at"] <= not_after]
        return max(known, key=_rank)["course_name"] if known else None


def _rank(name: Data) -> tuple[int, str]:
    return (name["version"], canonical_text(name))


def read(document: Mapping[str, Any] | None) -> Course:
    return Course(tuple(document["names"]), document.get("deleted_at")) if document else Course()


def fold(portal_id: str, course_id: str, before: Mapping[str, Any] | None, new: Sequence[Fact]) -> Folded:
    """Take facts in; the document is None where they change nothing."""
    known = read(before)
    names, deleted_at, conflicts = list(known.names), known.deleted_at, 0
    for each in new:
        match each.data:
            case CourseRenamed():
                name = _name(each.data, instant_text(each.time))
                conflicts += any(held["version"] == name["version"] and held != name for held in names)
                names = _with(names, name)
            case CourseDeleted():
                deleted_at = max(deleted_at or "", instant_text(each.data.deleted_at))
            case _:
                pass
    names.sort(key=_rank)
    if tuple(names) == known.names and deleted_at == known.deleted_at:
        return Folded(None, conflicts)
    document: Document = {
        "portal_id": portal_id,
        "course_id": course_id,
        "names": names,
        "owes": sorted({*(before or {}).get("owes", ()), "learners"}),
    }
    if deleted_at is not None:
        document["deleted_at"] = deleted_at
    return Folded(document, conflicts)


def _name(data: Event, time: str) -> Data:
    plain: dict[str, Any] = json.loads(canonical(data))
    return {"renamed_at": time, **{each: plain[each] for each in plain if each not in {"portal_id", "course_id"}}}


def _with(names: Sequence[Data], new: Data) -> list[Data]:
    """Add a name; one is forgotten only for another that ranks higher and was given no later."""
    if any(_rank(each) >= _rank(new) and each["renamed_at"] <= new["renamed_at"] for each in names):
        return list(names)
    stay = [each for each in names if _rank(each) > _rank(new) or each["renamed_at"] < new["renamed_at"]]
    return [*stay, new]
