"""FastStream over Go1's facts: state in MongoDB, and one event a changed document, acknowledged after all are sent."""

import asyncio
from typing import Any

from faststream.kafka import KafkaBroker
from pydantic import BaseModel

from bench.framework import Left, broker_of, in_batches
from bench.go1_bare import changed_in, prepared
from bench.race import Clock, Heat
from contracts.catalog import ATTEMPTS
from shared.mongo import connect


class Told(BaseModel):
    """The envelope as somebody types it who leaves its data as they are: in FastStream's favour."""

    id: str
    source: str
    type: str
    data: dict[str, Any]


async def change(heat: Heat, clock: Clock) -> None:
    await _drain(heat, clock, publishes=False)


async def change_and_publish(heat: Heat, clock: Clock) -> None:
    await _drain(heat, clock, publishes=True)


async def _drain(heat: Heat, clock: Clock, *, publishes: bool) -> None:
    async with connect(heat.mongo_uri, heat.database) as database:
        collection = await prepared(database)
        left = Left(heat, clock)
        broker: KafkaBroker = broker_of(heat, clock, acks="all")

        async def handle(events: list[Told]) -> None:
            changed = await changed_in(collection, [each.data for each in events])
            if publishes:
                topic = heat.topic_prefix + ATTEMPTS
                # `publish_batch` makes one batch of Kafka's, which holds 16 KiB: not a few hundred documents.
                sent = [
                    await broker.publish(each, topic, key=each["_id"].encode(), no_confirm=True) for each in changed
                ]
                await asyncio.gather(*sent)
            left.less(len(events))

        in_batches(broker, heat, handle)
        await left.none(broker)
