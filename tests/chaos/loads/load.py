"""What a service is put under: events whose end state can be told from the events alone, and a way to see it."""

import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from contracts.catalog import SERVICES
from contracts.envelope import Envelope
from contracts.event import Event
from tests.chaos.ledger import Entry, entry_of
from tests.chaos.poison import astray, spoil
from tests.chaos.verifier import Seen, Things, Verdict
from tests.world import Process, World

POISON = 0.01
REPEATED = 0.02
SHADOWED = "shadowed"
"""Correlation id of events that a later one of the same thing replaces: they leave no trace of their own."""
NEAR = 25
"""How many places an event may move, as partitions and several publishers make it."""

T = TypeVar("T")


class Load(Protocol):
    """One service's events, what they must come to, and what they have come to."""

    @property
    def service(self) -> str: ...

    async def prepare(self, world: World, stack: AsyncExitStack) -> Mapping[str, str]:
        """Start what the service needs (the stack ends it); settings for it, without LEARNWIRE_ in front."""
        ...

    def events(self, rng: random.Random, count: int, now: datetime) -> Sequence[Envelope[Any]]:
        """About `count` events; but for shadowed ones each leaves a trace in the end state."""
        ...

    def rivals(self, rng: random.Random, good: Sequence[Entry]) -> Sequence[Entry]:
        """Copies of good events with other content, which the service must refuse when they come after them."""
        ...

    def expected(self, facts: Sequence[dict[str, Any]]) -> Things:
        """The end state that these events (plain JSON) make: written from the specification, not from the service."""
        ...

    async def seen(self, world: World, process: Process) -> Seen:
        """The end state as somebody outside sees it."""
        ...

    async def published(self, world: World, expected: Things) -> Verdict:
        """What the service has told others, held against the end state."""
        ...


def entries(load: Load, rng: random.Random, count: int, now: datetime) -> list[Entry]:
    """The load's events in about their order, with repetitions, rivals and one percent of poison between them."""
    good = [entry_of(load.service, each) for each in load.events(rng, count, now)]
    jostled = [entry for _, entry in sorted(enumerate(good), key=lambda each: each[0] + rng.uniform(0, NEAR))]
    later = rng.sample(good, round(len(good) * REPEATED)) + list(load.rivals(rng, good))
    topics = SERVICES[load.service].topics
    poison = [spoil(rng.choice(good), rng) for _ in range(max(1, round(len(good) * POISON)))]
    poison.append(astray(rng.choice(good), rng, topics))
    for entry in poison:
        jostled.insert(rng.randint(0, len(jostled)), entry)
    return _after(jostled, later, rng)


def _after(entries: list[Entry], later: Sequence[Entry], rng: random.Random) -> list[Entry]:
    """Put these in, each somewhere after the good event that has its place in the ledger by then."""
    ids = [each.event["id"] if each.refused is None else None for each in entries]
    for entry in later:
        # Of entries that are put in here only repetitions are good, and they come after what they repeat.
        place = rng.randint(ids.index(entry.event["id"]) + 1, len(entries))
        entries.insert(place, entry)
        ids.insert(place, entry.event["id"] if entry.refused is None else None)
    return entries


def an_id(rng: random.Random) -> str:
    """A UUID that the seed decides."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def envelope(data: Event, rng: random.Random, now: datetime, source: str = "/lms/acme") -> Envelope[Any]:
    return Envelope.of(data, source=source, id=an_id(rng), time=now)


def maybe(rng: random.Random, value: T, share: float = 0.5) -> T | None:
    return value if rng.random() < share else None
