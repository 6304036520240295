"""What is told of attempts: `attempt.changed`, made from the state of their group."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.attempts import AttemptChanged
from contracts.attempts import Why as ToldWhy
from contracts.envelope import Envelope
from contracts.event import EventRef
from contracts.go1 import EntryPoint
from go1_stats_processor.domain.attempt import Why
from go1_stats_processor.domain.groups import NUMBERS
from go1_stats_processor.store.documents import key
from shared.mongo import Document

TRACE = ("correlationid", "causationid", "traceparent", "tracestate")
_TOLD = tuple(name for name in NUMBERS if name not in {"entry_kind", "entry_id"})
Whys = Mapping[str, Sequence[Why]]
"""By attempt."""
GONE = (Why("attempt.gone", {}),)
"""Of an attempt that no fact asks for any more."""


def event_of(
    group: Document, attempt: Mapping[str, Any], why: Sequence[Why], *, source: str
) -> Envelope[AttemptChanged]:
    """Return the newest publication of an attempt."""
    said: dict[str, Any] = {name: attempt[name] for name in _TOLD}
    if attempt["entry_kind"] is not None:
        said["entry_point"] = {"kind": attempt["entry_kind"], "id": attempt["entry_id"]}
    said |= {
        "portal_id": group["portal_id"],
        "learner_id": group["learner_id"],
        "course_id": group["course_id"],
        "attempt_id": attempt["attempt_id"],
        "course_title": attempt["course_title"],
        "version": attempt["version"],
        "change": attempt["change"],
        "why": [{"rule": each.rule, "inputs": each.inputs, "events": _refs(each.events)} for each in why],
    }
    cause: Mapping[str, Any] = group.get("cause") or {}
    return Envelope.of(
        AttemptChanged.model_validate(said),
        source=source,
        id=_event_id(group["_id"], attempt),
        time=recorded_at(attempt),
        **{name: cause.get(name) for name in TRACE},
    )


def recorded_at(attempt: Mapping[str, Any]) -> datetime:
    """Return the earliest recording among the facts of an attempt, never the moment of working it out.

    Readers ask the envelope's time whether an erasure reaches it: what we catch up with days later is no news of then.
    """
    return attempt.get("recorded_at") or attempt["changed_at"]


def _refs(events: Iterable[str]) -> list[dict[str, str]]:
    return [dict(zip(("source", "id"), each.split(" ", 1), strict=True)) for each in events]


def _event_id(group_id: str, attempt: Mapping[str, Any]) -> str:
    """Return an id made of what the event says: told again, it is the same event."""
    return hashlib.sha256(key(group_id, attempt["attempt_id"], str(attempt["version"])).encode()).hexdigest()[:32]


def entry_point(attempt: Mapping[str, Any]) -> EntryPoint | None:
    if attempt["entry_kind"] is None:
        return None
    return EntryPoint(kind=attempt["entry_kind"], id=attempt["entry_id"])


def plain_why(why: Sequence[Why]) -> list[dict[str, Any]]:
    return [{"rule": each.rule, "inputs": dict(each.inputs), "events": list(each.events)} for each in why]


def why_of(document: Mapping[str, Any]) -> ToldWhy:
    """Return a rule as answers show it; made of what was checked when it came in."""
    return ToldWhy.model_construct(
        rule=document["rule"], inputs=document["inputs"], events=tuple(map(_event_ref, document["events"]))
    )


def _event_ref(text: str) -> EventRef:
    source, _, event_id = text.partition(" ")
    return EventRef.model_construct(source=source, id=event_id)
