"""What an attempt group is made of: launches, resumes, and the completions matched to it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

Ref = str
"""An event's `source` and `id` with a space between (a source has none)."""


class Launch(NamedTuple):
    """START was clicked. `recorded_at` is the envelope's time: erasure asks for it."""

    launch_id: str
    launched_at: datetime
    channel: str
    email: str
    entry_kind: str
    entry_id: str | None
    event: Ref
    recorded_at: datetime


class Resume(NamedTuple):
    """A learner went on; which launch it was, if he who says so knew it."""

    resumed_at: datetime
    launch_id: str | None
    channel: str
    event: Ref
    recorded_at: datetime


class Completion(NamedTuple):
    """What is known of one Go1 enrollment: place of its lowest version, content of its highest.

    `sequence` grows with every change of it: whoever tells an older state of it is not listened to.
    """

    go1_enrollment_id: str
    sequence: int
    placed_at: datetime
    completed_at: datetime
    started_at: datetime | None
    passed: bool
    email: str
    duration_minutes: int | None
    deleted_at: datetime | None
    event: Ref
    deletion: Ref | None
    catalogue: Ref | None
    recorded_at: datetime


class Gone(NamedTuple):
    """The completion of this Go1 enrollment turned out to be another group's."""

    go1_enrollment_id: str
    sequence: int


class Facts(NamedTuple):
    """All that is known of one learner and one course in one portal; sorted, so that equal sets are equal values.

    `superseded`: what else was said of launches. It counts for nothing until an erasure takes what is stronger.
    """

    launches: tuple[Launch, ...] = ()
    resumes: tuple[Resume, ...] = ()
    completions: tuple[Completion, ...] = ()
    gone: tuple[Gone, ...] = ()
    superseded: tuple[Launch, ...] = ()


Fact = Launch | Resume | Completion | Gone


def with_facts(facts: Facts, more: Iterable[Fact]) -> Facts:
    """Take facts in. The order in which they come, and how often, makes no difference."""
    launches: dict[str, Launch] = {each.launch_id: each for each in facts.launches}
    superseded = facts.superseded
    resumes = {(each.resumed_at, each.launch_id or "", each.channel): each for each in facts.resumes}
    enrollments: dict[str, Completion | Gone] = {
        each.go1_enrollment_id: each for each in (*facts.completions, *facts.gone)
    }
    for each in more:
        match each:
            case Launch():
                one = launches.get(each.launch_id)
                launches[each.launch_id] = stronger = _launch(one, each)
                if one is not None and _said(one) != _said(each):
                    superseded = _with_superseded(superseded, each if stronger is one else one)
            case Resume():
                key = (each.resumed_at, each.launch_id or "", each.channel)
                resumes[key] = _resume(resumes.get(key), each)
            case Completion() | Gone():
                before = enrollments.get(each.go1_enrollment_id)
                if before is None or before.sequence < each.sequence:
                    enrollments[each.go1_enrollment_id] = each
    told = [enrollments[key] for key in sorted(enrollments)]
    return Facts(
        tuple(launches[key] for key in sorted(launches)),
        tuple(resumes[key] for key in sorted(resumes)),
        tuple(each for each in told if isinstance(each, Completion)),
        tuple(each for each in told if isinstance(each, Gone)),
        superseded,
    )


def _with_superseded(superseded: Iterable[Launch], launch: Launch) -> tuple[Launch, ...]:
    """Each saying once, as it was told last."""
    by_content = {(each.launch_id, _said(each)): each for each in superseded}
    key = (launch.launch_id, _said(launch))
    by_content[key] = max(launch, by_content.get(key, launch), key=_told)
    return tuple(sorted(by_content.values(), key=lambda each: (each.launch_id, each.launched_at, _canonical(each))))


def without_recorded_until(facts: Facts, instant: datetime) -> Facts:
    """Drop what was recorded up to an erasure."""
    left = Facts(
        resumes=tuple(each for each in facts.resumes if each.recorded_at > instant),
        completions=tuple(each for each in facts.completions if each.recorded_at > instant),
        gone=facts.gone,
    )
    return with_facts(left, [each for each in (*facts.launches, *facts.superseded) if each.recorded_at > instant])


def _launch(one: Launch | None, other: Launch) -> Launch:
    """Of two facts about one launch the later counts; at one instant, the one whose canonical JSON is greater."""
    if one is None:
        return other
    if _said(one) == _said(other):
        return max(one, other, key=_told)
    return max(one, other, key=lambda each: (each.launched_at, _canonical(each)))


def _said(launch: Launch) -> tuple[object, ...]:
    return launch.launched_at, launch.channel, launch.email, launch.entry_kind, launch.entry_id


def _canonical(launch: Launch) -> str:
    entry = (
        {"kind": launch.entry_kind} if launch.entry_id is None else {"id": launch.entry_id, "kind": launch.entry_kind}
    )
    said = {"channel": launch.channel, "email": launch.email, "entry_point": entry}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _resume(one: Resume | None, other: Resume) -> Resume:
    return other if one is None else max(one, other, key=_told)


def _told(fact: Launch | Resume) -> tuple[datetime, Ref]:
    """Of one fact said twice the newer saying stays: an erasure between the two leaves that one."""
    return fact.recorded_at, fact.event
