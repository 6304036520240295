"""What is told of attempts: `attempt.changed`, made from the state of their group."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from contracts.attempts import AttemptChanged
from contracts.attempts import Why as ToldWhy
from contracts.event import EventRef
from contracts.go1 import EntryPoint
from contracts.types import instant_text
from contracts.wire import Record, encode_plain
from go1_stats_processor.domain.attempt import Why
from go1_stats_processor.store.documents import key
from shared.mongo import Document

Whys = Mapping[str, Sequence[Why]]
"""By attempt."""
GONE = (Why("attempt.gone", {}),)
"""Of an attempt that no fact asks for any more."""
REFS_REMEMBERED = 5_000
"""A launch stands behind several rules of each publication of its attempt."""


def record_of(group: Document, attempt: Mapping[str, Any], why: Sequence[Why], *, source: str) -> Record:
    """Return the newest publication of an attempt; all that it says was checked when it came in."""
    return encode_plain(
        AttemptChanged,
        _told(group, attempt, why),
        key=f"{group['portal_id']}/{group['learner_id']}",
        id=_event_id(group["_id"], attempt),
        source=source,
        time=recorded_at(attempt),
        optional=group.get("cause") or {},
    )


def _told(group: Document, attempt: Mapping[str, Any], why: Sequence[Why]) -> dict[str, Any]:
    """Return `AttemptChanged` in plain values, in the order of its fields."""
    said = {
        "attempt_id": attempt["attempt_id"],
        "portal_id": group["portal_id"],
        "learner_id": group["learner_id"],
        "email": attempt["email"],
        "course_id": group["course_id"],
        "course_title": attempt["course_title"],
        "origin": attempt["origin"],
        "channel": attempt["channel"],
        "entry_point": _entry_point(attempt["entry_kind"], attempt["entry_id"]),
        "go1_enrollment_id": attempt["go1_enrollment_id"],
        "status": attempt["status"],
        "legacy": attempt["legacy"],
        "progress_percent": attempt["progress_percent"],
        "result": attempt["result"],
        "started_at": _text(attempt["started_at"]),
        "last_activity_at": _text(attempt["last_activity_at"]),
        "completed_at": _text(attempt["completed_at"]),
        "time_spent_seconds": attempt["time_spent_seconds"],
        "time_spent_basis": attempt["time_spent_basis"],
        "why": [{"rule": each.rule, "inputs": each.inputs, "events": list(map(_ref, each.events))} for each in why],
        "change": attempt["change"],
        "version": attempt["version"],
    }
    return {name: value for name, value in said.items() if value is not None}


def _entry_point(kind: str | None, entry_id: str | None) -> dict[str, str] | None:
    if kind is None:
        return None
    return {"kind": kind} if entry_id is None else {"kind": kind, "id": entry_id}


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


@lru_cache(REFS_REMEMBERED)
def _ref(event: str) -> Mapping[str, str]:
    source, _, event_id = event.partition(" ")
    return {"source": source, "id": event_id}


def recorded_at(attempt: Mapping[str, Any]) -> datetime:
    """Return the earliest recording among the facts of an attempt, never the moment of working it out.

    Readers ask the envelope's time whether an erasure reaches it: what we catch up with days later is no news of then.
    """
    return attempt.get("recorded_at") or attempt["changed_at"]


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
