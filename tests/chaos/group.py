"""What a service's consumer group has committed, looked at from beside it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.catalog import SERVICES
from tests.world import Process, World

PARTITIONS = 6


@dataclass(frozen=True, slots=True)
class Group:
    """A group and all partitions of its topics."""

    consumer: AIOKafkaConsumer
    partitions: Sequence[TopicPartition]

    async def arrived(self) -> int:
        """How many records its topics hold."""
        return sum((await self.consumer.end_offsets(self.partitions)).values())

    async def committed(self) -> Mapping[TopicPartition, int]:
        """The offset that it would go on from, by partition."""
        return {each: await self.consumer.committed(each) or 0 for each in self.partitions}

    async def waiting(self) -> int:
        """How many records of its topics it has not committed."""
        arrived = await self.arrived()
        return arrived - sum((await self.committed()).values())


@asynccontextmanager
async def group_of(world: World, process: Process) -> AsyncGenerator[Group]:
    """The group of a service's process; it takes no part in it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=world.kafka,
        group_id=process.environment["LEARNWIRE_KAFKA_GROUP_ID"],
        enable_auto_commit=False,
    )
    topics = [world.prefix + each for each in SERVICES[process.name].topics]
    async with consumer:
        partitions = [TopicPartition(each, number) for each in topics for number in range(PARTITIONS)]
        consumer.assign(partitions)
        yield Group(consumer, partitions)
