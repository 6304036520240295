"""Loops that anybody would write with aiokafka alone, over Go1's facts: `json.loads`, one batch after the other.

A: one insert a fact. F: one document a learner and course, read, changed, written back whole. F_pub: F, and one event a
changed document, published and acknowledged before the commit. No dead letters, no retries, no debts that outlive a
crash, no late or corrected facts, no matching by address, no reason why: facts are put in a list as they come.
"""

import json
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from bench.race import BATCH_RECORDS, Clock, Heat
from contracts.catalog import ATTEMPTS
from go1_stats_processor.store.rows import Rows
from shared.mongo import Collection, Document, ReplaceOne, connect

Taken = ConsumerRecord[bytes | None, bytes | None]
INSTANTS = ("launched_at", "resumed_at", "completed_at")


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
        rows = Rows(database)
        await rows.prepare()  # the indexes that the product's lists need, for all
        written = 0
        while written < heat.events:
            found = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
            records = [each for some in found.values() for each in some]
            if not records:
                continue
            clock.first()
            if stateful:
                changed = await _change(rows.collection, records)
            else:
                await rows.collection.insert_many([_inserted(each) for each in records], ordered=False)
                changed = []
            if publishes:
                sent = [
                    await producer.send(
                        heat.topic_prefix + ATTEMPTS, json.dumps(each).encode(), key=each["_id"].encode()
                    )
                    for each in changed
                ]
                for each in sent:
                    await each
            await consumer.commit({TopicPartition(each.topic, each.partition): each.offset + 1 for each in records})
            written += len(records)
        clock.done()


def _inserted(record: Taken) -> Document:
    event = json.loads(record.value or b"")
    data: dict[str, Any] = event["data"]
    return {"_id": f"{event['source']}\n{event['id']}", **data, **_shown(data)}


def _shown(data: dict[str, Any]) -> Document:
    """What the product's indexes look at."""
    last = next(data[name] for name in INSTANTS if name in data)
    return {"last_activity_at": last, "address": data["email"], "learner_id": data["email"].partition("@")[0]}


async def _change(collection: Collection, records: Sequence[Taken]) -> list[Document]:
    by_pair: dict[str, list[dict[str, Any]]] = {}
    for each in records:
        data = json.loads(each.value or b"")["data"]
        by_pair.setdefault(f"{data['portal_id']} {data['email']} {data['course_id']}", []).append(data)
    found = {each["_id"]: each async for each in collection.find({"_id": {"$in": list(by_pair)}})}
    changed: list[Document] = []
    for key, some in by_pair.items():
        facts = [*found.get(key, {"facts": []})["facts"], *some]
        status = "completed" if any("completed_at" in each for each in facts) else "in_progress"
        common = {name: some[0][name] for name in ("portal_id", "course_id")}
        changed.append({"_id": key, **common, **_shown(some[-1]), "status": status, "facts": facts})
    await collection.bulk_write(
        [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in changed], ordered=False
    )
    return changed
