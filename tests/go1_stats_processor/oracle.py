"""What the service must hold, worked out the slow way from the whole set of events.

Written from seed 002 and the specification; shares no code with the service. Everything is done anew for every
question, each attempt is a dict that is changed in place, and nothing is kept between two events.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.go1 import (
    Go1CourseChanged,
    Go1CourseCompleted,
    Go1CourseLaunched,
    Go1EnrollmentDeleted,
    Go1MatchDecided,
)
from contracts.learners import LearnerChanged, LearnerErased
from tests.go1_stats_processor.oracle_attempts import State, attempts_of, some, winner


def expected(envelopes: Sequence[Envelope[Any]]) -> State:
    """Attempts by (portal, learner, course, attempt), and parked completions by (portal, enrollment)."""
    kept = not_erased(envelopes)
    attempts: dict[Any, Any] = {}
    parked: dict[Any, Any] = {}
    completions: dict[tuple[str, str, str], list[State]] = {}
    for portal_id, enrollment in sorted({(e.portal_id, e.go1_enrollment_id) for e in some(kept, Go1CourseCompleted)}):
        found = completion(kept, portal_id, enrollment)
        if isinstance(found["owner"], str) and found["catalogue"]:
            completions.setdefault((portal_id, found["owner"], found["course_id"]), []).append(found)
        else:
            parked[portal_id, enrollment] = parked_as(found)
    launched = {(e.portal_id, e.learner_id, e.course_id) for e in some(kept, Go1CourseLaunched)}
    for portal_id, learner_id, course_id in sorted(launched | set(completions)):
        mine = completions.get((portal_id, learner_id, course_id), [])
        for attempt in attempts_of(kept, portal_id, learner_id, course_id, mine):
            attempts[portal_id, learner_id, course_id, attempt.pop("attempt_id")] = attempt
    return {"attempts": attempts, "parked": parked}


# Erasure


def not_erased(envelopes: Sequence[Envelope[Any]]) -> list[Envelope[Any]]:
    """What is left: an enrollment goes as one, by an address that it names or by whose it turns out to be."""
    until: dict[tuple[str, str], datetime] = {}
    for erasure in some(envelopes, LearnerErased):
        who = (erasure.portal_id, erasure.learner_id)
        until[who] = max(erasure.erased_at, until.get(who, erasure.erased_at))
    gone: dict[tuple[str, str], datetime] = {}
    for each in envelopes:
        if isinstance(each.data, Go1CourseCompleted | Go1EnrollmentDeleted):
            for erased_at in until.values():
                if is_erased(each, envelopes, until):
                    gone[each.data.portal_id, each.data.go1_enrollment_id] = erased_at
    left = [each for each in envelopes if not is_erased(each, envelopes, until) and not is_of(each, gone)]
    for portal_id, enrollment in {(e.portal_id, e.go1_enrollment_id) for e in some(left, Go1CourseCompleted)}:
        owner = completion(left, portal_id, enrollment)["owner"]
        if isinstance(owner, str) and (portal_id, owner) in until:
            gone[portal_id, enrollment] = until[portal_id, owner]
    return [each for each in left if not is_of(each, gone)]


def is_of(envelope: Envelope[Any], gone: dict[tuple[str, str], datetime]) -> bool:
    until = gone.get((getattr(envelope.data, "portal_id", ""), getattr(envelope.data, "go1_enrollment_id", "")))
    return until is not None and envelope.time <= until


def is_erased(
    envelope: Envelope[Any], envelopes: Sequence[Envelope[Any]], until: dict[tuple[str, str], datetime]
) -> bool:
    data = envelope.data
    if isinstance(data, LearnerErased | Go1CourseChanged):
        return False
    if isinstance(data, Go1CourseCompleted | Go1EnrollmentDeleted):
        return any(
            portal_id == data.portal_id
            and envelope.time <= erased_at
            and normal(data.email) in had(envelopes, portal_id, learner_id, erased_at)
            for (portal_id, learner_id), erased_at in until.items()
        )
    erased_at = until.get((data.portal_id, data.learner_id))
    return erased_at is not None and envelope.time <= erased_at


def had(envelopes: Sequence[Envelope[Any]], portal_id: str, learner_id: str, erased_at: datetime) -> set[str]:
    """Addresses given with an erasure or seen with the learner until then."""
    found: set[str] = set()
    for each in envelopes:
        if getattr(each.data, "learner_id", None) != learner_id or each.data.portal_id != portal_id:
            continue
        if isinstance(each.data, LearnerErased):
            found.update(normal(text) for text in (each.data.email, *each.data.former_emails) if text)
        elif isinstance(each.data, LearnerChanged | Go1CourseLaunched) and each.time <= erased_at:
            found.add(normal(each.data.email))
    return found


# Matching


def normal(email: str) -> str:
    return email.strip().casefold()


def completion(envelopes: Sequence[Envelope[Any]], portal_id: str, enrollment: str) -> State:
    """All that is known of one Go1 enrollment."""
    said = [
        e for e in some(envelopes, Go1CourseCompleted) if (e.portal_id, e.go1_enrollment_id) == (portal_id, enrollment)
    ]
    firsts = [
        winner([each for each in said if each.course_id == course_id], lambda each: -each.version)
        for course_id in {each.course_id for each in said}
    ]
    first = min((each.version, each.completed_at) for each in firsts)
    course_id = max(each.course_id for each in firsts if (each.version, each.completed_at) == first)
    said = [each for each in said if each.course_id == course_id]
    lowest, highest = winner(said, lambda each: -each.version), winner(said, lambda each: each.version)
    deletions = [
        each
        for each in some(envelopes, Go1EnrollmentDeleted)
        if (each.portal_id, each.go1_enrollment_id, each.course_id) == (portal_id, enrollment, course_id)
    ]
    decisions = [
        e for e in some(envelopes, Go1MatchDecided) if (e.portal_id, e.go1_enrollment_id) == (portal_id, enrollment)
    ]
    versions = sorted({each.version for each in said})
    by_version = [winner([each for each in said if each.version == version], lambda _: 0) for version in versions]
    addresses = [normal(each.email) for each in by_version]
    owner = (
        winner(decisions, lambda each: each.version).learner_id if decisions else whose(envelopes, portal_id, addresses)
    )
    return {
        "enrollment": enrollment,
        "course_id": course_id,
        "lowest": lowest,
        "highest": highest,
        "deleted_at": min((each.deleted_at for each in deletions), default=None),
        "owner": owner,
        "catalogue": [e for e in envelopes if isinstance(e.data, Go1CourseChanged) and e.data.course_id == course_id],
    }


def whose(envelopes: Sequence[Envelope[Any]], portal_id: str, addresses: Sequence[str]) -> str | set[str]:
    """The learner, or all whom it could be."""
    could_be: set[str] = set()
    for address in addresses:
        found = of_address(envelopes, portal_id, address)
        if len(found) == 1:
            return found.pop()
        could_be |= found
    return could_be


def of_address(envelopes: Sequence[Envelope[Any]], portal_id: str, address: str) -> set[str]:
    now: set[str] = set()
    ever: set[str] = set()
    learners = {
        e.learner_id
        for e in some(envelopes, Event)
        if isinstance(e, LearnerChanged | Go1CourseLaunched) and e.portal_id == portal_id
    }
    for learner_id in learners:
        changes = [e for e in some(envelopes, LearnerChanged) if (e.portal_id, e.learner_id) == (portal_id, learner_id)]
        launches = [
            e for e in some(envelopes, Go1CourseLaunched) if (e.portal_id, e.learner_id) == (portal_id, learner_id)
        ]
        addresses: set[str] = {normal(each.email) for each in (*changes, *launches)}
        if address in addresses:
            ever.add(learner_id)
        if changes:
            newest = winner(changes, lambda each: each.version)
            addresses = {normal(newest.email)} if newest.active else set()
        if address in addresses:
            now.add(learner_id)
    return now or ever


def parked_as(found: State) -> State:
    if isinstance(found["owner"], str):
        return {"reason": "course_unknown", "candidates": [found["owner"]]}
    return {
        "reason": "learner_ambiguous" if found["owner"] else "learner_unknown",
        "candidates": sorted(found["owner"]),
    }
