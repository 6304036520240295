"""Kafka in: events become facts, by the thing that they concern."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, assert_never

from contracts import catalog
from contracts.event import canonical
from contracts.go1 import (
    Go1CourseChanged,
    Go1CourseCompleted,
    Go1CourseLaunched,
    Go1CourseResumed,
    Go1EnrollmentDeleted,
    Go1MatchDecided,
)
from contracts.learners import LearnerChanged, LearnerErased
from contracts.types import normal_email
from go1_stats_processor.domain import facts, matching, said
from go1_stats_processor.domain.catalogue import Entry
from go1_stats_processor.store.flow import Flow
from go1_stats_processor.store.intake import Intake
from shared.consumer import Fact, Handler, Refusal
from shared.keys import Keys

AddressOf = Callable[[str, str], matching.Address]
ADDRESSES_REMEMBERED = 50_000


def address_of(keys: Keys) -> AddressOf:
    """Return what makes an address of a portal and an e-mail: nothing that we look up by holds the e-mail itself."""

    @lru_cache(ADDRESSES_REMEMBERED)
    def address(portal_id: str, email: str) -> matching.Address:
        return f"{portal_id} {keys.address_hash(normal_email(email))}"

    return address


def handlers(flow: Flow, address: AddressOf) -> dict[str, Handler]:
    async def on_facts(batch: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        await flow.take(intake_of(batch, address))
        return ()

    return {catalog.GO1: on_facts, catalog.LEARNERS: on_facts}


def intake_of(batch: Sequence[Fact[Any]], address: AddressOf) -> Intake:
    intake = Intake()
    for fact in batch:
        data = fact.data
        match data:
            case Go1CourseLaunched() | Go1CourseResumed():
                _on_platform(intake, fact, data, address)
            case Go1CourseCompleted() | Go1EnrollmentDeleted() | Go1MatchDecided():
                _on_enrollment(intake, fact, data, address)
            case Go1CourseChanged():
                intake.courses.setdefault(data.course_id, []).append(_entry(fact, data))
            case LearnerChanged() | LearnerErased():
                _on_learner(intake, fact, data, address)
            case _:
                pass  # what other services read of the learners' topic
    return intake


def _ref(fact: Fact[Any]) -> facts.Ref:
    return f"{fact.source} {fact.id}"


def _on_platform(
    intake: Intake, fact: Fact[Any], data: Go1CourseLaunched | Go1CourseResumed, address: AddressOf
) -> None:
    group = (data.portal_id, data.learner_id, data.course_id)
    match data:
        case Go1CourseLaunched():
            entry = data.entry_point
            new: facts.Fact = facts.Launch(
                data.launch_id, data.launched_at, data.channel, data.email, entry.kind, entry.id, _ref(fact), fact.time
            )
            seen = matching.Seen(address(data.portal_id, data.email), fact.time)
            intake.learners.setdefault(group[:2], []).append(seen)
        case Go1CourseResumed():
            new = facts.Resume(data.resumed_at, data.launch_id, data.channel, _ref(fact), fact.time)
        case _:
            assert_never(data)
    intake.groups.setdefault(group, []).append(new)
    intake.group_causes[group] = fact.cause


def _on_enrollment(
    intake: Intake,
    fact: Fact[Any],
    data: Go1CourseCompleted | Go1EnrollmentDeleted | Go1MatchDecided,
    address: AddressOf,
) -> None:
    new: said.EnrollmentFact
    match data:
        case Go1CourseCompleted():
            new = said.Said(
                course_id=data.course_id,
                version=data.version,
                completed_at=data.completed_at,
                started_at=data.started_at,
                passed=data.passed,
                email=data.email,
                address=address(data.portal_id, data.email),
                event=_ref(fact),
                recorded_at=fact.time,
            )
        case Go1EnrollmentDeleted():
            where = address(data.portal_id, data.email)
            new = said.Deleted(data.course_id, data.deleted_at, where, _ref(fact), fact.time)
        case Go1MatchDecided():
            new = said.Decided(data.learner_id, data.version, data.decided_by, data.decided_at, _ref(fact), fact.time)
        case _:
            assert_never(data)
    enrollment = (data.portal_id, data.go1_enrollment_id)
    intake.enrollments.setdefault(enrollment, []).append(new)
    intake.enrollment_causes[enrollment] = fact.cause


def _entry(fact: Fact[Any], data: Go1CourseChanged) -> Entry:
    return Entry(
        version=data.version,
        changed_at=data.changed_at or fact.time,
        title=data.title,
        duration_minutes=data.duration_minutes,
        available=data.available,
        canonical=canonical(data),
        event=_ref(fact),
    )


def _on_learner(intake: Intake, fact: Fact[Any], data: LearnerChanged | LearnerErased, address: AddressOf) -> None:
    new: matching.LearnerFact
    match data:
        case LearnerChanged():
            where = address(data.portal_id, data.email)
            new = matching.Changed(data.version, data.active, data.email, where, _ref(fact), fact.time)
        case LearnerErased():
            given = [*data.former_emails, *([] if data.email is None else [data.email])]
            new = matching.Erased(data.erased_at, tuple(address(data.portal_id, each) for each in given))
        case _:
            assert_never(data)
    intake.learners.setdefault((data.portal_id, data.learner_id), []).append(new)
