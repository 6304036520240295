"""FastStream as its documentation shows it: typed events, acknowledged after the handler; in batches or one at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from faststream import AckPolicy, BaseMiddleware
from faststream.kafka import KafkaBroker

from bench.document import document
from bench.model import Recorded
from bench.race import BATCH_RECORDS, Clock, Heat, the_same_indexes
from shared.mongo import connect

ACKNOWLEDGED = AckPolicy.NACK_ON_ERROR
"""The only policy that loses nothing when a handler fails."""


async def batches(heat: Heat, clock: Clock) -> None:
    """`list[Event]`."""
    async with connect(heat.mongo_uri, heat.database) as database:
        collection = await the_same_indexes(database)
        left = Left(heat, clock)
        broker = broker_of(heat, clock)

        async def handle(events: list[Recorded]) -> None:
            dumped = [each.model_dump(exclude_none=True) for each in events]
            await collection.insert_many([document(each, each["data"]) for each in dumped], ordered=False)
            left.less(len(events))

        in_batches(broker, heat, handle)
        await left.none(broker)


async def messages(heat: Heat, clock: Clock) -> None:
    """`Event`."""
    async with connect(heat.mongo_uri, heat.database) as database:
        collection = await the_same_indexes(database)
        left = Left(heat, clock)
        broker = broker_of(heat, clock)

        async def handle(event: Recorded) -> None:
            dumped = event.model_dump(exclude_none=True)
            await collection.insert_one(document(dumped, dumped["data"]))
            left.less(1)

        broker.subscriber(heat.topic_name, group_id=heat.group, auto_offset_reset="earliest", ack_policy=ACKNOWLEDGED)(
            handle
        )
        await left.none(broker)


def in_batches(broker: KafkaBroker, heat: Heat, handle: Callable[[list[Any]], Awaitable[None]]) -> None:
    """Subscribe to the heat's topic; `handle` says by its annotation what events are."""
    broker.subscriber(
        heat.topic_name,
        group_id=heat.group,
        batch=True,
        max_records=BATCH_RECORDS,
        auto_offset_reset="earliest",
        ack_policy=ACKNOWLEDGED,
    )(handle)


class Left:
    """How many events are yet to be written."""

    def __init__(self, heat: Heat, clock: Clock) -> None:
        self._number = heat.events
        self._clock = clock
        self._none = asyncio.Event()

    def less(self, by: int) -> None:
        self._number -= by
        if self._number <= 0:
            self._clock.done()
            self._none.set()

    async def none(self, broker: KafkaBroker) -> None:
        async with broker:
            await broker.start()
            await self._none.wait()


def broker_of(heat: Heat, clock: Clock, *, acks: int | Literal["all"] = 1) -> KafkaBroker:
    class Stopwatch(BaseMiddleware):
        async def on_receive(self) -> Any:
            clock.first()
            return await super().on_receive()

    return KafkaBroker(heat.kafka, middlewares=[Stopwatch], logger=None, acks=acks)
