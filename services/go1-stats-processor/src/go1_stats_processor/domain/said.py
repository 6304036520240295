"""What is said of a Go1 enrollment, and which of two versions counts."""

import json
from datetime import datetime
from typing import NamedTuple

from contracts.types import instant_text
from go1_stats_processor.domain.facts import Ref
from go1_stats_processor.domain.matching import Address, Clash


class Said(NamedTuple):
    """One version of a completion."""

    course_id: str
    version: int
    completed_at: datetime
    started_at: datetime | None
    passed: bool
    email: str
    address: Address
    event: Ref
    recorded_at: datetime


class Deleted(NamedTuple):
    """Go1 deleted the enrollment."""

    course_id: str
    deleted_at: datetime
    address: Address
    event: Ref
    recorded_at: datetime


class Decided(NamedTuple):
    """A person said whose completion it is."""

    learner_id: str
    version: int
    decided_by: str
    decided_at: datetime
    event: Ref
    recorded_at: datetime


class Forgotten(NamedTuple):
    """A learner to whom it belongs, or whose address it names, was erased: what was recorded until then goes."""

    learner_id: str
    erased_at: datetime


EnrollmentFact = Said | Deleted | Decided | Forgotten


class Named(NamedTuple):
    """What is left of a version between the lowest and the highest: whom it named."""

    address: Address
    canonical: str


def stronger(one: Said, other: Said, clash: Clash) -> Said:
    """Return the one of two sayings of one version that counts."""
    if _content(one) == _content(other):
        return max(one, other, key=lambda each: (each.recorded_at, each.event))
    clash("enrollment", other.event)
    return max(one, other, key=canonical)


def named(said: Said) -> Named:
    return Named(said.address, canonical(said))


def _content(said: Said) -> tuple[object, ...]:
    return said.completed_at, said.started_at, said.passed, said.email


def canonical(said: Said) -> str:
    content: dict[str, object] = {
        "completed_at": instant_text(said.completed_at),
        "email": said.email,
        "passed": said.passed,
    }
    if said.started_at is not None:
        content["started_at"] = instant_text(said.started_at)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def decision(one: Decided, other: Decided, clash: Clash) -> Decided:
    if one.version != other.version:
        return max(one, other, key=lambda each: each.version)
    if (one.learner_id, one.decided_by, one.decided_at) == (other.learner_id, other.decided_by, other.decided_at):
        return max(one, other, key=lambda each: (each.recorded_at, each.event))
    clash("match", other.event)
    return max(one, other, key=lambda each: (instant_text(each.decided_at), each.decided_by, each.learner_id))
