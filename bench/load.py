"""The topic that all variants read: content actions as the publisher makes them."""

import random
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts import ContentActionRecorded, Envelope
from contracts.catalog import CONTENT_ACTIONS, DEAD_LETTERS, SERVICES
from contracts.vocabulary import PAIRS
from contracts.wire import Record, encode

PARTITIONS = 6
PLAIN = "plain-json"
"""The same records, but for the content type: FastStream leaves CloudEvents undecoded."""
FEW = "few-json"
"""The first of these, for who writes them one at a time."""
FEW_EVENTS = 1_000
JSON = b"application/json"
SOURCE = "/lms/acme"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


def event(number: int, people: int, rng: random.Random) -> Record:
    """One content action, about 700 bytes with its envelope."""
    kind, source = rng.choice(sorted(PAIRS))
    person, content = rng.randrange(people), rng.randrange(500)
    data = ContentActionRecorded(
        email=f"learner{person}@example.org",
        panorama_name=f"Panorama {rng.randrange(20)}",
        content_type="course",
        content_title=f"Course {content}: how to do the thing well",
        type=kind,
        source=source,
        timestamp=NOW - timedelta(milliseconds=rng.randrange(30 * 86_400_000)),
        portal_id="acme",
        learner_id=f"learner{person}",
        content_id=f"course{content}",
        actor_id=f"manager{rng.randrange(50)}",
    )
    return encode(Envelope.of(data, source=SOURCE, id=f"event-{number:08}", time=NOW))


def row_id(number: int) -> str:
    """The `_id` of the row that an event becomes."""
    return f"{SOURCE}\nevent-{number:08}"


async def make_topics(kafka: str, prefix: str, *, partitions: int = PARTITIONS) -> None:
    """Make the service's topics under this prefix, and those of the variants that read copies."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [*SERVICES["action-logger"].topics, *(each.name for each in DEAD_LETTERS)]
        await admin.create_topics([NewTopic(prefix + each, partitions, 1) for each in (*names, PLAIN, FEW)])
    finally:
        await admin.close()


async def fill(
    kafka: str,
    prefix: str,
    events: int,
    *,
    people: int,
    seed: int,
    partitions: int = PARTITIONS,
    copies: bool = True,
) -> int:
    """Make the topics and fill the one of content actions, and the copies unless told not to; bytes of all values."""
    await make_topics(kafka, prefix, partitions=partitions)
    rng = random.Random(seed)
    size = 0
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, linger_ms=20) as producer:
        for number in range(events):
            record = event(number, people, rng)
            size += len(record.value)
            await producer.send(prefix + CONTENT_ACTIONS, record.value, key=record.key, headers=record.headers)
            if not copies:
                continue
            plain = [(name, JSON if name == "content-type" else content) for name, content in record.headers]
            await producer.send(prefix + PLAIN, record.value, key=record.key, headers=plain)
            if number < FEW_EVENTS:
                await producer.send(prefix + FEW, record.value, key=record.key, headers=plain)
        await producer.flush()
    return size


async def remove(kafka: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_topics([each for each in await admin.list_topics() if each.startswith(prefix)])
    finally:
        await admin.close()


async def committed(kafka: str, topic: str, group: str) -> int:
    """How many records of a topic a group has committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return sum(each.offset for place, each in found.items() if place.topic == topic)
