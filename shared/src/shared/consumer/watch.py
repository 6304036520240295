"""Watches the consumer from outside: lag, progress, and whether aiokafka is alive but stuck (its issues 1154, 847)."""

import asyncio
import time

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared import metrics
from shared.consumer.consumer import Consumer

log = structlog.stdlib.get_logger()

LOOK_SECONDS = 5.0
STALL_SECONDS = 60.0
"""A consumer that has work and does none for so long is stuck."""


class Watch:
    """What is known of the consumer: `lag` in records by partition, `reasons` not to be ready, `stalled`."""

    def __init__(self, consumer: Consumer, *, stall_seconds: float = STALL_SECONDS) -> None:
        self._consumer = consumer
        self._stall_seconds = stall_seconds
        self._sick_since: float | None = None
        self.lag: dict[TopicPartition, int] = {}
        self.kafka_down: str | None = None
        self.stalled = False

    async def run(self) -> None:
        """Look every five seconds; returns when the consumer has been stuck for a minute."""
        while not self.stalled:
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    def reasons(self) -> list[str]:
        """Return why this consumer is not ready; empty where it is."""
        consumer = self._consumer
        client = consumer.client
        if client is None:
            return ["kafka: not connected yet"]
        found = [
            f"{name}: down ({reason})" if reason else f"{name}: down"
            for name, reason in consumer.dependencies.down.items()
        ]
        if self.kafka_down is not None:
            found.append(f"kafka: down ({self.kafka_down})")
        if trouble := self._trouble(client):
            found.append(f"consumer: {trouble}")
        found += [
            f"breaker: {topic}/{number} stands still, {why}" for (topic, number), why in consumer.halt.reasons.items()
        ]
        missing = [topic for topic in client.subscription() if not client.partitions_for_topic(topic)]
        if missing:
            found.append(f"topics missing: {', '.join(sorted(missing))} (learnwire topics apply)")
        return found

    async def _look(self) -> None:
        client = self._consumer.client
        if client is None:
            return
        try:
            async with asyncio.timeout(10):
                await self._measure(client)
            self._note(None)
        except (KafkaError, TimeoutError, OSError) as error:
            self._note(type(error).__name__)
        self._judge(client)

    def _note(self, reason: str | None) -> None:
        """Keep whether Kafka answers, and say it once: where nothing is sent or fetched, nobody else would."""
        metrics.dependency_up.labels("kafka").set(reason is None)
        if reason is not None and self.kafka_down is None:
            step = "consuming waits and goes on by itself; see the runbook if it lasts"
            log.warning("dependency.lost", dependency="kafka", reason=reason, next_step=step)
        elif reason is None and self.kafka_down is not None:
            log.info("dependency.recovered", dependency="kafka")
        self.kafka_down = reason

    async def _measure(self, client: AIOKafkaConsumer) -> None:
        mine = client.assignment()
        if not mine:
            self._hold({})
            return
        ends = await client.end_offsets(mine)
        lag: dict[TopicPartition, int] = {}
        for each, end in ends.items():
            progress = self._consumer.progress.get((each.topic, each.partition))
            # What was fetched and is not written waits too; the client's own position is past it.
            unwritten = progress.unwritten if progress is not None else None
            position = unwritten if unwritten is not None else await asyncio.wait_for(client.position(each), 2)
            lag[each] = max(0, end - position)
        self._hold(lag)

    def _hold(self, lag: dict[TopicPartition, int]) -> None:
        """Show what was measured. A partition that another replica reads by now is no longer told of here."""
        for each in self.lag.keys() - lag.keys():
            metrics.lag.remove(each.topic, str(each.partition))
        for each, records in lag.items():
            metrics.lag.labels(each.topic, str(each.partition)).set(records)
        self.lag = lag

    def _judge(self, client: AIOKafkaConsumer) -> None:
        consumer = self._consumer
        waiting = any(
            lag for each, lag in self.lag.items() if (each.topic, each.partition) not in consumer.halt.reasons
        )
        excused = bool(consumer.dependencies.down) or self.kafka_down is not None
        idle_for = time.monotonic() - consumer.last_progress
        if not excused and (self._trouble(client) or (waiting and idle_for > LOOK_SECONDS)):
            self._sick_since = self._sick_since or time.monotonic()
        else:
            self._sick_since = None
        if (
            self._sick_since is not None
            and time.monotonic() - self._sick_since > self._stall_seconds - 2 * LOOK_SECONDS
        ):
            self.stalled = True

    def _trouble(self, client: AIOKafkaConsumer) -> str | None:
        """Return what no public interface tells: a dead task of aiokafka or FastStream."""
        subscriber = self._consumer.subscriber
        if not subscriber.running or not subscriber.tasks or subscriber.tasks[-1].done():
            return "the loop that takes records in has ended"
        coordinator = getattr(client, "_coordinator", None)
        task = getattr(coordinator, "_coordination_task", None)
        if task is not None and task.done():
            return "aiokafka's coordinator has ended"
        return None
