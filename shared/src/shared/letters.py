"""Dead letters read back: the topic is the store; what was replayed or discarded is kept as coordinates in MongoDB."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.catalog import dead_letters
from shared.dead_letters import Raw
from shared.failures import Rejected
from shared.kafka import RawRecord, Sender, client_options
from shared.leases import Lease
from shared.mongo import Collection, Database
from shared.settings import KafkaSettings

LEASE_SECONDS = 60.0
AT_ONCE = 100
READ_SECONDS = 30.0
MOST_TYPE = 128


@dataclass(frozen=True, slots=True)
class Letter:
    """A record in dead letters. `coordinates` (topic/partition/offset) say which record it was before."""

    record: Raw
    coordinates: str
    reason: str
    detail: str
    event_type: str
    at: str

    @property
    def origin(self) -> str:
        """The topic that it came from, prefix included."""
        return self.coordinates.rsplit("/", 2)[0]


class Letters:
    """The dead letters of one service."""

    def __init__(self, settings: KafkaSettings, service: str, database: Database) -> None:
        self._options = client_options(settings)
        self._topic = settings.kafka_topic_prefix + dead_letters(service)
        self._settled: Collection = database["dead_letters_settled"]
        self._database = database

    async def read(self) -> list[Letter]:
        """Return all that are there now, each record once, oldest first; settled ones too."""
        found: dict[str, Letter] = {}
        async for record in self._records():
            letter = letter_of(record)
            found.setdefault(letter.coordinates, letter)
        return sorted(found.values(), key=lambda each: (each.at, each.coordinates))

    async def settled(self) -> dict[str, str]:
        """Return what became of which coordinates: `replayed` or `discarded`."""
        return {each["_id"]: each["what"] async for each in self._settled.find({})}

    async def settle(self, letters: Sequence[Letter], what: str, now: datetime) -> None:
        """Keep that these are done with."""
        for each in letters:
            await self._settled.update_one({"_id": each.coordinates}, {"$set": {"what": what, "at": now}}, upsert=True)

    async def replay(
        self, letters: Sequence[Letter], sender: Sender, *, rate: float, holder: str, done: Callable[[int], None]
    ) -> int:
        """Send these to the topics that they came from, with key, bytes and headers as they were.

        One replay of a service at a time; after an interruption the next goes on where this one stopped (at most the
        last hundred are sent twice, which changes nothing). Raises `Rejected` while another replays.
        """
        lease = Lease(self._database, "dead-letters replay", holder=holder, seconds=LEASE_SECONDS)
        begun, sent = time.monotonic(), 0
        at_once = max(1, min(AT_ONCE, int(rate))) if rate else AT_ONCE
        try:
            for first in range(0, len(letters), at_once):
                if await lease.acquire() is None:
                    raise Rejected("another replay of this service is under way")
                some = letters[first : first + at_once]
                await sender.send_exactly([_as_it_was(each) for each in some])
                await self.settle(some, "replayed", datetime.now(UTC))
                sent += len(some)
                done(len(some))
                if rate:
                    await asyncio.sleep(max(0.0, begun + sent / rate - time.monotonic()))
        finally:
            await lease.release()
        return sent

    async def _records(self) -> AsyncGenerator[Raw]:
        partitions = await self._partitions()
        consumer = AIOKafkaConsumer(**self._options, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            deadline = time.monotonic() + READ_SECONDS
            while any([await consumer.position(each) < end for each, end in ends.items()]):
                some = await consumer.getmany(timeout_ms=500)
                for partition, records in some.items():
                    for each in records:
                        if each.offset < ends[partition]:
                            yield each
                if some:
                    deadline = time.monotonic() + READ_SECONDS
                elif time.monotonic() > deadline:
                    raise Rejected("the broker does not give the records that it says it has")
        finally:
            await consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(**self._options)
        await admin.start()
        try:
            if self._topic not in await admin.list_topics():
                raise Rejected(f"there is no topic {self._topic} (learnwire topics apply)")
            (described,) = await admin.describe_topics([self._topic])
            return [TopicPartition(self._topic, each["partition"]) for each in described["partitions"]]
        finally:
            await admin.close()


def letter_of(record: Raw) -> Letter:
    """Read the headers of a record in dead letters."""
    headers: dict[str, Any] = dict(record.headers)

    def text(name: str) -> str:
        return (headers.get(name) or b"").decode("utf-8", "replace")

    coordinates = f"{text('dlq-topic')}/{text('dlq-partition')}/{text('dlq-offset')}"
    event_type = text("ce_type") or _type_in(record.value)
    return Letter(record, coordinates, text("dlq-reason"), text("dlq-detail"), event_type, text("dlq-at"))


def _type_in(value: bytes | None) -> str:
    """Return the type that a structured event names, `unknown` where it cannot be read."""
    try:
        found: Any = json.loads(value or b"")
        name = found["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "unknown"
    return name if isinstance(name, str) and len(name) <= MOST_TYPE and name.isprintable() else "unknown"


def _as_it_was(letter: Letter) -> RawRecord:
    record = letter.record
    headers = [(name, value) for name, value in record.headers if not name.startswith("dlq-")]
    return RawRecord(letter.origin, record.key, record.value, headers)
