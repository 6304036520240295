"""Persons apart from rows: what is kept of an address, and what an erasure leaves.

A row names its person by a pseudonym that only the person's record connects with an address. An erasure up to an instant
takes the pseudonyms out of the record; rows that point to one which is gone are shown as erased. Rows later than the
erasure may be here already (topics have no common order): their pseudonyms stay, and the erasure's instant, kept as a
tombstone, tells their rows apart from the earlier ones. What a report shows is thus a function of the facts:
a row is erased if its event is not later than the latest erasure that reaches its address.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

IN_DOUBT = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for an erasure in pseudonyms that retention is about to take: no new row uses them until that is decided."""


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """An opaque id in rows. `after` is the erasure that was known when it was given, or has spared it since."""

    id: str
    after: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """What is kept of one address: its form as received (the least of several), pseudonyms, tombstone."""

    email: str | None = None
    pseudonyms: tuple[Pseudonym, ...] = ()
    erased_at: datetime | None = None


NOBODY = Person()


def is_late(person: Person, time: datetime) -> bool:
    """Whether an event of this time is reached by the person's erasure."""
    return person.erased_at is not None and time <= person.erased_at


def pseudonym(person: Person) -> str | None:
    """Return the pseudonym that new rows may use: the newest that no pending erasure may still take."""
    for each in reversed(person.pseudonyms):
        if each.after == person.erased_at:
            return each.id
    return None


def holds(person: Person, pseudonym_id: str) -> bool:
    """Whether this pseudonym is the person's, and no pending erasure may take it."""
    return Pseudonym(pseudonym_id, person.erased_at) in person.pseudonyms


def admit(person: Person, pseudonym_id: str, email: str) -> Person:
    """Give the person this pseudonym (or leave it to him), safe from every erasure known so far."""
    others = tuple(each for each in person.pseudonyms if each.id != pseudonym_id)
    kept = (*others, Pseudonym(pseudonym_id, person.erased_at))
    return replace(person, email=least(person.email, email), pseudonyms=kept)


def least(known: str | None, email: str) -> str:
    """Choose among the received forms of one address, whatever their order."""
    return email if known is None else min(known, email)


def bury(person: Person, at: datetime) -> Person:
    """First half of an erasure: from now on nothing up to this instant is shown or taken in."""
    return person if is_late(person, at) else replace(person, erased_at=at)


def pending(person: Person) -> tuple[str, ...]:
    """Pseudonyms that the erasure has yet to take, or to spare because later rows use them."""
    return tuple(each.id for each in person.pseudonyms if each.after != person.erased_at)


def clear(person: Person, spared: Collection[str]) -> Person:
    """Second half: without pseudonyms that no later row uses; without the address, if none is left."""
    kept = tuple(
        Pseudonym(each.id, person.erased_at)
        for each in person.pseudonyms
        if each.after == person.erased_at or each.id in spared
    )
    return replace(person, pseudonyms=kept, email=person.email if kept else None)


def doubt(person: Person, unused: Collection[str]) -> Person:
    """First half of a release: pseudonyms that no row seems to use are not given to new rows for now."""
    doubted = tuple(replace(each, after=IN_DOUBT) if each.id in unused else each for each in person.pseudonyms)
    return replace(person, pseudonyms=doubted)


def is_being_erased(person: Person) -> bool:
    """Whether an erasure has yet to take or to spare pseudonyms: a release leaves that to it."""
    return any(each.after not in (person.erased_at, IN_DOUBT) for each in person.pseudonyms)


def shown(person: Person | None, time: datetime) -> str | None:
    """Return the address that a row of this time shows, or None where it is erased; `person` is the pseudonym's."""
    return None if person is None or is_late(person, time) else person.email
