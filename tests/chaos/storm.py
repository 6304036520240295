"""Events on their way while things are killed: publish, kill, start again, wait for quiet, verify."""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
from aiokafka import AIOKafkaProducer

from learnwire_local import free_port
from tests.chaos.group import group_of
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.loads import LOADS
from tests.chaos.loads.load import Load, entries
from tests.chaos.verifier import Verdict, compare, compare_dead_letters
from tests.world import Process, World, eventually

READY_SECONDS = 120.0
QUIET_SECONDS = 180.0
BURSTS = 10
SETTLED_SECONDS = 120.0

Fault = Callable[[], Awaitable[None]]
Tamper = Callable[[list[Entry]], list[Entry]]


USUAL = 20_261_122
"""Of the short form: `make test` judges a change by the same events before and after it. `make chaos` looks for more."""


def seed(usual: int | None = None) -> int:
    """The seed of this run: CHAOS_SEED, else the usual one, else a new one. Printed, so that a run can be repeated."""
    given = os.environ.get("CHAOS_SEED") or usual
    chosen = random.SystemRandom().randrange(2**32) if given is None else int(given)
    print(f"CHAOS_SEED={chosen}")  # noqa: T201  for the person who has to repeat it
    return chosen


@dataclass
class Storm:
    """Services of a world under their loads. Use as `async with`; then `blow`, then `verdict`."""

    world: World
    loads: Sequence[Load]
    rng: random.Random
    folder: Path
    settled_seconds: float = SETTLED_SECONDS
    compares_published: bool = True
    """Whether what services have published counts; after a restore its versions begin again."""
    processes: dict[str, Process] = field(default_factory=dict[str, Process])
    verdicts: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    cut_off: list[int] = field(default_factory=list[int])
    """For each kill how many records were published and not committed at that moment."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.ledger = Ledger(self.folder / "ledger.jsonl")
            stack.callback(self.ledger.close)
            self._producer = await stack.enter_async_context(
                AIOKafkaProducer(
                    bootstrap_servers=self.world.kafka,
                    enable_idempotence=True,
                    linger_ms=5,
                    max_request_size=3_000_000,
                    request_timeout_ms=90_000,
                )
            )
            for load in self.loads:
                settings = await load.prepare(self.world, stack)
                self.processes[load.service] = self.world.service(load.service, **settings)
            await self.ready()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def ready(self) -> None:
        await asyncio.gather(*(self._ready(each) for each in self.processes.values()))

    async def _ready(self, process: Process) -> None:
        async def look() -> bool:
            assert process.popen is None or process.popen.poll() is None, (
                f"{process.name} has ended: {process.log_file}"
            )
            with suppress(httpx.HTTPError):
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"{process.url}/readyz", timeout=5)).status_code == 200
            return False

        await eventually(look, f"{process.name} to be ready", seconds=READY_SECONDS)

    async def blow(self, count: int, faults: Sequence[Fault], *, seconds: float, tamper: Tamper | None = None) -> None:
        """Publish `count` events for each load in as many phases as there are faults, a fault somewhere in each phase.

        `tamper` changes what is sent after the ledger has noted what should have been.
        """
        for number, part in enumerate(self.drawn(count, parts=max(1, len(faults)))):
            await self.ready()
            sending = asyncio.create_task(self.publish(part, seconds, tamper))
            if number < len(faults):
                await asyncio.sleep(self.rng.uniform(0, 3 * seconds))
                await faults[number]()
            await sending
        await self.ready()

    async def waiting(self, count: int, faults: Sequence[Fault]) -> None:
        """As `blow`, but each fault finds its service ended, and the events of its phase waiting in Kafka."""
        for part, fault in zip(self.drawn(count, parts=len(faults)), faults, strict=True):
            await self.ready()
            for each in self.processes.values():
                await asyncio.to_thread(each.terminate, within_seconds=READY_SECONDS)
            await self.publish(part, 0)
            await fault()
        await self.ready()

    def drawn(self, count: int, *, parts: int) -> list[list[Entry]]:
        """About `count` events for each load, in so many parts. Loads tell whole stories: draw once in a storm."""
        now = datetime.now(UTC)
        found = self._mixed([entries(load, self.rng, count, now) for load in self.loads])
        size = -(-len(found) // parts)
        return [found[number * size :][:size] for number in range(parts)]

    def _mixed(self, queues: list[list[Entry]]) -> list[Entry]:
        """All loads' events together, each load's in its order."""
        tagged = [
            ((at + 1) / (len(queue) + 1), number, entry)
            for number, queue in enumerate(queues)
            for at, entry in enumerate(queue)
        ]
        return [entry for _, _, entry in sorted(tagged, key=lambda each: each[:2])]

    async def publish(self, some: Sequence[Entry], seconds: float, tamper: Tamper | None = None) -> None:
        """Note, send, note where each has landed; about evenly over that time."""
        numbers = {id(each): self.ledger.note(each) for each in some}
        sent = list(some) if tamper is None else tamper(list(some))  # a tampered entry is another object
        waiting: list[tuple[int | None, asyncio.Future[Any]]] = []
        step = max(1, len(sent) // BURSTS)
        for at in range(0, len(sent), step):
            waiting += [(numbers.get(id(each)), await self._send(each)) for each in sent[at : at + step]]
            await asyncio.sleep(seconds * step / len(sent))
        for number, future in waiting:
            landed = await future
            if number is not None:
                self.ledger.landed(number, f"{landed.topic}/{landed.partition}/{landed.offset}")

    async def _send(self, entry: Entry) -> asyncio.Future[Any]:
        topic = self.world.prefix + entry.topic
        return await self._producer.send(topic, entry.value, key=entry.key, headers=list(entry.headers))

    def another(self, service: str, **more: str) -> Process:
        """A second process of a service, with the settings of the first, and these variables."""
        first = self.processes[service]
        port = free_port()
        environment = first.environment | {"LEARNWIRE_HTTP_PORT": str(port)} | more
        log_file = self.folder / f"{service}-more-{len(self.world.processes)}.log"
        process = Process(service, port, environment, log_file)
        process.start()
        self.world.processes.append(process)
        return process

    def ended(self) -> dict[str, int]:
        """Services whose process has ended by itself, with the exit code."""
        codes = {name: each.popen.poll() for name, each in self.processes.items() if each.popen is not None}
        return {name: code for name, code in codes.items() if code is not None}

    def kill(self, service: str) -> Fault:
        """A fault: this service ends at once and is started again."""

        async def fault() -> None:
            process = self.processes[service]
            await asyncio.to_thread(process.kill)
            async with group_of(self.world, process) as group:
                self.cut_off.append(await group.waiting())
            await asyncio.to_thread(process.start)

        return fault

    def all_of(self, faults: Sequence[Fault], *, within: float) -> Fault:
        """Several faults, each at a moment of its own."""

        async def fault() -> None:
            async def one(each: Fault, delay: float) -> None:
                await asyncio.sleep(delay)
                await each()

            await asyncio.gather(*(one(each, self.rng.uniform(0, within)) for each in faults))

        return fault

    async def wrong(self) -> list[str]:
        """Wait until nothing waits in Kafka any more, then until all is as it must be, or for a while.

        Prints a line for each service; what is not accounted for comes back.
        """
        lines: list[str] = []
        for load in self.loads:
            await self.quiet(load.service)
            verdict = await self._settled(load)
            (self.folder / f"{load.service}.json").write_text(verdict.as_json())
            self.verdicts[load.service] = verdict
            line = f"{load.service}: {verdict.line()}"
            print(line, f"[kills cut off {self.cut_off} records; {self.handled(load.service)} taken through]")  # noqa: T201
            lines += [] if verdict.clean else [line]
        return lines

    async def _settled(self, load: Load) -> Verdict:
        last: list[Verdict] = []

        async def look() -> bool:
            last[:] = [await self._verify(load)]
            return last[0].clean

        try:
            await eventually(look, f"{load.service} to settle", seconds=self.settled_seconds)
        except AssertionError:
            return last[0]
        return last[0]

    async def _verify(self, load: Load) -> Verdict:
        ledger = self.ledger.read()
        mine = [each.entry for each in ledger if each.entry.service == load.service]
        expected = load.expected([each.event for each in mine if each.refused is None])
        letters = await self.world.dead_letters(load.service)
        verdict = compare(expected, await load.seen(self.world, self.processes[load.service]))
        verdict += compare_dead_letters(load.service, ledger, letters, twice=True)
        return verdict + await load.published(self.world, expected) if self.compares_published else verdict

    async def quiet(self, service: str, *, seconds: float = QUIET_SECONDS) -> None:
        """Wait until the group of this service has committed all that there is."""
        async with group_of(self.world, self.processes[service]) as group:
            await eventually(group.waiting, f"{service} to commit all", until=lambda left: left == 0, seconds=seconds)

    def seconds_until(self, service: str, event: str, since: datetime) -> float:
        """Seconds from then until the service's log says this."""
        at = [
            datetime.fromisoformat(each["timestamp"])
            for each in self.processes[service].log()
            if each["event"] == event
        ]
        return min((each - since).total_seconds() for each in at if each > since)

    def handled(self, service: str) -> int:
        """Records that the service's processes say they have taken through, repetitions after kills included."""
        lines: list[dict[str, Any]] = self.processes[service].log()
        return sum(each["records"] for each in lines if each.get("event") == "batch.handled")


@asynccontextmanager
async def a_storm(
    kafka: str, mongo_uri: str, prefix: str, folder: Path, *, settled_seconds: float = SETTLED_SECONDS
) -> AsyncGenerator[Storm]:
    """All services under their loads, in a world of their own."""
    rng = random.Random(seed())
    async with (
        World(kafka, mongo_uri, prefix, folder) as world,
        Storm(world, LOADS, rng, folder, settled_seconds) as storm,
    ):
        yield storm
