"""One Go1 enrollment: what was said of it, whose it is, and where its completion is played.

Its course is that of its lowest known version; facts that name another are ignored. It is matched by the address of
the lowest version whose address has an answer. An answer once found is kept.
"""

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from go1_stats_processor.domain.catalogue import Entries, entry_at
from go1_stats_processor.domain.facts import Completion, Gone, Ref
from go1_stats_processor.domain.matching import Address, Clash, Thing
from go1_stats_processor.domain.said import (
    Decided,
    Deleted,
    EnrollmentFact,
    Forgotten,
    Named,
    Said,
    decision,
    named,
    stronger,
)

Reason = Literal["learner_unknown", "learner_ambiguous", "course_unknown"]
Home = tuple[str, str]
"""Learner and course: the attempt group in which a completion is played."""


def _quietly(_thing: Thing, _event: Ref) -> None:
    """Two that clashed before need not be told of again."""


class OfCourse(NamedTuple):
    """What was said of it under one course; `between`: the versions between the lowest and the highest."""

    lowest: Said | None = None
    highest: Said | None = None
    deletion: Deleted | None = None
    between: Mapping[int, Named] = MappingProxyType({})


_NOTHING = OfCourse()


class Parked(NamedTuple):
    """Why a completion is not played yet, and who it could belong to."""

    reason: Reason
    candidates: tuple[str, ...]


