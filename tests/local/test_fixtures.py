"""The fixtures that all other tests stand on."""

from typing import cast

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord

from shared.mongo import Database
from tests.topics import remove_topics
from tests.world import eventually


async def test_a_test_has_a_database_of_its_own(database: Database, database_name: str) -> None:
    await database["things"].insert_one({"_id": "one"})

    assert database.name == database_name
    assert await database["things"].find().to_list(None) == [{"_id": "one"}]


async def test_records_written_under_the_prefix_are_read_by_the_group(
    kafka: str, topic_prefix: str, group_id: str
) -> None:
    topic = f"{topic_prefix}letters"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()

    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b"value", key=b"key")
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, group_id=group_id, auto_offset_reset="earliest")
    async with consumer:
        record = cast("ConsumerRecord[bytes, bytes]", await consumer.getone())
        await consumer.commit()

    assert (record.key, record.value) == (b"key", b"value")


async def test_topics_of_a_prefix_are_removed_and_others_stay(kafka: str, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()

    async def ours() -> list[str]:
        return [name for name in await admin.list_topics() if name.startswith(topic_prefix)]

    try:
        await admin.create_topics([NewTopic(f"{topic_prefix}{name}", 1, 1) for name in ("gone", "stays")])
        # A broker that has much to do shows a new topic a moment after it has acknowledged it.
        await eventually(ours, "both topics", until=lambda found: len(found) == 2)

        await remove_topics(kafka, (f"{topic_prefix}gone",))

        await eventually(ours, "the other topic alone", until=lambda found: found == [f"{topic_prefix}stays"])
    finally:
        await admin.close()
