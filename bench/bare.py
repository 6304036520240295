"""Loops that anybody would write with aiokafka alone: no dead letters, no retries, no logs, no persons apart.

A: `json.loads`, `insert_many`, commit, one batch after the other. A_pipe: four inserts in flight, the written prefix is
committed. B: A with Pydantic.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import TypeAdapter

from bench.document import document
from bench.model import Recorded
from bench.race import BATCH_RECORDS, Clock, Heat, the_same_indexes
from shared.mongo import Collection, Document, connect

Record = ConsumerRecord[bytes | None, bytes | None]
Parse = Callable[[bytes], Document]

IN_FLIGHT = 4
_validate = TypeAdapter(Recorded).validator.validate_json


def with_json(value: bytes) -> Document:
    event = json.loads(value)
    return document(event, event["data"])


def with_pydantic(value: bytes) -> Document:
    event: dict[str, Any] = _validate(value).model_dump(exclude_none=True)
    return document(event, event["data"])


async def sequential(heat: Heat, clock: Clock, parse: Parse) -> None:
    async with connect(heat.mongo_uri, heat.database) as database, _consumer(heat) as consumer:
        collection = await the_same_indexes(database)
        written = 0
        while written < heat.events:
            records = await _some(consumer, clock)
            if records:
                await _insert(collection, records, parse)
                await consumer.commit(_ends(records))
                written += len(records)
        clock.done()


async def piped(heat: Heat, clock: Clock, parse: Parse) -> None:
    async with connect(heat.mongo_uri, heat.database) as database, _consumer(heat) as consumer:
        collection = await the_same_indexes(database)
        waiting: deque[tuple[asyncio.Task[None], dict[TopicPartition, int]]] = deque()
        taken = 0
        while taken < heat.events or waiting:
            if taken < heat.events and len(waiting) < IN_FLIGHT:
                records = await _some(consumer, clock)
                if records:
                    waiting.append((asyncio.create_task(_insert(collection, records, parse)), _ends(records)))
                    taken += len(records)
            full = len(waiting) == IN_FLIGHT or taken == heat.events
            while waiting and (full or waiting[0][0].done()):
                task, ends = waiting.popleft()
                await task
                await consumer.commit(ends)
                full = taken == heat.events
        clock.done()


async def _some(consumer: AIOKafkaConsumer, clock: Clock) -> Sequence[Record]:
    found = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
    records = [each for some in found.values() for each in some]
    if records:
        clock.first()
    return records


async def _insert(collection: Collection, records: Sequence[Record], parse: Parse) -> None:
    await collection.insert_many([parse(each.value or b"") for each in records], ordered=False)


def _ends(records: Sequence[Record]) -> dict[TopicPartition, int]:
    return {TopicPartition(each.topic, each.partition): each.offset + 1 for each in records}


def _consumer(heat: Heat) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        heat.topic_name,
        bootstrap_servers=heat.kafka,
        group_id=heat.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