class Enrollment(NamedTuple):
    """`homes`: every group that was ever told of it, with the one where it is now, if any, in `home`.

    `seen`: every address that any fact named, because an erasure may concern any of them. `unsettled`: any new version
    of its course in the catalogue may change its duration, or let it be played at all.
    """

    courses: Mapping[str, OfCourse] = MappingProxyType({})
    decided: Decided | None = None
    erased_at: datetime | None = None
    matches: Mapping[Address, str] = MappingProxyType({})
    home: Home | None = None
    homes: tuple[Home, ...] = ()
    parked: Parked | None = None
    duration_minutes: int | None = None
    catalogue: Ref | None = None
    unsettled: bool = False
    sequence: int = 0
    course_id: str | None = None
    seen: tuple[Address, ...] = ()

    @property
    def of_course(self) -> OfCourse:
        return _NOTHING if self.course_id is None else self.courses[self.course_id]

    @property
    def owner(self) -> str | None:
        """Whose it is, as far as that has been found out."""
        return self.owner_by(self.matches)

    def owner_by(self, matches: Mapping[Address, str]) -> str | None:
        if self.decided is not None:
            return self.decided.learner_id
        return next((matches[address] for address in self.addresses if address in matches), None)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Addresses, by the version that named them first."""
        it = self.of_course
        if it.lowest is None or it.highest is None:
            return ()
        between = (it.between[version].address for version in sorted(it.between))
        return tuple(dict.fromkeys((it.lowest.address, *between, it.highest.address)))

    @property
    def waiting(self) -> tuple[Address, ...]:
        """Addresses whose answer, or erasure, would change whose it is: those before the one that it was matched by."""
        if self.decided is not None:
            return ()
        unmatched = tuple(itertools.takewhile(lambda address: address not in self.matches, self.addresses))
        if len(unmatched) < len(self.addresses):
            return unmatched
        return (*unmatched, *(address for address in self.seen if address not in unmatched))


def with_enrollment_facts(enrollment: Enrollment, facts: Iterable[EnrollmentFact], clash: Clash) -> Enrollment:
    """Take facts in; their order and repetitions make no difference."""
    facts = list(facts)
    after = _with(enrollment, [each for each in facts if not isinstance(each, Forgotten)], clash)
    for each in facts:
        if isinstance(each, Forgotten) and after.owner in {None, each.learner_id}:
            after = _without_recorded_until(after, each.erased_at)
    for each in facts:
        if isinstance(each, Said | Deleted) and after.course_id not in {None, each.course_id}:
            clash("enrollment" if isinstance(each, Said) else "deletion", each.event)
    if after.course_id != enrollment.course_id:
        after = after._replace(home=None, duration_minutes=None, catalogue=None)
    return after


def _with(enrollment: Enrollment, facts: Iterable[Said | Deleted | Decided], clash: Clash) -> Enrollment:
    courses, decided, seen = dict(enrollment.courses), enrollment.decided, set(enrollment.seen)
    for each in facts:
        if enrollment.erased_at is not None and each.recorded_at <= enrollment.erased_at:
            continue
        if isinstance(each, Decided):
            decided = each if decided is None else decision(decided, each, clash)
            continue
        seen.add(each.address)
        before = courses.get(each.course_id, OfCourse())
        courses[each.course_id] = _said(before, each, clash) if isinstance(each, Said) else _deleted(before, each)
    return enrollment._replace(
        courses=dict(sorted(courses.items())),
        decided=decided,
        seen=tuple(sorted(seen)),
        course_id=_course_of(courses),
    )


def _course_of(courses: Mapping[str, OfCourse]) -> str | None:
    said = [each.lowest for each in courses.values() if each.lowest is not None]
    first = min(((each.version, each.completed_at) for each in said), default=None)
    return max((each.course_id for each in said if (each.version, each.completed_at) == first), default=None)


def _without_recorded_until(enrollment: Enrollment, erased_at: datetime) -> Enrollment:
    """Drop what an erasure concerns, answers included; later facts stay."""
    if enrollment.erased_at is not None and enrollment.erased_at >= erased_at:
        return enrollment
    of_courses = enrollment.courses.values()
    said = [each for it in of_courses for each in (it.lowest, it.highest, it.deletion) if each is not None]
    decided = [] if enrollment.decided is None else [enrollment.decided]
    bare = Enrollment(erased_at=erased_at, homes=enrollment.homes, sequence=enrollment.sequence)
    return _with(bare, [*said, *decided], _quietly)


def _said(before: OfCourse, said: Said, clash: Clash) -> OfCourse:
    lowest, highest = before.lowest or said, before.highest or said
    if said.version in {lowest.version, highest.version}:
        lowest = stronger(lowest, said, _quietly) if said.version == lowest.version else lowest
        highest = stronger(highest, said, clash) if said.version == highest.version else highest
        return before._replace(lowest=lowest, highest=highest)
    between = dict(before.between)
    if said.version < lowest.version:
        displaced, lowest = lowest, said
    elif said.version > highest.version:
        displaced, highest = highest, said
    else:
        displaced = said
    if lowest.version < displaced.version < highest.version:
        new, old = named(displaced), between.get(displaced.version)
        between[displaced.version] = new if old is None else max(old, new, key=lambda each: each.canonical)
    return before._replace(lowest=lowest, highest=highest, between=dict(sorted(between.items())))


def _deleted(before: OfCourse, deleted: Deleted) -> OfCourse:
    """The earliest deletion is final; later ones find nothing to withdraw."""
    if before.deletion is not None:
        deleted = min(before.deletion, deleted, key=lambda each: (each.deleted_at, each.event))
    return before._replace(deletion=deleted)


class Answers(NamedTuple):
    """What is known at the moment: who holds an address (`matching.holders`), what the catalogue says of a course."""

    holders: Mapping[Address, tuple[str, ...]]
    catalogue: Mapping[str, Entries]
    erased: Mapping[tuple[str, str], datetime] = MappingProxyType({})
    """Learners (portal, id) who were erased, and until when."""


def resolved(enrollment: Enrollment, answers: Answers, portal_id: str) -> Enrollment:
    """Find out whose it is and how long its course lasts, or why that cannot be told yet.

    What was answered before holds where `answers` do not speak of it. What turns out to be an erased learner's is
    forgotten, as it would have been had we known it then.
    """
    after = _resolved(enrollment, answers)
    erased_at = None if after.owner is None else answers.erased.get((portal_id, after.owner))
    if erased_at is None:
        return after
    left = _without_recorded_until(after, erased_at)
    return after if left is after else _resolved(left, answers)


def _resolved(enrollment: Enrollment, answers: Answers) -> Enrollment:
    course_id, lowest = enrollment.course_id, enrollment.of_course.lowest
    if course_id is None or lowest is None:
        return enrollment._replace(home=None, parked=None, unsettled=False)
    minutes, catalogue, unsettled = _timed(enrollment, lowest, answers.catalogue.get(course_id, ()))
    matches, candidates = _matched(enrollment, answers)
    learner_id = enrollment.owner_by(matches)
    home: Home | None = None
    parked: Parked | None = None
    if learner_id is None:
        parked = Parked("learner_ambiguous" if candidates else "learner_unknown", candidates)
    elif catalogue is None:
        parked = Parked("course_unknown", (learner_id,))
    else:
        home = (learner_id, course_id)
    return enrollment._replace(
        matches=matches,
        parked=parked,
        home=home,
        homes=enrollment.homes if home is None or home in enrollment.homes else (*enrollment.homes, home),
        duration_minutes=minutes,
        catalogue=catalogue,
        unsettled=unsettled,
    )


def _timed(enrollment: Enrollment, lowest: Said, entries: Entries) -> tuple[int | None, Ref | None, bool]:
    """Return the catalogue's word at the completion's place: duration, event, and whether that may change."""
    if not entries:
        return enrollment.duration_minutes, enrollment.catalogue, enrollment.unsettled or enrollment.catalogue is None
    entry = entry_at(entries, lowest.completed_at)
    return entry.duration_minutes, entry.event, entry.changed_at > lowest.completed_at


def _matched(enrollment: Enrollment, answers: Answers) -> tuple[Mapping[Address, str], tuple[str, ...]]:
    """Find the first address with an answer; also who it could be, where there is none."""
    candidates: set[str] = set()
    for address in enrollment.addresses:
        if address in enrollment.matches:
            return enrollment.matches, ()
        found = answers.holders.get(address, ())
        if len(found) == 1:
            return {**enrollment.matches, address: found[0]}, ()
        candidates.update(found)
    return enrollment.matches, tuple(sorted(candidates))


def told(enrollment: Enrollment, go1_enrollment_id: str) -> list[tuple[Home, Completion | Gone]]:
    """Return what each group that ever heard of it is to know now."""
    return [
        (
            home,
            _completion(enrollment, go1_enrollment_id)
            if home == enrollment.home
            else Gone(go1_enrollment_id, enrollment.sequence),
        )
        for home in enrollment.homes
    ]


def _completion(enrollment: Enrollment, go1_enrollment_id: str) -> Completion:
    of_course = enrollment.of_course
    lowest, highest, deletion = of_course.lowest, of_course.highest, of_course.deletion
    if lowest is None or highest is None:
        raise AssertionError("what has a home has a completion")
    return Completion(
        go1_enrollment_id=go1_enrollment_id,
        sequence=enrollment.sequence,
        placed_at=lowest.completed_at,
        completed_at=highest.completed_at,
        started_at=highest.started_at,
        passed=highest.passed,
        email=highest.email,
        duration_minutes=enrollment.duration_minutes,
        deleted_at=None if deletion is None else deletion.deleted_at,
        event=highest.event,
        deletion=None if deletion is None else deletion.event,
        catalogue=enrollment.catalogue,
        recorded_at=highest.recorded_at,
    )
