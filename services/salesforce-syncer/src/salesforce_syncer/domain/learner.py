"""Facts of a learner in, his document out; and what the document says, read for `rows`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.attempts import AttemptChanged
from contracts.enrollments import (
    EnrollmentChanged,
    EnrollmentRemoved,
    PathEnrollmentChanged,
    PathEnrollmentRemoved,
)
from contracts.event import Event, canonical
from contracts.learners import LearnerAccessed, LearnerChanged, LearnerErased, LearnerLinked, LearnerUnlinked
from contracts.types import instant_text
from salesforce_syncer.domain import kept
from salesforce_syncer.domain.kept import Data, Facts, Kept
from salesforce_syncer.domain.objects import KINDS, Kind

SHAPE = 1
Document = dict[str, Any]


class Fact(Protocol):
    """An event's data, and when its publisher recorded it."""

    @property
    def data(self) -> Event: ...
    @property
    def time(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Folded:
    """The document after some facts, and how many of them contradict a fact of the same version."""

    document: Document | None
    conflicts: int = 0


def fold(portal_id: str, learner_id: str, before: Mapping[str, Any] | None, new: Sequence[Fact]) -> Folded:
    """Take facts in; the document is None where they change nothing. Their order and repetition make no difference."""
    facts = kept.read(before["facts"]) if before else {}
    erased_before: str | None = before.get("erased_at") if before else None
    erased_at = max((erased_before or "", *(_erasures(new))), default="") or None
    changed = erased_at != erased_before
    if erased_at is not None and changed:
        kept.forget(facts, erased_at)
    conflicts = 0
    for each in new:
        at = instant_text(each.time)
        if erased_at is not None and at <= erased_at:
            continue
        for kind, thing, data in slots(each.data):
            conflicts += _contradicts(facts, (kind, thing), data)
            changed |= kept.add(facts, (kind, thing), Kept(at, data))
    if not changed:
        return Folded(None, conflicts)
    return Folded(_document(portal_id, learner_id, erased_at, facts, before), conflicts)


def _erasures(new: Sequence[Fact]) -> tuple[str, ...]:
    return tuple(instant_text(each.data.erased_at) for each in new if isinstance(each.data, LearnerErased))


def _contradicts(facts: Facts, slot: kept.Slot, data: Data) -> bool:
    """Tell whether another fact of the same version says something else."""
    return "version" in data and any(
        each.data["version"] == data["version"] and each.data != data for each in facts.get(slot, ())
    )


def _document(
    portal_id: str, learner_id: str, erased_at: str | None, facts: Facts, before: Mapping[str, Any] | None
) -> Document:
    document: Document = {
        "portal_id": portal_id,
        "learner_id": learner_id,
        "facts": kept.written(facts),
        "courses": sorted(
            {each.data["course_id"] for slot, held in facts.items() if slot[0] == "enrollment" for each in held}
        ),
        "owes": sorted({*(before or {}).get("owes", ()), "rows"}),
    }
    if erased_at is not None:
        document["erased_at"] = erased_at
    return document


def slots(data: Event) -> Sequence[tuple[str, str, dict[str, Any]]]:
    """Return what is kept of an event: (kind, id of the thing, data without the learner's ids)."""
    if isinstance(data, AttemptChanged):
        return (("attempt", data.attempt_id, _attempt(data)),)
    if isinstance(data, LearnerChanged):
        return (("known", "", {}),)  # names and addresses are nothing that Salesforce is told: they are not kept
    if type(data) not in _SLOTS:
        return ()
    kind, id_field = _SLOTS[type(data)]
    thing = getattr(data, id_field) if id_field else ""
    kept_as_is = (kind, thing, _plain(data, id_field))
    if not isinstance(data, LearnerLinked):
        return (kept_as_is,)
    since = ("since", "", {"linked_at": instant_text(data.linked_at)})
    return (kept_as_is, since, ("touched", data.salesforce_id, {}))


_SLOTS: Mapping[type[Event], tuple[str, str]] = {
    EnrollmentChanged: ("enrollment", "enrollment_id"),
    EnrollmentRemoved: ("enrollment-removed", "enrollment_id"),
    PathEnrollmentChanged: ("path", "path_enrollment_id"),
    PathEnrollmentRemoved: ("path-removed", "path_enrollment_id"),
    LearnerLinked: ("linked", "salesforce_kind"),
    LearnerUnlinked: ("unlinked", "salesforce_kind"),
    LearnerAccessed: ("accessed", ""),
}
"""Type of event → (kind of fact, field that names the thing)."""


def _plain(data: Event, *without: str) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(canonical(data))
    return {name: value for name, value in plain.items() if name not in {"portal_id", "learner_id", *without}}


_OF_ATTEMPT = ("course_id", "course_title", "status", "legacy", "result", "started_at", "completed_at", "version")


def _attempt(data: AttemptChanged) -> dict[str, Any]:
    """Return what the mirror needs; the address and the reasons stay with their service."""
    plain = _plain(data)
    return {name: plain[name] for name in _OF_ATTEMPT if name in plain}


@dataclass(frozen=True, slots=True)
class Link:
    """The newest link of one kind; `ended_at` is set once it was unlinked."""

    kind: Kind
    record: str
    via: str
    linked_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner's document, read."""

    portal_id: str
    learner_id: str
    erased_at: str | None
    links: tuple[Link, ...]
    since: str | None
    touched: tuple[str, ...]
    accessed_at: str | None
    enrollments: tuple[tuple[str, Data, Data | None], ...]
    """(id, highest change, highest removal)."""
    paths: tuple[tuple[str, Data, Data | None], ...]
    attempts: tuple[tuple[str, Data], ...]

    @property
    def courses(self) -> frozenset[str]:
        return frozenset(changed["course_id"] for _, changed, _ in self.enrollments)


def read(document: Mapping[str, Any]) -> Learner:
    facts = kept.read(document["facts"])
    since = kept.winner(facts, ("since", ""))
    accessed = kept.winner(facts, ("accessed", ""))
    return Learner(
        portal_id=document["portal_id"],
        learner_id=document["learner_id"],
        erased_at=document.get("erased_at"),
        links=tuple(link for kind in KINDS if (link := _link(facts, kind)) is not None),
        since=since["linked_at"] if since else None,
        touched=tuple(sorted(thing for kind, thing in facts if kind == "touched")),
        accessed_at=accessed["accessed_at"] if accessed else None,
        enrollments=_with_removals(facts, "enrollment"),
        paths=_with_removals(facts, "path"),
        attempts=tuple((thing, data) for thing, data in _winners(facts, "attempt")),
    )


def _link(facts: Facts, kind: Kind) -> Link | None:
    linked = kept.winner(facts, ("linked", kind))
    if linked is None:
        return None
    unlinked = kept.winner(facts, ("unlinked", kind))
    ended = unlinked is not None and unlinked["unlinked_at"] >= linked["linked_at"]
    return Link(
        kind,
        linked["salesforce_id"],
        linked["via"],
        linked["linked_at"],
        unlinked["unlinked_at"] if unlinked and ended else None,
    )


def _winners(facts: Facts, kind: str) -> Sequence[tuple[str, Data]]:
    of_kind = sorted(slot for slot in facts if slot[0] == kind)
    return [(slot[1], data) for slot in of_kind if (data := kept.winner(facts, slot)) is not None]


def _with_removals(facts: Facts, kind: str) -> tuple[tuple[str, Data, Data | None], ...]:
    return tuple((thing, data, kept.winner(facts, (f"{kind}-removed", thing))) for thing, data in _winners(facts, kind))
