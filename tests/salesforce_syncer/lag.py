"""How many records the syncer's group has not committed: all of them are taken through once it says none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.catalog import SERVICES
from tests.salesforce_syncer.stage import Stage
from tests.world import eventually

PARTITIONS = 6
EVERY_SECONDS = 0.1


@dataclass
class Lag:
    """The group's offsets, looked at again and again; `most` is the most ever seen."""

    consumer: AIOKafkaConsumer
    partitions: list[TopicPartition]
    most: int = 0

    async def now(self) -> int:
        ends = await self.consumer.end_offsets(self.partitions)
        committed = [await self.consumer.committed(each) or 0 for each in self.partitions]
        found = sum(ends.values()) - sum(committed)
        self.most = max(self.most, found)
        return found

    async def over(self, *, seconds: float) -> None:
        """Wait until all is read."""
        await eventually(self.now, "all to be read", until=lambda left: left == 0, seconds=seconds)

    async def watch(self) -> None:
        while True:
            await self.now()
            await asyncio.sleep(EVERY_SECONDS)


@asynccontextmanager
async def watched(stage: Stage) -> AsyncGenerator[Lag]:
    topics = [stage.world.prefix + each for each in SERVICES["salesforce-syncer"].topics]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stage.world.kafka,
        group_id=stage.syncer.environment["LEARNWIRE_KAFKA_GROUP_ID"],
        enable_auto_commit=False,
    )
    async with consumer:
        lag = Lag(consumer, [TopicPartition(each, number) for each in topics for number in range(PARTITIONS)])
        consumer.assign(lag.partitions)
        looking = asyncio.create_task(lag.watch())
        try:
            yield lag
        finally:
            looking.cancel()
