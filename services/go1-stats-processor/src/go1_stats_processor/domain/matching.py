"""Whose address it is. Learners match by the normal form of their e-mail within a portal, never by name.

An `Address` stands for a normal form: the service passes keyed hashes, so that nothing here needs the address itself.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from go1_stats_processor.domain.facts import Ref

Address = str
Thing = Literal["course", "enrollment", "deletion", "match", "learner"]
Clash = Callable[[Thing, Ref], None]
"""Told of two facts that cannot both hold (`event.conflict`): which kind of thing, and the event that came second."""


class Changed(NamedTuple):
    """What `learner.changed` says."""

    version: int
    active: bool
    email: str
    address: Address
    event: Ref
    recorded_at: datetime


class Seen(NamedTuple):
    """A launch had this address."""

    address: Address
    recorded_at: datetime


class Erased(NamedTuple):
    """The learner is to be forgotten, and every address given here or seen with him."""

    erased_at: datetime
    addresses: tuple[Address, ...]


LearnerFact = Changed | Seen | Erased


class Learner(NamedTuple):
    """What is known of a learner. `addresses`: all that he ever had, since when.

    `stated`: when `learner.changed` named an address last; what it said after an erasure holds.
    """

    newest: Changed | None = None
    addresses: Mapping[Address, datetime] | None = None
    erased_at: datetime | None = None
    erased_addresses: tuple[Address, ...] = ()
    stated: Mapping[Address, datetime] = MappingProxyType({})

    @property
    def known(self) -> Mapping[Address, datetime]:
        return self.addresses or {}

    def has_now(self, address: Address) -> bool:
        """Whether he is active and this is his address; who is known by launches alone is active with theirs."""
        if self.newest is None:
            return address in self.known
        return self.newest.active and self.newest.address == address


def with_learner_facts(learner: Learner, facts: Iterable[LearnerFact], clash: Clash) -> Learner:
    """Take facts in. What was recorded up to an erasure is dropped, whenever it comes."""
    facts = list(facts)
    erased_at = max((each.erased_at for each in facts if isinstance(each, Erased)), default=None)
    if erased_at is None or (learner.erased_at is not None and learner.erased_at > erased_at):
        erased_at = learner.erased_at
    newest, addresses, stated = learner.newest, dict(learner.known), dict(learner.stated)
    erased = set(learner.erased_addresses)
    for each in facts:
        if isinstance(each, Erased):
            erased.update(each.addresses)
            continue
        if erased_at is not None and each.recorded_at <= erased_at:
            erased.add(each.address)
            continue
        addresses[each.address] = min(each.recorded_at, addresses.get(each.address, each.recorded_at))
        if isinstance(each, Changed):
            stated[each.address] = max(each.recorded_at, stated.get(each.address, each.recorded_at))
            newest = each if newest is None else _stronger(newest, each, clash)
    if erased_at is not None:
        newest = None if newest is None or newest.recorded_at <= erased_at else newest
        erased.update(address for address, since in addresses.items() if since <= erased_at)
        stated = {address: last for address, last in stated.items() if last > erased_at}
        addresses = {address: since for address, since in addresses.items() if since > erased_at}
        addresses = {**stated, **addresses}
    known = dict(sorted(addresses.items()))
    return Learner(newest, known or None, erased_at, tuple(sorted(erased)), dict(sorted(stated.items())))


def _stronger(one: Changed, other: Changed, clash: Clash) -> Changed:
    if one.version != other.version:
        return max(one, other, key=lambda each: each.version)
    if (one.active, one.email) == (other.active, other.email):
        return max(one, other, key=lambda each: (each.recorded_at, each.event))
    clash("learner", other.event)
    return max(one, other, key=_canonical)


def _canonical(changed: Changed) -> str:
    """The part of the canonical JSON that can make a difference here: names come after it."""
    return json.dumps({"active": changed.active, "email": changed.email}, separators=(",", ":"), ensure_ascii=False)


def holders(address: Address, learners: Mapping[str, Learner]) -> tuple[str, ...]:
    """Return the learner whose address it is; several where nobody can tell; nobody where none ever had it."""
    now = tuple(sorted(learner_id for learner_id, each in learners.items() if each.has_now(address)))
    return now or tuple(sorted(learner_id for learner_id, each in learners.items() if address in each.known))
