"""What this process remembers of persons, and what a batch of rows needs written before it. No input or output here."""

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from action_logger.domain.people import Person, is_late, least, pending, pseudonym
from action_logger.domain.rows import Row

MOST_REMEMBERED = 20_000
"""Persons, learners, and pairs of them; about 600 bytes each."""

K = TypeVar("K")
V = TypeVar("V")
Sighting = tuple[str, str]
"""A learner (`portal/learner`) and an address in normal form, seen in one event."""


@dataclass(frozen=True, slots=True)
class Known:
    """One address; right until the next erasure anywhere. `revision` 0: there is no record yet."""

    address_hash: str
    person: Person
    revision: int
    pseudonym: str | None

    @classmethod
    def of(cls, address_hash: str, person: Person, revision: int) -> "Known":
        return cls(address_hash, person, revision, pseudonym(person))


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are looked up together, and whom they name: found out once, since it is asked several times."""

    rows: Sequence[Row]
    learners: Sequence[str | None]
    """Of each row."""
    addresses: AbstractSet[str]
    sightings: AbstractSet[Sighting]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Batch":
        learners = [row.learner for row in rows]
        seen = {(learner, row.normal_email) for learner, row in zip(learners, rows, strict=True) if learner is not None}
        return cls(rows, learners, {row.normal_email for row in rows}, seen)


@dataclass(slots=True)
class Memory:
    """Valid while the number of erasures is this one."""

    erasures: int
    people: dict[str, Known] = field(default_factory=dict[str, Known])
    """By address in normal form."""
    learners: dict[str, datetime | None] = field(default_factory=dict[str, "datetime | None"])
    """When they were erased, if ever."""
    sightings: dict[Sighting, datetime] = field(default_factory=dict[Sighting, datetime])
    """Since when."""

    def missing(self, batch: Batch) -> tuple[AbstractSet[str], AbstractSet[str], AbstractSet[Sighting]]:
        """Return the addresses, learners and sightings of these rows that are not here."""
        return (
            batch.addresses - self.people.keys(),
            {learner for learner, _ in batch.sightings if learner not in self.learners},
            batch.sightings - self.sightings.keys(),
        )

    def pseudonym_of(self, row: Row) -> str | None:
        """Return what the row names its person by; None where it is erased already."""
        known = self.people[row.normal_email]
        return None if is_late(known.person, row.time) else known.pseudonym

    def forget(self, *, hashes: Collection[str] = (), sightings: Collection[Sighting] = ()) -> None:
        if hashes:
            self.people = {email: known for email, known in self.people.items() if known.address_hash not in hashes}
        for each in sightings:
            del self.sightings[each]

    def trim(self) -> None:
        """Forget the oldest, so that memory stays bounded."""
        _trim(self.people)
        _trim(self.learners)
        _trim(self.sightings)


def _trim(remembered: dict[K, V]) -> None:
    while len(remembered) > MOST_REMEMBERED:
        del remembered[next(iter(remembered))]


@dataclass(slots=True)
class Plan:
    """What has to be written before a batch's rows. Empty for people who are known."""

    admit: dict[str, str] = field(default_factory=dict[str, str])
    """Address in normal form → form received."""
    see: dict[Sighting, datetime] = field(default_factory=dict[Sighting, datetime])
    bury: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Hash → instant: rows of erased learners that tell a further address of theirs."""

    def __bool__(self) -> bool:
        return bool(self.admit or self.see or self.bury)


def plan(batch: Batch, memory: Memory) -> Plan:
    found = Plan()
    for row, learner in zip(batch.rows, batch.learners, strict=True):
        known = memory.people[row.normal_email]
        if learner is not None:
            _note_sighting(row, learner, known, memory, found)
        if known.person.erased_at is not None and is_late(known.person, row.time):
            continue
        if known.pseudonym is None or known.person.email is None or row.email < known.person.email:
            found.admit[row.normal_email] = least(found.admit.get(row.normal_email), row.email)
    return found


def _note_sighting(row: Row, learner: str, known: Known, memory: Memory, found: Plan) -> None:
    tombstone = memory.learners[learner]
    if tombstone is not None and row.time <= tombstone and _has_yet_to_go(known.person, tombstone):
        found.bury[known.address_hash] = max(tombstone, found.bury.get(known.address_hash, tombstone))
    sighting = (learner, row.normal_email)
    since = found.see.get(sighting) or memory.sightings.get(sighting)
    if since is None or row.time < since:
        found.see[sighting] = row.time


def _has_yet_to_go(person: Person, tombstone: datetime) -> bool:
    return not is_late(person, tombstone) or bool(pending(person))
