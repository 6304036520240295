"""What a batch brings, by the thing that it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from go1_stats_processor.domain.catalogue import Entry
from go1_stats_processor.domain.facts import Fact, Gone
from go1_stats_processor.domain.matching import Address, LearnerFact, Seen
from go1_stats_processor.domain.said import Decided, Deleted, EnrollmentFact, Forgotten, Said
from go1_stats_processor.store.enrollments import EnrollmentKey
from go1_stats_processor.store.groups import GroupKey
from go1_stats_processor.store.learners import Known, LearnerKey

Cause = Mapping[str, Any]
"""Trace and causation that what we publish carries on."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Facts by thing."""

    learners: dict[LearnerKey, list[LearnerFact]] = field(default_factory=dict[LearnerKey, list[LearnerFact]])
    courses: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])
    enrollments: dict[EnrollmentKey, list[EnrollmentFact]] = field(
        default_factory=dict[EnrollmentKey, list[EnrollmentFact]]
    )
    groups: dict[GroupKey, list[Fact]] = field(default_factory=dict[GroupKey, list[Fact]])
    group_causes: dict[GroupKey, Cause] = field(default_factory=dict[GroupKey, Cause])
    enrollment_causes: dict[EnrollmentKey, Cause] = field(default_factory=dict[EnrollmentKey, Cause])

    @property
    def people(self) -> set[LearnerKey]:
        """All learners whom a fact names."""
        decided = {
            (portal_id, each.learner_id)
            for (portal_id, _), some in self.enrollments.items()
            for each in some
            if isinstance(each, Decided)
        }
        return decided.union(self.learners, ((portal_id, learner_id) for portal_id, learner_id, _ in self.groups))

    @property
    def addresses(self) -> set[Address]:
        """All addresses of completions and deletions."""
        return {each.address for some in self.enrollments.values() for each in some if isinstance(each, Said | Deleted)}

    @property
    def course_ids(self) -> set[str]:
        said = {each.course_id for some in self.enrollments.values() for each in some if isinstance(each, Said)}
        return said.union(course_id for _, _, course_id in self.groups)


def sifted(intake: Intake, known: Known) -> Intake:
    """Drop what is about erased learners, and what they are known to have; completions of theirs are to be forgotten."""
    learners: dict[LearnerKey, list[LearnerFact]] = {}
    for learner, facts in intake.learners.items():
        if new := [each for each in facts if not _is_known(each, learner, known)]:
            learners[learner] = new
    groups: dict[GroupKey, list[Fact]] = {}
    for group, some in intake.groups.items():
        learner = known.learner(group[:2])
        erased_at = None if learner is None else learner.erased_at
        if left := [
            each for each in some if erased_at is None or isinstance(each, Gone) or each.recorded_at > erased_at
        ]:
            groups[group] = left
    enrollments = {
        enrollment: [*said, *(forget for each in said for forget in _forgotten(enrollment[0], each, known))]
        for enrollment, said in intake.enrollments.items()
    }
    return Intake(learners, intake.courses, enrollments, groups, intake.group_causes, intake.enrollment_causes)


def _is_known(fact: LearnerFact, learner: LearnerKey, known: Known) -> bool:
    if not isinstance(fact, Seen):
        return False
    found = known.learner(learner)
    since = None if found is None else found.known.get(fact.address)
    return since is not None and since <= fact.recorded_at


def _forgotten(portal_id: str, fact: EnrollmentFact, known: Known) -> list[Forgotten]:
    if isinstance(fact, Forgotten):
        return []
    if isinstance(fact, Decided):
        learner = known.learner((portal_id, fact.learner_id))
        erasures = [] if learner is None or learner.erased_at is None else [(fact.learner_id, learner.erased_at)]
    else:
        erasures = known.erasures(fact.address)
    return [Forgotten(learner_id, erased_at) for learner_id, erased_at in erasures if fact.recorded_at <= erased_at]
