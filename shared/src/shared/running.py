"""What runs beside HTTP: preparing, consuming, jobs, the look at the dependencies. Started and ended as one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from shared import metrics
from shared.consumer import Consumer, Work
from shared.consumer.watch import Watch
from shared.failures import Unavailable
from shared.jobs import LONGEST_DELAY, for_ever, retried
from shared.kafka import Sender
from shared.mongo import Database, PyMongoError
from shared.settings import Settings
from shared.unavailable import as_unavailable

log = structlog.stdlib.get_logger()

PING_SECONDS = 5.0
LOOP_LAG_SECONDS = 30.0


class Stalled(Exception):  # noqa: N818  a state, told to the one who ends the process
    """The consumer is alive but stuck; only a new process helps."""


class Running:
    """The background of one service, and what health asks of it."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        sender: Sender,
        work: Work,
        window: int,
        jobs: Mapping[str, Callable[[], Awaitable[None]]],
        prepare: Callable[[], Awaitable[None]] | None,
        more_reasons: Callable[[], Sequence[str]],
    ) -> None:
        self._settings = settings
        self._database = database
        self._sender = sender
        self._work = work
        self._window = window
        self._jobs = jobs
        self._prepare = prepare
        self._more_reasons = more_reasons
        self._consumer: Consumer | None = None
        self._watch: Watch | None = None
        self._prepared = False
        self._kafka_trouble: str | None = "not connected yet"
        self._mongo_trouble: str | None = "not asked yet"
        self._turned_at = time.monotonic()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run until `stop`. Raises `Stalled` when the consumer is stuck, and what is a bug."""
        pinging = asyncio.create_task(self._ping())
        asking = asyncio.create_task(self._ask_for_kafka())
        try:
            await self._until_stopped(self._get_ready())
            if self._stopping.is_set():
                return
            await self._consume_and_work()
        finally:
            pinging.cancel()
            asking.cancel()
            await asyncio.wait([pinging, asking])  # does not take their errors: asyncio tells of those itself

    def stop(self) -> None:
        """Begin to stop: no new records; what is in flight is finished and committed."""
        self._stopping.set()
        if self._consumer is not None:
            self._consumer.stop()

    def alive(self) -> bool:
        """Whether the loop turns and the consumer is not stuck."""
        stuck = self._watch is not None and self._watch.stalled
        return not stuck and time.monotonic() - self._turned_at < LOOP_LAG_SECONDS

    def reasons(self) -> list[str]:
        """Return why the service is not ready; empty where it is."""
        found: list[str] = []
        if self._mongo_trouble is not None:
            found.append(f"mongodb: {self._mongo_trouble}")
        if not self._prepared:
            found.append("preparing indexes")
        if self._work.handlers:
            found += self._consuming_reasons()
        if self._stopping.is_set():
            found.append("stopping")
        return [*found, *self._more_reasons()]

    def lag(self) -> int | None:
        """Return how many records wait in Kafka for this process, None where it cannot be told."""
        if self._watch is None or self._watch.kafka_down is not None or self._kafka_trouble is not None:
            return None
        return sum(self._watch.lag.values())

    def _consuming_reasons(self) -> list[str]:
        if self._kafka_trouble is not None:
            return [f"kafka: {self._kafka_trouble}"]
        if self._watch is None or self._consumer is None:
            return ["consumer: not started yet"]
        found = self._watch.reasons()
        if not found and not self._consumer.joined:
            found.append("consumer: no partitions assigned yet")
        return found

    async def _get_ready(self) -> None:
        if self._prepare is not None:
            await retried("prepare", self._prepare)
        self._prepared = True

    async def _ask_for_kafka(self) -> None:
        """Say how Kafka is while indexes wait for MongoDB: until then no consumer asks."""
        await asyncio.sleep(2)
        while self._work.handlers and not self._prepared:
            try:
                await self._sender.reach()
                trouble = "not connected yet"
            except Unavailable as error:
                trouble = f"down ({error.reason})"
            if not self._prepared:
                self._kafka_trouble = trouble
                metrics.dependency_up.labels("kafka").set(trouble == "not connected yet")
            await asyncio.sleep(2)

    async def _consume_and_work(self) -> None:
        tasks = [asyncio.create_task(for_ever(name, job)) for name, job in self._jobs.items()]
        if self._work.handlers:
            tasks.append(asyncio.create_task(self._consume()))
        tasks.append(asyncio.create_task(self._stopping.wait(), name="stopping"))  # pyright: ignore[reportArgumentType]  waited for only
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                if each.get_name() != "stopping":
                    each.result()
            if self._work.handlers and not tasks[-2].done():
                await tasks[-2]
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _consume(self) -> None:
        delay = 0.5
        while not self._stopping.is_set():
            consumer = self._consumer = Consumer(self._settings, self._work, self._sender, window=self._window)
            watch = self._watch = Watch(consumer)
            watching = asyncio.create_task(watch.run())
            consuming = asyncio.create_task(consumer.run())
            consuming.add_done_callback(lambda _: None)
            self._kafka_trouble = None
            try:
                await asyncio.wait([watching, consuming], return_when=asyncio.FIRST_COMPLETED)
                if watching.done() and not consuming.done():
                    watching.result()
                    raise Stalled  # noqa: TRY301  told to the caller as it is
                consuming.result()
                delay = 0.5
            except Exception as error:
                down = as_unavailable(error)
                if down is None:
                    raise
                self._kafka_trouble = f"down ({down.reason})"
                metrics.dependency_up.labels("kafka").set(0)
                log.warning(
                    "dependency.lost", dependency="kafka", reason=down.reason, next_step="tried again until it answers"
                )
                await self._pause(delay)
                delay = min(2 * delay, LONGEST_DELAY)
            finally:
                watching.cancel()

    async def _ping(self) -> None:
        down = False
        while True:
            self._turned_at = time.monotonic()
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self._database.command("ping")
                self._mongo_trouble = None
                if down:
                    log.info("dependency.recovered", dependency="mongodb")
            except (PyMongoError, OSError, TimeoutError) as error:
                self._mongo_trouble = f"down ({type(error).__name__})"
                if not down:
                    step = "tried again until it answers; see the runbook if it lasts"
                    log.warning("dependency.lost", dependency="mongodb", reason=type(error).__name__, next_step=step)
            down = self._mongo_trouble is not None
            metrics.dependency_up.labels("mongodb").set(not down)
            await asyncio.sleep(2)

    async def _until_stopped(self, work: Awaitable[None]) -> None:
        working = asyncio.ensure_future(work)  # noqa: TID251  an awaitable that must end when the process stops
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            working.result()
        else:
            working.cancel()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
