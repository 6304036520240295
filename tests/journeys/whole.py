"""All four services in one world, and the `learnwire` command beside them as an operator runs it."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from contracts.catalog import SERVICES
from contracts.go1 import EntryPoint, Go1CourseChanged, Go1CourseLaunched
from contracts.learners import LearnerChanged, LearnerLinked
from contracts.portals import PortalConnected
from contracts.types import instant
from shared.cli.reach import CommandSettings
from shared.cli.stream import Stream
from tests.salesforce_syncer.standin import StandIn, running
from tests.shared.test_command import learnwire
from tests.world import Process, World

START_SECONDS = 90.0
"""Four processes start at once, on machines that have other work too."""


@dataclass
class Whole:
    """The four services by name."""

    world: World
    standin: StandIn
    services: dict[str, Process]

    def settings(self) -> dict[str, str]:
        """What the command is given, without LEARNWIRE_."""
        world = self.world
        return {
            "KAFKA_BOOTSTRAP_SERVERS": world.kafka,
            "KAFKA_TOPIC_PREFIX": world.prefix,
            "MONGO_URI": world.mongo_uri,
            "SERVICE_URLS": ",".join(f"{name}={each.url}" for name, each in self.services.items()),
            "SERVICE_DATABASES": ",".join(f"{name}={world.database_of(name)}" for name in SERVICES),
            "SERVICE_GROUPS": ",".join(f"{name}={world.prefix}{name}" for name in SERVICES),
        }

    async def command(self, *arguments: str, **settings: str) -> "CompletedProcess[str]":
        """Run `learnwire` with these arguments."""
        return await asyncio.to_thread(learnwire, *arguments, **self.settings() | settings)

    async def all_read(self) -> bool:
        """Whether each service has taken through, and committed, all that is in Kafka for it."""
        settings = CommandSettings.model_validate({name.lower(): value for name, value in self.settings().items()})
        stream = Stream(settings)
        try:
            await stream.start([*dict.fromkeys(topic for each in SERVICES.values() for topic in each.topics)])
            for name, service in SERVICES.items():
                at = await stream.positions(settings.groups()[name])
                sizes = await stream.sizes(service.topics)
                if any(end and at.get(each, 0) < end for each, (_, end) in sizes.items()):
                    return False
        finally:
            await stream.close()
        return True


@asynccontextmanager
async def whole(
    kafka: str, mongo_uri: str, used_prefixes: list[str], folder: Path, **settings: dict[str, str]
) -> AsyncGenerator[Whole]:
    """Start all four; `settings` by service (with _), without LEARNWIRE_."""
    prefix = f"t{secrets.token_hex(4)}."
    used_prefixes.append(prefix)
    with ExitStack() as stack:
        standin = stack.enter_context(running(folder))
        async with World(kafka, mongo_uri, prefix, folder) as world:
            given = {name: dict(each) for name, each in settings.items()}
            given["salesforce_syncer"] = standin.settings() | given.get("salesforce_syncer", {})
            services = {name: world.service(name, **given.get(name.replace("-", "_"), {})) for name in SERVICES}
            await world.ready(*services.values(), seconds=START_SECONDS)
            yield Whole(world, standin, services)


def portal(portal_id: str = "acme") -> PortalConnected:
    return PortalConnected(
        portal_id=portal_id,
        name="Acme",
        url="https://acme.example",
        connected_at=instant("2026-01-01T00:00:00Z"),
        version=1,
    )


def learner(**more: Any) -> LearnerChanged:
    known: dict[str, Any] = {"portal_id": "acme", "learner_id": "ada", "email": "ada@acme.example", "version": 1}
    return LearnerChanged(**known | more)


def linked(record: str, **more: Any) -> LearnerLinked:
    known: dict[str, Any] = {
        "portal_id": "acme",
        "learner_id": "ada",
        "salesforce_kind": "user",
        "via": "tab_opened",
        "linked_at": instant("2026-01-02T00:00:00Z"),
    }
    return LearnerLinked(salesforce_id=record, **known | more)


def course() -> Go1CourseChanged:
    return Go1CourseChanged(course_id="C1", title="Course", duration_minutes=60, version=1)


def launched(**more: Any) -> Go1CourseLaunched:
    known: dict[str, Any] = {
        "portal_id": "acme",
        "learner_id": "ada",
        "email": "ada@acme.example",
        "course_id": "C1",
        "launch_id": "L1",
        "channel": "web",
        "entry_point": EntryPoint(kind="catalog"),
        "launched_at": instant("2026-02-01T00:00:00Z"),
    }
    return Go1CourseLaunched(**known | more)
