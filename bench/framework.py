"""FastStream as its documentation shows it: a batch subscriber with typed events, which acknowledges after the handler."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker

from bench.bare import document
from bench.model import Recorded
from bench.race import BATCH_RECORDS, Clock, Heat, the_same_indexes
from shared.mongo import connect


async def batches(heat: Heat, clock: Clock) -> None:
    """`list[Event]`; NACK_ON_ERROR, the only policy that loses nothing when a handler fails."""

    class Stopwatch(BaseMiddleware):
        async def on_receive(self) -> Any:
            clock.first()
            return await super().on_receive()

    broker = KafkaBroker(heat.kafka, middlewares=[Stopwatch], logger=None)
    all_written = asyncio.Event()
    written = 0
    async with connect(heat.mongo_uri, heat.database) as database:
        collection = await the_same_indexes(database)

        async def handle(events: list[Recorded]) -> None:
            nonlocal written
            dumped = [each.model_dump(exclude_none=True) for each in events]
            await collection.insert_many([document(each, each["data"]) for each in dumped], ordered=False)
            written += len(events)
            if written >= heat.events:
                clock.done()
                all_written.set()

        _subscribe(broker, heat, handle)
        async with broker:
            await broker.start()
            await all_written.wait()


def _subscribe(broker: KafkaBroker, heat: Heat, handle: Callable[[list[Recorded]], Awaitable[None]]) -> None:
    subscriber = broker.subscriber(
        heat.topic_name,
        group_id=heat.group,
        batch=True,
        max_records=BATCH_RECORDS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    subscriber(handle)
