"""The service without its servers: the domain's folds and the flow between things, in dictionaries.

The store does the same steps with documents; which things a change concerns is asked of the documents here too.
"""

from collections.abc import Sequence
from typing import Any, cast

from contracts.envelope import Envelope
from contracts.types import normal_email
from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.catalogue import Entries, with_entries
from go1_stats_processor.domain.enrollments import Answers, Enrollment, resolved, told, with_enrollment_facts
from go1_stats_processor.domain.facts import Fact, Facts, Ref, with_facts, without_recorded_until
from go1_stats_processor.domain.matching import Learner, Seen, Thing, with_learner_facts
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.domain.said import EnrollmentFact, Forgotten
from go1_stats_processor.handlers import intake_of
from go1_stats_processor.store.documents import of_enrollment
from go1_stats_processor.store.intake import sifted
from go1_stats_processor.store.learners import Known
from shared.consumer import Fact as Received

RULES = Rules()


class Pure:
    """All things of the service."""

    def __init__(self) -> None:
        self.learners: dict[tuple[str, str], Learner] = {}
        self.courses: dict[str, Entries] = {}
        self.enrollments: dict[tuple[str, str], Enrollment] = {}
        self.groups: dict[tuple[str, str, str], Facts] = {}
        self.clashes: list[tuple[str, Ref]] = []

    def take(self, batch: Sequence[Envelope[Any]]) -> None:
        """A handler gets facts of one topic."""
        for topic in dict.fromkeys(each.topic for each in batch):
            self._take([each for each in batch if each.topic == topic])

    def _take(self, batch: Sequence[Envelope[Any]]) -> None:
        received = [Received(each, cast("Any", None)) for each in batch]
        intake = sifted(
            intake_of(received, lambda portal, email: f"{portal} {normal_email(email)}"), Known(self.learners)
        )
        concerned: set[tuple[str, str]] = set()
        for course_id, entries in intake.courses.items():
            before = self.courses.get(course_id, ())
            self.courses[course_id] = with_entries(before, entries, self._clash)
            changed = set(before).symmetric_difference(self.courses[course_id])
            concerned |= self._of_course(course_id, min((each.changed_at for each in changed), default=None))
        for learner, facts in intake.learners.items():
            self.learners[learner] = with_learner_facts(self.learners.get(learner, Learner()), facts, self._clash)
            self._erase(learner)
            concerned |= self._waiting_for(self.learners[learner].known)
        intake = sifted(intake, Known(self.learners))
        self._in_groups(intake.groups)
        for key, said in intake.enrollments.items():
            self._in_enrollment(key, said)
        for key in sorted(concerned):
            self._in_enrollment(key, ())

    def _in_enrollment(self, key: tuple[str, str], facts: Sequence[EnrollmentFact]) -> None:
        before = self.enrollments.get(key, Enrollment())
        known = Known(self.learners)
        after = with_enrollment_facts(before, facts, self._clash)
        after = resolved(after, Answers(known.holders(after.addresses), self.courses, known.erased), key[0])
        if after == before:
            return
        self.enrollments[key] = after = _next(after)
        for (learner_id, course_id), each in told(after, key[1]):
            self._in_groups({(key[0], learner_id, course_id): [each]})

    def _in_groups(self, facts: dict[tuple[str, str, str], list[Fact]]) -> None:
        for group, some in facts.items():
            self.groups[group] = with_facts(self.groups.get(group, Facts()), some)

    def _of_course(self, course_id: str, since: Any) -> set[tuple[str, str]]:
        documents = {key: of_enrollment(each) for key, each in self.enrollments.items()}
        return {
            key
            for key, each in documents.items()
            if each["course_id"] == course_id
            and (each.get("unsettled") or (since is not None and each["placed_at"] >= since))
        }

    def _waiting_for(self, addresses: Any) -> set[tuple[str, str]]:
        return {
            key
            for key, each in self.enrollments.items()
            if not set(of_enrollment(each).get("waiting", ())).isdisjoint(addresses)
        }

    def _erase(self, learner: tuple[str, str]) -> None:
        """Drop groups' facts first, then what Go1 said."""
        known = self.learners[learner]
        erased_at = known.erased_at
        if erased_at is None:
            return
        for group in [each for each in self.groups if each[:2] == learner]:
            self.groups[group] = without_recorded_until(self.groups[group], erased_at)
        left = [
            each
            for group, facts in self.groups.items()
            if group[:2] == learner
            for each in (*facts.launches, *facts.superseded)
        ]
        seen = [Seen(f"{learner[0]} {normal_email(each.email)}", each.recorded_at) for each in left]
        self.learners[learner] = known = with_learner_facts(known, seen, self._clash)
        theirs = {key for key, each in self.enrollments.items() if (key[0], each.owner) == learner}
        for key in sorted(theirs | self._waiting_for(known.erased_addresses)):
            self._in_enrollment(key, [Forgotten(learner[1], erased_at)])

    def _clash(self, thing: Thing, event: Ref) -> None:
        self.clashes.append((thing, event))

    def shown(self) -> dict[str, Any]:
        """What readers see, in the oracle's words."""
        shown: dict[Any, Any] = {}
        for group, facts in self.groups.items():
            for each in attempts(facts, RULES):
                entry = None if each.entry_kind is None else {"kind": each.entry_kind, "id": each.entry_id}
                shown[(*group, each.attempt_id)] = {
                    name: getattr(each, name)
                    for name in each._fields
                    if name not in {"why", "recorded_at", "attempt_id", "entry_kind", "entry_id"}
                } | {"entry_point": entry}
        parked = {
            key: {"reason": each.parked.reason, "candidates": list(each.parked.candidates)}
            for key, each in self.enrollments.items()
            if each.parked is not None
        }
        return {"attempts": shown, "parked": parked}

    def why(self) -> dict[Any, Any]:
        """Why each attempt shows what it shows, and since when that was recorded."""
        return {
            (*group, each.attempt_id): (each.why, each.recorded_at)
            for group, facts in self.groups.items()
            for each in attempts(facts, RULES)
        }


def _next(enrollment: Enrollment) -> Enrollment:
    return enrollment._replace(sequence=enrollment.sequence + 1)
