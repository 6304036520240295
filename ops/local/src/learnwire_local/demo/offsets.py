"""What Kafka itself can tell: records set aside, and records that nobody has read yet."""

from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.catalog import DEAD_LETTERS, SERVICES, TOPICS

Json = dict[str, Any]
PARTITIONS = {topic.name: topic.partitions for topic in (*TOPICS, *DEAD_LETTERS)}


async def unread(bootstrap: str) -> dict[str, int]:
    """Records that a service has not committed yet; a service that is done is not in it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
            found: dict[str, int] = {}
            for name, service in SERVICES.items():
                committed = await admin.list_consumer_group_offsets(name)
                ends = await consumer.end_offsets(_partitions(*service.topics))
                done = {each: found.offset for each, found in committed.items()}
                if waiting := sum(max(0, end - max(0, done.get(each, 0))) for each, end in ends.items()):
                    found[name] = waiting
            return found
    finally:
        await admin.close()


async def dead_letters(bootstrap: str) -> list[Json]:
    """All that was set aside: by which service, and why."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        partitions = _partitions(*(topic.name for topic in DEAD_LETTERS))
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        found: list[Json] = []
        while any([await consumer.position(each) < end for each, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [_told(record) for record in records]
        return found


def _partitions(*topics: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]


def _told(record: "ConsumerRecord[bytes | None, bytes | None]") -> Json:
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    return {name: headers.get(f"dlq-{name}", "") for name in ("service", "reason", "detail", "topic")}
