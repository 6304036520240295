"""`python -m bench.backlog`: events that wait in Kafka, drained by action-logger; with how much memory, and by how many.

Each combination of `--partitions` and `--processes` gets a topic, a group and a database of its own. The clock runs from
the first commit that is seen to the last (looked at every half second), so joining the group is outside. Afterwards rows
and commits are counted. `--together` lets all four services drain their chaos loads at once instead, and verifies the end.
"""

import argparse
import asyncio
import itertools
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import MongoClient

from bench import load, procfs
from bench.go1 import servers, write
from bench.heat import COLLECTION, Heat
from bench.product import environment
from bench.report import head
from bench.rounds import REPOSITORY
from bench.together import together
from bench.variants import OURS
from contracts.catalog import CONTENT_ACTIONS
from learnwire_local import free_port

MARKS = ("<!-- bench backlog: begin -->", "<!-- bench backlog: end -->")
GRID = ("<!-- bench grid: begin -->", "<!-- bench grid: end -->")
TOGETHER = ("<!-- bench together: begin -->", "<!-- bench together: end -->")
LOOK_SECONDS = 0.5
MOST_SECONDS = 1_800.0
EVENTS_OF_A_PERSON = 20
GOAL_MIB = 200.0
HEADS = (
    "events", "partitions", "processes", "seconds", "events/s", "of the first, the last tenth", "CPU, µs/event",
    "resident at most, MiB", "afterwards",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment: seconds since the start, events committed, MiB of the largest process."""

    at: float
    committed: int
    resident_mib: float


@dataclass(frozen=True, slots=True)
class Drained:
    """One combination, from the first look that saw something committed."""

    events: int
    partitions: int
    processes: int
    looks: Sequence[Look]
    cpu_seconds: float
    trouble: str | None = None

    @property
    def seconds(self) -> float:
        return self.looks[-1].at - self.looks[0].at

    def rate(self, since: float, until: float) -> float:
        """Events a second between two shares of the events, such as 0.9 and 1."""
        first, last = (next(each for each in self.looks if each.committed >= self.events * s) for s in (since, until))
        return (last.committed - first.committed) / max(last.at - first.at, LOOK_SECONDS)

    @property
    def peak_mib(self) -> float:
        return max(each.resident_mib for each in self.looks)


def table(results: Sequence[Drained]) -> str:
    lines = [f"| {' | '.join(HEADS)} |", "|" + " ---: |" * len(HEADS)]
    for each in results:
        cells = (
            f"{each.events:,}",
            str(each.partitions),
            str(each.processes),
            f"{each.seconds:.1f}",
            f"{each.rate(0, 1):,.0f}",
            f"{each.rate(0, 0.1):,.0f}, {each.rate(0.9, 1):,.0f}",
            f"{each.cpu_seconds / each.events * 1e6:.0f}",
            f"{each.peak_mib:.0f}",
            each.trouble or "all there, once",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def goal(results: Sequence[Drained]) -> str:
    peak = max(each.peak_mib for each in results)
    return (
        f"- Goal ≤ {GOAL_MIB:.0f} MiB a process: {peak:.0f} MiB, {'reached' if peak <= GOAL_MIB else '**not reached**'}"
    )


async def drained(
    kafka: str, mongo_uri: str, folder: Path, *, events: int, partitions: int, processes: int, seed: int
) -> Drained:
    """Fill, let so many processes drain, count."""
    name = f"backlog{secrets.token_hex(3)}"
    heat = Heat(kafka, mongo_uri, f"{name}.", CONTENT_ACTIONS, name, name, events, folder / f"{name}.json", folder)
    people = max(1, events // EVENTS_OF_A_PERSON)
    await load.fill(kafka, heat.topic_prefix, events, people=people, seed=seed, partitions=partitions, copies=False)
    try:
        with ExitStack() as stack:
            settings = environment(heat)
            running = [stack.enter_context(_service(heat, settings, number)) for number in range(processes)]
            looks = await _looks(heat, running)
            cpu_seconds = sum(procfs.cpu_seconds(each.pid) for each in running)
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            rows = client[heat.database][COLLECTION].count_documents({})
            client.drop_database(heat.database)
    finally:
        await load.remove(kafka, heat.topic_prefix)
    found = {"rows": rows, "committed": looks[-1].committed}
    trouble = [f"{what} {count:,}" for what, count in found.items() if count != events]
    return Drained(events, partitions, processes, looks, cpu_seconds, "; ".join(trouble) or None)


async def _looks(heat: Heat, running: Sequence["subprocess.Popen[bytes]"]) -> list[Look]:
    """Look until all is committed, or for so long; the looks from the first commit on."""
    admin = AIOKafkaAdminClient(bootstrap_servers=heat.kafka)
    await admin.start()
    found: list[Look] = []
    begun = time.monotonic()
    try:
        while True:
            committed = await _committed(admin, heat)
            at = time.monotonic() - begun
            if committed:
                found.append(Look(at, committed, max(procfs.resident_mib(each.pid) for each in running)))
            if committed >= heat.events:
                return found
            if at > MOST_SECONDS or any(each.poll() is not None for each in running):
                raise RuntimeError(f"{committed:,} of {heat.events:,} events were committed after {at:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await admin.close()


async def _committed(admin: AIOKafkaAdminClient, heat: Heat) -> int:
    """How many records the group has committed; none while Kafka makes its first group."""
    try:
        offsets = await admin.list_consumer_group_offsets(heat.group)
    except KafkaError:
        return 0
    return sum(max(0, each.offset) for place, each in offsets.items() if place.topic == heat.topic_name)


@contextmanager
def _service(heat: Heat, settings: Mapping[str, str], number: int) -> Generator["subprocess.Popen[bytes]"]:
    """Run one of the replicas."""
    told = {**os.environ, **settings, "LEARNWIRE_HTTP_PORT": str(free_port())}
    with (heat.folder / f"{heat.database}-{number}.log").open("wb") as out:
        script = Path(sys.executable).with_name(OURS)
        process = subprocess.Popen([script], cwd=REPOSITORY, env=told, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.backlog", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, nargs="+", default=[load.PARTITIONS])
    parser.add_argument("--processes", type=int, nargs="+", default=[1])
    parser.add_argument("--together", action="store_true", help="all four services at once, with so many events in all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--write", type=Path, help="put the table into this page, such as docs/performance.md")
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnwire-bench-")))
        kafka, mongo_uri = servers(stack)
        if chosen.together:
            text, good = asyncio.run(together(kafka, mongo_uri, folder, events=chosen.events, seed=chosen.seed))
        else:
            text, good = _alone(kafka, mongo_uri, folder, chosen)
    print(text)
    if chosen.write and good:
        several = len(chosen.partitions) * len(chosen.processes) > 1
        marks = TOGETHER if chosen.together else GRID if several else MARKS
        write(chosen.write, marks, f"{head('bench.backlog', arguments, chosen.seed)}\n\n{text}")
    return 0 if good else 1


def _alone(kafka: str, mongo_uri: str, folder: Path, chosen: argparse.Namespace) -> tuple[str, bool]:
    results: list[Drained] = []
    for partitions, processes in itertools.product(chosen.partitions, chosen.processes):
        run = drained(
            kafka, mongo_uri, folder, events=chosen.events, partitions=partitions, processes=processes, seed=chosen.seed
        )
        results.append(asyncio.run(run))
        print(table(results[-1:]).splitlines()[-1], flush=True)
    return f"{table(results)}\n\n{goal(results)}", not any(each.trouble for each in results)


if __name__ == "__main__":
    sys.exit(main())
