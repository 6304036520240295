"""Domain values to documents and back. A reader takes what it knows and leaves the rest: two releases share a database."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

from go1_stats_processor.domain.catalogue import Entries, Entry
from go1_stats_processor.domain.enrollments import Enrollment, OfCourse, Parked
from go1_stats_processor.domain.facts import Completion, Facts, Gone, Launch, Resume
from go1_stats_processor.domain.matching import Changed, Learner
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.domain.said import Decided, Deleted, Named, Said
from shared.mongo import Document

T = TypeVar("T", bound=NamedTuple)


def key(*parts: str) -> str:
    """Return the id of a thing. Ids hold no white space, so that this is unambiguous."""
    return " ".join(parts)


def row(value: NamedTuple) -> list[Any]:
    """Return a value without parts as its fields' values alone: of what is kept many times, names would be the larger half.

    Fields are only ever added, at the end and with a default, so that shorter rows can be read.
    """
    return list(value)


def flat(value: NamedTuple) -> Document:
    """Return the document of a value without parts."""
    return value._asdict()


def of(kind: type[T], document: Mapping[str, Any] | list[Any]) -> T:
    """Return the value of such a document, or row."""
    if isinstance(document, list):
        return cast("Any", kind)(*document)
    return kind._make(map(document.get, kind._fields))


def _maybe(kind: type[T], document: Mapping[str, Any] | None) -> T | None:
    return None if document is None else of(kind, document)


def _several(kind: type[T], documents: Iterable[Mapping[str, Any] | list[Any]] | None) -> tuple[T, ...]:
    return tuple(of(kind, each) for each in documents or ())


def facts_of(document: Mapping[str, Any] | None) -> Facts:
    if document is None:
        return Facts()
    return Facts(
        _several(Launch, document.get("launches")),
        _several(Resume, document.get("resumes")),
        _several(Completion, document.get("completions")),
        _several(Gone, document.get("gone")),
        _several(Launch, document.get("superseded")),
    )


def of_facts(facts: Facts) -> Document:
    return {
        "launches": [row(each) for each in facts.launches],
        "resumes": [row(each) for each in facts.resumes],
        "completions": [row(each) for each in facts.completions],
        "gone": [row(each) for each in facts.gone],
        "superseded": [row(each) for each in facts.superseded],
    }


def rules_of(document: Mapping[str, Any], otherwise: Rules) -> Rules:
    """Return the rules under which a group was folded; groups of shape 1 do not say."""
    found = document.get("rules")
    return otherwise if found is None else of(Rules, found)


def learner_of(document: Mapping[str, Any] | None) -> Learner:
    if document is None:
        return Learner()
    return Learner(
        newest=_maybe(Changed, document.get("newest")),
        addresses={each["address"]: each["since"] for each in document.get("addresses") or ()} or None,
        erased_at=document.get("erased_at"),
        erased_addresses=tuple(document.get("erased_addresses") or ()),
        stated={each["address"]: each["stated"] for each in document.get("addresses") or () if each.get("stated")},
    )


def of_learner(learner: Learner) -> Document:
    document: Document = {
        "newest": None if learner.newest is None else flat(learner.newest),
        "addresses": [
            {"address": address, "since": since, "stated": learner.stated.get(address)}
            for address, since in learner.known.items()
        ],
    }
    if learner.erased_at is not None:
        document |= {"erased_at": learner.erased_at, "erased_addresses": list(learner.erased_addresses)}
    return document


def entries_of(document: Mapping[str, Any] | None) -> Entries:
    return () if document is None else _several(Entry, document.get("entries"))


def of_entries(entries: Entries) -> Document:
    newest = entries[-1]
    return {"title": newest.title, "available": newest.available, "entries": [flat(each) for each in entries]}


def enrollment_of(document: Mapping[str, Any] | None) -> Enrollment:
    if document is None:
        return Enrollment()
    home, parked = document.get("home"), document.get("parked")
    return Enrollment(
        courses={each["course_id"]: _of_course(each) for each in document.get("courses") or ()},
        decided=_maybe(Decided, document.get("decided")),
        erased_at=document.get("erased_at"),
        matches={each["address"]: each["learner_id"] for each in document.get("matches") or ()},
        home=None if home is None else (home[0], home[1]),
        homes=tuple((learner_id, course_id) for learner_id, course_id in document.get("homes") or ()),
        parked=None if parked is None else Parked(parked["reason"], tuple(parked["candidates"])),
        duration_minutes=document.get("duration_minutes"),
        catalogue=document.get("catalogue"),
        unsettled=document.get("unsettled", False),
        sequence=document["sequence"],
        course_id=document.get("course_id"),
        seen=tuple(document.get("seen") or ()),
    )


def _of_course(document: Mapping[str, Any]) -> OfCourse:
    return OfCourse(
        _maybe(Said, document.get("lowest")),
        _maybe(Said, document.get("highest")),
        _maybe(Deleted, document.get("deletion")),
        {each["version"]: of(Named, each) for each in document.get("between") or ()},
    )


def of_enrollment(enrollment: Enrollment) -> Document:
    """What finds it stands beside what is known of it: `course_id`, `placed_at`, `owner`, `waiting`, `parked_at`."""
    lowest = enrollment.of_course.lowest
    document: Document = {
        "courses": [
            {
                "course_id": course_id,
                "lowest": None if each.lowest is None else flat(each.lowest),
                "highest": None if each.highest is None else flat(each.highest),
                "deletion": None if each.deletion is None else flat(each.deletion),
                "between": [{"version": version, **flat(named)} for version, named in each.between.items()],
            }
            for course_id, each in enrollment.courses.items()
        ],
        "decided": None if enrollment.decided is None else flat(enrollment.decided),
        "matches": [{"address": address, "learner_id": learner} for address, learner in enrollment.matches.items()],
        "home": None if enrollment.home is None else list(enrollment.home),
        "homes": [list(each) for each in enrollment.homes],
        "duration_minutes": enrollment.duration_minutes,
        "catalogue": enrollment.catalogue,
        "sequence": enrollment.sequence,
        "seen": list(enrollment.seen),
        "course_id": enrollment.course_id,
        "placed_at": None if lowest is None else lowest.completed_at,
        "owner": enrollment.owner,
    }
    if enrollment.erased_at is not None:
        document["erased_at"] = enrollment.erased_at
    if enrollment.unsettled:
        document["unsettled"] = True
    if enrollment.waiting:
        document["waiting"] = list(enrollment.waiting)
    if enrollment.parked is not None and lowest is not None:
        document["parked"] = {"reason": enrollment.parked.reason, "candidates": list(enrollment.parked.candidates)}
        document["parked_at"] = lowest.recorded_at
    return document
