"""The consumer: FastStream's batch subscriber hands over, a window of batches is written, the prefix is committed.

FastStream's own acknowledgement loses or blocks messages (docs/decisions/0003-consumer.md): it is switched off
(`AckPolicy.MANUAL`), its parser and decoder are replaced by ones that leave the raw records alone.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared import failpoints
from shared.consumer.batch import Batch, Halt, Work, process
from shared.consumer.breaker import Breaker
from shared.consumer.handling import Abandoned, Dependencies
from shared.consumer.offsets import Progress
from shared.consumer.sorting import by_partition
from shared.consumer.subscribing import subscribe
from shared.consumer.turns import Turns
from shared.dead_letters import Raw
from shared.kafka import Sender
from shared.settings import Settings

log = structlog.stdlib.get_logger()

SLOT_SECONDS = 2.0
"""How long a full window may hold up polling before partitions are paused instead."""
DRAIN_ON_REVOKE_SECONDS = 8.0
DRAIN_ON_STOP_SECONDS = 10.0
COMMIT_SECONDS = 4.0
LEAVE_SECONDS = 4.0
"""aiokafka waits 40 s for an answer of its own accord; the group finds out after the session's 10 s as well."""
RETRY_COMMIT_SECONDS = 1.0


class Consumer:
    """Consumes all topics of one service. Make it anew for each start."""

    def __init__(self, settings: Settings, work: Work, sender: Sender, *, window: int) -> None:
        self.dependencies = Dependencies()
        self.halt = Halt()
        self.last_progress = time.monotonic()
        self.joined = False
        self.progress: dict[tuple[str, int], Progress] = {}
        self._settings = settings
        self._work = work
        self._sender = sender
        self._window = window
        self._breakers: dict[tuple[str, int], Breaker] = {}
        self._in_flight: set[Batch] = set()
        self._turns = Turns()
        self._slot = asyncio.Event()
        self._dirty = asyncio.Event()
        self._stopping = asyncio.Event()
        self._throttled = False
        self._over = False
        self._tasks = asyncio.TaskGroup()
        self._committing = asyncio.Lock()
        self._broker, self.subscriber = subscribe(
            settings,
            [work.topic_prefix + topic for topic in work.handlers],
            group_id=settings.kafka_group_id or work.service,
            intake=self._intake,
            revoked=self._revoked,
            assigned=self._assigned,
        )

    @property
    def client(self) -> AIOKafkaConsumer | None:
        """The consumer of aiokafka, while there is one."""
        return self.subscriber.consumer

    async def run(self) -> None:
        """Consume until `stop`, then write, commit, leave the group. Raises what aiokafka raises when it cannot start."""
        await self._broker.start()
        try:
            async with self._tasks:
                committer = self._tasks.create_task(self._commit_for_ever())
                await self._stopping.wait()
                self._pause_all()
                await self._drain(self._in_flight, DRAIN_ON_STOP_SECONDS)
                await self._give_up(self._in_flight)
                self._over = True
                committer.cancel()
            await self._commit()
        finally:
            await self._leave()

    def stop(self) -> None:
        """Begin to stop."""
        self._stopping.set()
        self._slot.set()

    async def _leave(self) -> None:
        try:
            await asyncio.wait_for(self._broker.stop(), LEAVE_SECONDS)
        except TimeoutError:
            log.warning("group.left", reason="timeout", next_step="none: the group finds out after 10 s")

    async def _intake(self, records: Sequence[Raw]) -> None:
        """Take a batch over from FastStream; never raises, or FastStream would pass over it."""
        groups = by_partition(records)
        before = {partition: self.progress.get(partition) for partition in groups}
        has_slot = await self._has_slot()
        # What was taken from us meanwhile is read again from what was committed, also where it is ours again.
        ours = {
            partition: progress
            for partition, progress in before.items()
            if progress is not None and self.progress.get(partition) is progress
        }
        if not has_slot:
            self._give_back({partition: groups[partition] for partition in ours})
            return
        slices = {
            partition: progress.take(groups[partition][0].offset, groups[partition][-1].offset + 1)
            for partition, progress in ours.items()
            if partition not in self.halt.reasons
        }
        if len(slices) != len(groups):
            records = [each for each in records if (each.topic, each.partition) in slices]
        if not records:
            return
        batch = Batch(records, slices)
        self._in_flight.add(batch)
        batch.task = self._tasks.create_task(self._process(batch))

    async def _has_slot(self) -> bool:
        deadline = time.monotonic() + SLOT_SECONDS
        while len(self._in_flight) >= self._window and not self._stopping.is_set():
            self._slot.clear()
            try:
                await asyncio.wait_for(self._slot.wait(), deadline - time.monotonic())
            except TimeoutError:
                return False
        return not self._stopping.is_set()

    def _give_back(self, groups: dict[tuple[str, int], list[Raw]]) -> None:
        """Rewind to where this batch began and pause: polling goes on, so that the group does not lose us."""
        client = self.client
        if client is None:
            return
        for partition, records in groups.items():
            with suppress(IllegalStateError):  # revoked meanwhile
                client.seek(TopicPartition(*partition), records[0].offset)
        self._pause_all()
        self._throttled = True
        if len(self._in_flight) < self._window:
            self._resume()

    def _pause_all(self) -> None:
        if (client := self.client) is not None:
            client.pause(*client.assignment())

    def _resume(self) -> None:
        client = self.client
        if client is None or not self._throttled or self._stopping.is_set():
            return
        self._throttled = False
        client.resume(*(each for each in client.assignment() if tuple(each) not in self.halt.reasons))

    async def _process(self, batch: Batch) -> None:
        try:
            cut = await process(
                batch,
                self._work,
                sender=self._sender,
                breakers=self._breakers,
                halt=self.halt,
                dependencies=self.dependencies,
                turns=self._turns,
            )
        except Abandoned:
            pass
        else:
            self._finished(batch, cut)
        finally:
            self._in_flight.discard(batch)
            batch.finished.set()
            self._slot.set()
            self._resume()

    def _finished(self, batch: Batch, cut: dict[tuple[str, int], int]) -> None:
        self.last_progress = time.monotonic()
        if cut and (client := self.client) is not None:
            client.pause(*(TopicPartition(*each) for each in cut if TopicPartition(*each) in client.assignment()))
        grew = False
        for partition, slice_ in batch.slices.items():
            progress = self.progress.get(partition)
            if progress is None:
                continue
            grew |= progress.finish(slice_, end=cut.get(partition))
        if grew:
            self._dirty.set()

    async def _commit_for_ever(self) -> None:
        while not self._over:  # a cancellation may be lost in `wait_for` (Python 3.11), as the commit comes to its end
            await self._dirty.wait()
            self._dirty.clear()
            if not await self._commit():
                await asyncio.sleep(RETRY_COMMIT_SECONDS)
                self._dirty.set()

    async def _commit(self, only: Collection[TopicPartition] | None = None) -> bool:
        """Commit the written prefix of what is ours; False where Kafka did not take it and it is to be tried again."""
        client = self.client
        if client is None:
            return True
        async with self._committing:
            mine = client.assignment() if only is None else only
            offsets = {
                each: progress.written
                for each in mine
                if (progress := self.progress.get((each.topic, each.partition))) is not None
                and progress.written is not None
            }
            if not offsets:
                return True
            try:
                failpoints.reach("kafka commit before")
                await asyncio.wait_for(client.commit(offsets), COMMIT_SECONDS)
                failpoints.reach("kafka commit after")
            except (CommitFailedError, IllegalStateError) as error:
                # Whoever owns the partitions now reads them again; writing is idempotent.
                log.warning("commit.refused", reason=type(error).__name__, next_step="none: the records are read again")
            except (KafkaError, TimeoutError) as error:
                log.warning("commit.delayed", reason=type(error).__name__, next_step="none: it is tried again")
                return False
        return True

    async def _revoked(self, revoked: Collection[TopicPartition]) -> None:
        gone = {(each.topic, each.partition) for each in revoked}
        batches = [each for each in self._in_flight if not gone.isdisjoint(each.slices)]
        if not self.dependencies.down:
            await self._drain(batches, DRAIN_ON_REVOKE_SECONDS)
        await self._commit(only=revoked)
        for batch in batches:
            batch.abandoned.set()
        for partition in gone:
            self.progress.pop(partition, None)

    async def _assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.joined = True
        for each in assigned:
            partition = (each.topic, each.partition)
            self.progress[partition] = Progress()
            if partition not in self._breakers:
                self._breakers[partition] = Breaker(
                    in_a_row=self._settings.breaker_in_a_row, percent=self._settings.breaker_percent
                )
        if (client := self.client) is not None:
            halted = [each for each in assigned if tuple(each) in self.halt.reasons]
            if halted:
                client.pause(*halted)
            if self._throttled:
                client.pause(*assigned)
        log.info("partitions.assigned", partitions=len(assigned))

    async def _give_up(self, batches: Collection[Batch]) -> None:
        """End what did not finish in time; it is read again after the start."""
        left = list(batches)
        for batch in left:
            batch.abandoned.set()
        await self._drain(left, 1)
        for batch in left:
            if batch.task is not None:
                batch.task.cancel()

    @staticmethod
    async def _drain(batches: Collection[Batch], seconds: float) -> None:
        waits = [asyncio.create_task(each.finished.wait()) for each in batches]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for each in late:
                each.cancel()
