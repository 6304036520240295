"""Up to when everything published has been read: the time that may be held against a silent action.

Our own outage must time nobody out. So before a Timeout the end of each partition is noted, and judged is only what
was silent before a moment whose ends the whole group (all replicas) has committed since.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from contracts import topics
from shared.failures import Unavailable
from shared.kafka import client_options
from shared.settings import Settings

MOST_MOMENTS = 600
TIMEOUT_MS = 10_000

Ends = Mapping[TopicPartition, int]
Clients = tuple[AIOKafkaAdminClient, AIOKafkaConsumer]


class Reading:
    """Tells up to when every fact about bulk actions has been read."""

    def __init__(self, settings: Settings, *, group_id: str, clock: Callable[[], datetime]) -> None:
        self._options = client_options(settings)
        self._group_id = group_id
        self._topic = settings.kafka_topic_prefix + topics.BULK_ACTIONS
        self._clock = clock
        self._clients: Clients | None = None
        self._moments: deque[tuple[datetime, Ends]] = deque(maxlen=MOST_MOMENTS)
        self._known_until: datetime | None = None

    async def known_until(self) -> datetime | None:
        """Return that instant; None where it cannot be told yet. Raises `Unavailable`."""
        try:
            if self._clients is None:
                self._clients = await _started(self._options)
            await self._look(*self._clients)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise Unavailable("kafka", type(error).__name__) from error
        return self._known_until

    async def close(self) -> None:
        clients, self._clients = self._clients, None
        if clients is not None:
            await _stopped(*clients)

    async def _look(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> None:
        (topic,) = await admin.describe_topics([self._topic])
        partitions = [TopicPartition(self._topic, each["partition"]) for each in topic["partitions"]]
        if not partitions:
            raise Unavailable("kafka", "the topic is not there")
        now = self._clock()
        self._moments.append((now, await consumer.end_offsets(partitions)))
        beginnings = await consumer.beginning_offsets(partitions)
        committed = await admin.list_consumer_group_offsets(self._group_id, partitions=partitions)
        read = {each: max(committed[each].offset if each in committed else 0, beginnings[each]) for each in partitions}
        while self._moments and all(read.get(each, 0) >= end for each, end in self._moments[0][1].items()):
            self._known_until = self._moments.popleft()[0]


async def _started(options: dict[str, Any]) -> Clients:
    """Return clients that only ask: they are in no group and fetch no records."""
    admin = AIOKafkaAdminClient(**options, request_timeout_ms=TIMEOUT_MS)
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False, request_timeout_ms=TIMEOUT_MS)
    try:
        await admin.start()
        await consumer.start()
    except BaseException:
        await _stopped(admin, consumer)
        raise
    return admin, consumer


async def _stopped(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> None:
    for stop in (admin.close, consumer.stop):
        with suppress(KafkaError, OSError, TimeoutError):
            await stop()
