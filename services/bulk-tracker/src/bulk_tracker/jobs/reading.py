"""Up to when everything published has been read: the time that may be held against a silent action.

Our own outage must time nobody out. So before a Timeout the end of each partition is noted, and judged is only what
was silent before a moment whose ends the whole group (all replicas) has committed since.
"""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from contracts import topics
from shared.failures import Unavailable
from shared.kafka import client_options
from shared.settings import Settings

MOST_MOMENTS = 600
TIMEOUT_MS = 10_000

Ends = Mapping[TopicPartition, int]


class Reading:
    """Tells up to when every fact about bulk actions has been read."""

    def __init__(self, settings: Settings, *, group_id: str, clock: Callable[[], datetime]) -> None:
        self._options = client_options(settings)
        self._group_id = group_id
        self._topic = settings.kafka_topic_prefix + topics.BULK_ACTIONS
        self._clock = clock
        self._client: AIOKafkaConsumer | None = None
        self._moments: deque[tuple[datetime, Ends]] = deque(maxlen=MOST_MOMENTS)
        self._known_until: datetime | None = None

    async def known_until(self) -> datetime | None:
        """Return that instant; None where it cannot be told yet. Raises `Unavailable`."""
        try:
            client = await self._started()
            await self._look(client)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise Unavailable("kafka", type(error).__name__) from error
        return self._known_until

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                await client.stop()

    async def _started(self) -> AIOKafkaConsumer:
        if self._client is None:
            # In the group's name, but without partitions of its own: it only asks what the group has committed.
            client = AIOKafkaConsumer(
                **self._options,
                group_id=self._group_id,
                enable_auto_commit=False,
                request_timeout_ms=TIMEOUT_MS,
            )
            self._client = client
            await client.start()
        return self._client

    async def _look(self, client: AIOKafkaConsumer) -> None:
        partitions = await self._partitions(client)
        now = self._clock()
        ends = await client.end_offsets(partitions)
        self._moments.append((now, ends))
        beginnings = await client.beginning_offsets(partitions)
        read = {each: max(await client.committed(each) or 0, beginnings[each]) for each in partitions}
        while self._moments and all(read.get(each, 0) >= end for each, end in self._moments[0][1].items()):
            self._known_until = self._moments.popleft()[0]

    async def _partitions(self, client: AIOKafkaConsumer) -> list[TopicPartition]:
        first = TopicPartition(self._topic, 0)
        if not client.assignment():
            client.assign([first])
            client.pause(first)
            await client.end_offsets([first])  # now the client knows the topic
        numbers = client.partitions_for_topic(self._topic) or {0}
        found = [TopicPartition(self._topic, each) for each in sorted(numbers)]
        if len(client.assignment()) != len(found):
            client.assign(found)
            client.pause(*found)  # it must not fetch records, only ask for offsets
        return found
