"""Loops that anybody would write with aiokafka alone, over Go1's facts: `json.loads`, one batch after the other.

A: one insert a fact. F: one document a learner and course, read, changed, written back whole. F_pub: F, and one event a
changed document, published and acknowledged before the commit. No dead letters, no retries, no debts that outlive a
crash, no late or corrected facts, no matching by address, no reason why: facts are put in a list as they come.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from bench.go1_document import by_pair, changed, shown
from bench.race import BATCH_RECORDS, Clock, Heat
from contracts.catalog import ATTEMPTS
from go1_stats_processor.store.rows import Rows
from shared.mongo import Collection, Database, Document, ReplaceOne, connect

Taken = ConsumerRecord[bytes | None, bytes | None]


async def insert(heat: Heat, clock: Clock) -> None:
    """A."""
    await _drain(heat, clock, publishes=False, stateful=False)


async def change(heat: Heat, clock: Clock) -> None:
    """F."""
    await _drain(heat, clock, publishes=False, stateful=True)


async def change_and_publish(heat: Heat, clock: Clock) -> None:
    """F_pub."""
    await _drain(heat, clock, publishes=True, stateful=True)


async def _drain(heat: Heat, clock: Clock, *, publishes: bool, stateful: bool) -> None:
    consumer = AIOKafkaConsumer(
        heat.topic_name,
        bootstrap_servers=heat.kafka,
        group_id=heat.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=heat.kafka, acks="all", enable_idempotence=True, linger_ms=5)
    async with connect(heat.mongo_uri, heat.database) as database, consumer, producer:
        collection = await prepared(database)
        written = 0
        while written < heat.events:
            found = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
            records = [each for some in found.values() for each in some]
            if not records:
                continue
            clock.first()
            if stateful:
                documents = await changed_in(collection, [json.loads(each.value or b"")["data"] for each in records])
            else:
                await collection.insert_many([_inserted(each) for each in records], ordered=False)
                documents = []
            if publishes:
                sent = [
                    await producer.send(
                        heat.topic_prefix + ATTEMPTS, json.dumps(each).encode(), key=each["_id"].encode()
                    )
                    for each in documents
                ]
                for each in sent:
                    await each
            await consumer.commit({TopicPartition(each.topic, each.partition): each.offset + 1 for each in records})
            written += len(records)
        clock.done()


def _inserted(record: Taken) -> Document:
    event = json.loads(record.value or b"")
    data: dict[str, Any] = event["data"]
    return {"_id": f"{event['source']}\n{event['id']}", **data, **shown(data)}


async def prepare(heat: Heat) -> None:
    """Make the indexes for who runs in an environment of his own."""
    async with connect(heat.mongo_uri, heat.database) as database:
        await prepared(database)


async def prepared(database: Database) -> Collection:
    """Return the collection, with the indexes that the product's lists need."""
    rows = Rows(database)
    await rows.prepare()
    return rows.collection


async def changed_in(collection: Collection, facts: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Read, change, write back; the changed documents."""
    pairs = by_pair(facts)
    documents = changed(pairs, [each async for each in collection.find({"_id": {"$in": list(pairs)}})])
    await collection.bulk_write(
        [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents], ordered=False
    )
    return documents
