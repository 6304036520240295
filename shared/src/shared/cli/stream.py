"""What Kafka still holds: the event itself, what it caused, the dead letters, and how far the services have read."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.types import instant_text
from shared.dead_letters import Raw
from shared.kafka import client_options
from shared.settings import KafkaSettings

POLL_MS = 50
ANSWER_MS = 5_000
FETCH_BYTES = 4 * 1024 * 1024
ATTRIBUTES = ("id", "source", "type", "time", "causationid", "correlationid", "traceparent")

Wanted = Callable[[Raw], bool]


@dataclass(frozen=True, slots=True)
class Published:
    """A record that was found; `attributes` of its envelope as far as they can be read."""

    topic: str
    partition: int
    offset: int
    at: str
    attributes: Mapping[str, str]
    data: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def coordinates(self) -> str:
        """Where it is."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(slots=True)
class Scanned:
    """What a look through some topics brought. `left`: records that there was no time for, or that lie further back."""

    found: list[Published] = field(default_factory=list[Published])
    left: int = 0


class Stream:
    """Reads without a group: nobody's offsets move."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._options = client_options(settings)
        self._prefix = settings.kafka_topic_prefix
        self._admin = AIOKafkaAdminClient(**self._options, request_timeout_ms=ANSWER_MS)
        self.partitions: dict[str, list[TopicPartition]] = {}

    async def start(self, topics: Sequence[str]) -> None:
        """Connect, and look which of these topics (without prefix) there are."""
        await self._admin.start()
        there = await self._admin.describe_topics([self._prefix + each for each in topics])
        for each in there:
            if not each["error_code"]:
                name = str(each["topic"])
                self.partitions[name.removeprefix(self._prefix)] = [
                    TopicPartition(name, one["partition"]) for one in each["partitions"]
                ]

    async def close(self) -> None:
        """Disconnect."""
        await self._admin.close()

    async def positions(self, group: str) -> dict[TopicPartition, int]:
        """Return what a group has committed."""
        found = await self._admin.list_consumer_group_offsets(group)
        return {each: one.offset for each, one in found.items() if one.offset >= 0}

    async def sizes(self, topics: Sequence[str]) -> dict[TopicPartition, tuple[int, int]]:
        """Return the first offset and the end of each partition of these topics."""
        if not self._there(topics):
            return {}
        async with self._opened(topics) as consumer:
            return await _bounds(consumer)

    async def look(
        self, topics: Sequence[str], wanted: Wanted, *, since: int | None, newest: int, seconds: float
    ) -> Scanned:
        """Look through topics from an instant (Unix ms) on, or through the newest records of each partition."""
        if not self._there(topics):
            return Scanned()
        async with self._opened(topics) as consumer:
            bounds = await _bounds(consumer)
            starts = {each: max(begin, end - newest) for each, (begin, end) in bounds.items()}
            scanned = Scanned()
            if since is not None and bounds:
                for each, found in (await consumer.offsets_for_times(dict.fromkeys(bounds, since))).items():
                    starts[each] = bounds[each][1] if found is None else found.offset
            else:
                scanned.left = sum(starts[each] - begin for each, (begin, _) in bounds.items())
            todo = {each: end for each, (_, end) in bounds.items() if starts[each] < end}
            await self._read(consumer, starts, todo, wanted, scanned, seconds=seconds)
            return scanned

    def _there(self, topics: Sequence[str]) -> list[TopicPartition]:
        return [one for each in topics for one in self.partitions.get(each, ())]

    async def _read(
        self,
        consumer: AIOKafkaConsumer,
        at: dict[TopicPartition, int],
        todo: dict[TopicPartition, int],
        wanted: Wanted,
        scanned: Scanned,
        *,
        seconds: float,
    ) -> None:
        deadline = time.monotonic() + seconds
        for each in todo:
            consumer.seek(each, at[each])
        consumer.resume(*todo)
        while todo and time.monotonic() < deadline:
            batches = await consumer.getmany(timeout_ms=POLL_MS)
            for partition, records in batches.items():
                at[partition] = records[-1].offset + 1
                scanned.found += [_published(each, self._prefix) for each in records if wanted(each)]
                if at[partition] >= todo.get(partition, 0):
                    todo.pop(partition, None)
        scanned.left += sum(end - at[each] for each, end in todo.items())

    @asynccontextmanager
    async def _opened(self, topics: Sequence[str]) -> AsyncGenerator[AIOKafkaConsumer]:
        """Open a consumer with all partitions of these topics assigned (it learns of their leaders so), and paused."""
        partitions = self._there(topics)
        consumer = AIOKafkaConsumer(
            **self._options,
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=POLL_MS,
            check_crcs=False,
            request_timeout_ms=ANSWER_MS,
        )
        await consumer.start()
        try:
            consumer.assign(partitions)
            consumer.pause(*partitions)
            yield consumer
        finally:
            await consumer.stop()


async def _bounds(consumer: AIOKafkaConsumer) -> dict[TopicPartition, tuple[int, int]]:
    partitions = list(consumer.assignment())
    if not partitions:
        return {}
    begins, ends = await asyncio.gather(consumer.beginning_offsets(partitions), consumer.end_offsets(partitions))
    return {each: (begins[each], ends[each]) for each in partitions}


def by_id(event_id: str) -> Wanted:
    """Want records that name this id: the event, and what it caused."""
    forms = {event_id.encode(), json.dumps(event_id)[1:-1].encode()}

    def wanted(record: Raw) -> bool:
        value = record.value or b""
        return any(each in value for each in forms) or any(
            name in {"ce_id", "ce_causationid"} and held in forms for name, held in record.headers
        )

    return wanted


def by_key(key: str) -> Wanted:
    """Want records with this key."""
    text = key.encode()
    return lambda record: record.key == text


def _published(record: Raw, prefix: str) -> Published:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    whole = _object(record.value)
    if "specversion" in whole:
        held: Mapping[str, Any] = whole
        data = whole.get("data")
    else:
        held = {name: headers.get(f"ce_{name}") for name in ATTRIBUTES}
        data = whole
    attributes = {name: text for name in ATTRIBUTES if isinstance(text := held.get(name), str)}
    return Published(
        topic=record.topic.removeprefix(prefix),
        partition=record.partition,
        offset=record.offset,
        at=instant_text(datetime.fromtimestamp(record.timestamp / 1000, UTC)),
        attributes=attributes,
        data=cast("dict[str, Any]", data) if isinstance(data, dict) else {},
        headers=headers,
    )


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        found: Any = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
