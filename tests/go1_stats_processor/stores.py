"""The flow as the service wires it, on a real MongoDB and Kafka, with a clock that a test turns. Two of them are replicas."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import catalog
from contracts.attempts import AttemptChanged
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import decode
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.handlers import intake_of
from go1_stats_processor.store.flow import Flow
from go1_stats_processor.store.intake import Intake
from shared.consumer import Fact
from shared.kafka import Sender
from shared.mongo import Database
from tests.shared.settings import some_settings
from tests.world import World

AT_ONCE = timedelta(0)
SAID = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Clock:
    """The time, and how far a test has turned it forward."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@asynccontextmanager
async def a_flow(world: World, database: Database, clock: Clock | None = None) -> AsyncGenerator[Flow]:
    sender = Sender(some_settings(world.folder, kafka_bootstrap_servers=world.kafka, kafka_topic_prefix=world.prefix))
    made = Flow(
        database,
        sender,
        source="/learnwire/go1-stats-processor",
        rules=Rules(),
        address_of=address,
        erased_key=b"k" * 32,
        clock=clock or Clock(),
    )
    try:
        await made.prepare()
        yield made
    finally:
        await sender.close()


def address(portal_id: str, email: str) -> str:
    return f"{portal_id} {email}"


def intake(*some: Event, said: datetime = SAID) -> Intake:
    received: list[Fact[Any]] = [
        Fact(Envelope.of(each, source="/lms/acme", id=f"event {number}", time=said), None)  # pyright: ignore[reportArgumentType]  read from no topic
        for number, each in enumerate(some)
    ]
    return intake_of(received, address)


async def published(world: World) -> list[Envelope[AttemptChanged]]:
    found: list[Envelope[AttemptChanged]] = []
    for each in await world.records(catalog.ATTEMPTS):
        event = decode(each.value, list(each.headers), reads={AttemptChanged.TYPE: AttemptChanged})
        assert isinstance(event, Envelope)
        assert isinstance(event.data, AttemptChanged)
        found.append(Envelope(id=event.id, source=event.source, time=event.time, data=event.data))
    return found


async def told(world: World) -> list[tuple[str, str, int, str]]:
    """Attempt, change, version, and the last rule of its why."""
    some = [each.data for each in await published(world)]
    return [(each.attempt_id, each.change, each.version, each.why[-1].rule) for each in some]


async def rows(database: Database) -> list[tuple[str, str]]:
    return [(each["attempt_id"], each["status"]) async for each in database["attempts"].find().sort("_id", 1)]
