"""The demo's files in, moved so that their week ends now, and out to Kafka."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from contracts.catalog import EVENTS
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.publisher import Publisher
from contracts.types import instant_text

FOLDER = Path(__file__).parents[3] / "demo"
END = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSTANT = re.compile(r"2026-11-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RECORD = re.compile(r"\{((?:user|contact):[a-z.]+)\}")
LATER = "8-sunday"
"""The part of the week that is published once the rest has arrived: what takes something back."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A record that no publisher would send."""

    topic: str
    key: bytes
    value: bytes | None


def read(name: str, salesforce_ids: Mapping[str, str], now: datetime) -> list[Envelope[Event] | Raw]:
    """The lines of one file, with the ids that Salesforce gave, and instants up to now instead of up to the week's end.

    Instants outside the week stay: the Go1 rules have dates in them.
    """
    moved = now.replace(microsecond=0) - END
    text = INSTANT.sub(lambda found: _moved(found[0], moved), (FOLDER / f"{name}.jsonl").read_text())
    text = RECORD.sub(lambda found: salesforce_ids[found[1]], text)
    return [_line(json.loads(line)) for line in text.splitlines()]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.jsonl"))


async def publish(bootstrap: str, lines: Iterable[Envelope[Event] | Raw]) -> None:
    """Events go through the publisher, in their order; raw records past it."""
    given = list(lines)
    async with Publisher(bootstrap, source="/demo") as publisher:
        await publisher.publish([each for each in given if isinstance(each, Envelope)])
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for each in given:
            if isinstance(each, Raw):
                await producer.send_and_wait(each.topic, each.value, key=each.key)


def _moved(text: str, by: timedelta) -> str:
    return instant_text(datetime.fromisoformat(text) + by)


def _line(line: dict[str, Any]) -> Envelope[Event] | Raw:
    if "raw" in line:
        value = line["raw"]
        return Raw(line["topic"], line["key"].encode(), None if value is None else value.encode())
    data = EVENTS[line["type"]].model_validate_json(json.dumps(line["data"]))
    return Envelope.of(data, source=line["source"], id=line["id"], time=datetime.fromisoformat(line["time"]))
