"""`learnwire status`: one screen, the worst first."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer

from contracts.catalog import DEAD_LETTERS, SERVICES, dead_letters
from shared.cli import gauges
from shared.cli.gauges import Colour
from shared.cli.output import EXIT_UNREACHABLE, run, screen
from shared.cli.reach import DATABASE_SECONDS, HTTP_SECONDS, CommandSettings, Notes, database_of, get, mongo
from shared.cli.story import KAFKA_SECONDS
from shared.cli.stream import Stream
from shared.mongo import Client
from shared.settings import read_settings

EXIT_RED = 1
MANY_RECORDS = 10_000
"""Of lag: below that a service is busy, above it is behind."""
ORDER: Mapping[Colour, int] = {"red": 0, "yellow": 1, "green": 2}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of one service."""

    colour: Colour
    service: str
    what: str
    value: str


@dataclass(slots=True)
class Standing:
    """All lines, and what could not be reached."""

    lines: list[Line] = field(default_factory=list[Line])
    notes: Notes = field(default_factory=Notes)

    def add(self, colour: Colour, service: str, what: str, value: object) -> None:
        """Take a line in."""
        self.lines.append(Line(colour, service, what, str(value)))

    def sorted(self) -> list[Line]:
        """Return the lines, red first, then by service as the catalogue has them."""
        names = [*SERVICES]
        return sorted(self.lines, key=lambda each: (ORDER[each.colour], names.index(each.service)))


def status(*, as_json: Annotated[bool, typer.Option("--json", help="JSON for machines")] = False) -> None:
    """How all services stand: ready, lag, dead letters, outbox, quota, what is parked, seals, mails. Red first.

    Exit codes: 0 nothing is red; 1 something is, or a service does not answer; 3 no service could be reached, nor
    Kafka; 78 the settings are wrong.
    """
    found = run(_look(read_settings(CommandSettings)))
    lines = found.sorted()
    if as_json:
        told = {"lines": [asdict(each) for each in lines], "not_reached": found.notes.not_reached}
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201  the command's output
    else:
        screen([((each.service, each.what, each.value), each.colour) for each in lines], found.notes.not_reached)
    if "kafka" in found.notes.not_reached and len(found.notes.not_reached) > len(SERVICES):
        raise typer.Exit(EXIT_UNREACHABLE)
    if any(each.colour == "red" for each in lines):
        raise typer.Exit(EXIT_RED)


async def _look(settings: CommandSettings) -> Standing:
    standing = Standing()
    async with mongo(settings) as client:
        await asyncio.gather(
            *(_service(standing, name, url) for name, url in settings.urls().items()),
            _kafka(standing, settings, client),
        )
    return standing


async def _service(standing: Standing, name: str, url: str) -> None:
    ready = await standing.notes.within(f"{name} at {url}", get(f"{url}/readyz"), seconds=2 * HTTP_SECONDS)
    if ready is None:
        standing.add("red", name, "does not answer", url)
        return
    told: Mapping[str, Any] = json.loads(ready[2])
    reasons = "; ".join(map(str, told["reasons"]))
    standing.add("green" if told["ready"] else "red", name, "ready" if told["ready"] else "not ready", reasons or "yes")
    scraped = await standing.notes.within(f"metrics of {name}", get(f"{url}/metrics"), seconds=2 * HTTP_SECONDS)
    if scraped is None:
        return
    samples = gauges.read(scraped[2].decode())
    for labels, value in samples.get("learnwire_dependency_up", ()):
        if not value:
            standing.add("red", name, "dependency down", labels["name"])
    for gauge, value in gauges.values(samples):
        standing.add(gauge.colour(value), name, gauge.title, f"{value:g}")


async def _kafka(standing: Standing, settings: CommandSettings, client: Client) -> None:
    stream = Stream(settings)
    topics = sorted(
        {topic for each in SERVICES.values() for topic in each.topics} | {each.name for each in DEAD_LETTERS}
    )
    try:
        sizes = await standing.notes.within("kafka", _sizes(stream, topics), seconds=KAFKA_SECONDS)
        if sizes is None:
            return
        for name in SERVICES:
            await _lag(standing, settings, stream, name, sizes)
            await _letters(standing, settings, client, name, sizes)
    finally:
        await standing.notes.within("kafka", stream.close(), seconds=DATABASE_SECONDS)


Sizes = Mapping[tuple[str, int], tuple[int, int]]


async def _sizes(stream: Stream, topics: list[str]) -> Sizes:
    await stream.start(topics)
    return {(each.topic, each.partition): bounds for each, bounds in (await stream.sizes(topics)).items()}


async def _lag(standing: Standing, settings: CommandSettings, stream: Stream, name: str, sizes: Sizes) -> None:
    group = settings.groups()[name]
    committed = await standing.notes.within(f"group {group}", stream.positions(group), seconds=KAFKA_SECONDS)
    if committed is None:
        return
    at = {(each.topic, each.partition): offset for each, offset in committed.items()}
    topics = {settings.kafka_topic_prefix + each for each in SERVICES[name].topics}
    lag = sum(max(0, end - at.get(each, begin)) for each, (begin, end) in sizes.items() if each[0] in topics)
    standing.add("yellow" if lag >= MANY_RECORDS else "green", name, "records not read yet", lag)
    missing = topics - {each[0] for each in sizes}
    if missing:
        standing.add("red", name, "topics missing (learnwire topics apply)", ", ".join(sorted(missing)))


async def _letters(standing: Standing, settings: CommandSettings, client: Client, name: str, sizes: Sizes) -> None:
    topic = settings.kafka_topic_prefix + dead_letters(name)
    there = sum(end - begin for each, (begin, end) in sizes.items() if each[0] == topic)
    settled_ones = database_of(client, settings, name)["dead_letters_settled"]
    settled = await standing.notes.within(
        f"{name}'s database", settled_ones.estimated_document_count(), seconds=DATABASE_SECONDS
    )
    waiting = max(0, there - (settled or 0))
    standing.add("yellow" if waiting else "green", name, "dead letters, neither replayed nor discarded", waiting)
