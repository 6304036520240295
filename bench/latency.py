"""`python -m bench.latency`: from publishing an event to the moment at which it can be read, at a steady rate.

action-logger (its console script, all switched on) and the bare loop A, one after the other in an order that is shuffled
anew for each rate, over topics and databases of their own with the same indexes. An event's time begins when it was due
to be published, so a publisher that falls behind does not hide it, and ends when MongoDB's change stream tells of its row.
"""

import argparse
import asyncio
import math
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from action_logger.store import indexes
from bench import load, procfs, watching
from bench.go1 import servers, write
from bench.heat import COLLECTION, Heat
from bench.product import environment
from bench.report import head
from bench.rounds import REPOSITORY
from bench.variants import OURS
from contracts.catalog import CONTENT_ACTIONS

MARKS = ("<!-- bench latency: begin -->", "<!-- bench latency: end -->")
RATES = (50, 500, 2_000)
BARE = "A"
WARM = 300
"""Events before the measured ones: until these can be read, nothing is measured."""
LATE_SECONDS = 60.0
START_SECONDS = 60.0
GOAL_RATE, GOAL_SECONDS = 500, 0.150
HEADS = ("events/s", "variant", "events", "p50, ms", "p99, ms", "p99.9, ms", "longest, ms", "client CPU, µs/event")


@dataclass(frozen=True, slots=True)
class Timing:
    """How late the events of one heat were, in seconds; `missing` ones could not be read in time."""

    rate: int
    variant: str
    late: Sequence[float]
    missing: int
    cpu_seconds: float


def at_share(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of all values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def table(timings: Sequence[Timing]) -> str:
    lines = [f"| {' | '.join(HEADS)} |", f"| ---: | --- |{' ---: |' * (len(HEADS) - 2)}"]
    for each in sorted(timings, key=lambda one: (one.rate, one.variant == OURS)):
        name = "**action-logger**" if each.variant == OURS else "A: bare loop"
        if not each.late:
            lines.append(f"| {each.rate:,} | {name} | none could be read | | | | | |")
            continue
        shares = [f"{at_share(each.late, share) * 1000:,.0f}" for share in (0.5, 0.99, 0.999, 1.0)]
        count = f"{len(each.late):,}" + (f", {each.missing:,} missing" if each.missing else "")
        cpu = f"{each.cpu_seconds / (len(each.late) + WARM) * 1e6:,.0f}"
        lines.append(f"| {each.rate:,} | {name} | {count} | {' | '.join(shares)} | {cpu} |")
    return "\n".join(lines)


def goal(timings: Sequence[Timing]) -> str:
    """Say whether this run has reached it."""
    ours = [each for each in timings if (each.rate, each.variant) == (GOAL_RATE, OURS) and each.late]
    wanted = f"p99 of action-logger at {GOAL_RATE} events/s ≤ {GOAL_SECONDS * 1000:.0f} ms"
    if not ours:
        return f"- {wanted}: not measured in this run"
    found = at_share(ours[0].late, 0.99)
    reached = found <= GOAL_SECONDS and not ours[0].missing
    return f"- Goal {wanted}: {found * 1000:.0f} ms, {'reached' if reached else '**not reached**'}"


def measure(kafka: str, mongo_uri: str, folder: Path, *, variant: str, rate: int, seconds: int, seed: int) -> Timing:
    """Run one heat."""
    name = f"latency{secrets.token_hex(3)}"
    events = rate * seconds + WARM
    heat = Heat(kafka, mongo_uri, f"{name}.", CONTENT_ACTIONS, name, name, events, folder / f"{name}.json", folder)
    asyncio.run(load.make_topics(kafka, heat.topic_prefix))
    try:
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            client[heat.database][COLLECTION].create_indexes([*indexes.LOG])
            try:
                with _watching(heat) as noted, _running(heat, variant) as process:
                    return asyncio.run(_timed(heat, noted, process, variant=variant, rate=rate, seed=seed))
            finally:
                client.drop_database(heat.database)
    finally:
        asyncio.run(load.remove(kafka, heat.topic_prefix))


async def _timed(
    heat: Heat, noted: Path, process: "subprocess.Popen[bytes]", *, variant: str, rate: int, seed: int
) -> Timing:
    rng = random.Random(seed)
    records = [load.event(number, heat.events // 20, rng) for number in range(heat.events)]
    due: dict[str, float] = {}
    async with AIOKafkaProducer(bootstrap_servers=heat.kafka, enable_idempotence=True, linger_ms=1) as producer:

        async def publish(number: int) -> None:
            made = records[number]
            await producer.send(heat.topic_name, made.value, key=made.key, headers=made.headers)

        for number in range(WARM):
            await publish(number)
        await producer.flush()
        await _until_seen(noted, WARM, START_SECONDS)
        before, begun = procfs.cpu_seconds(process.pid), time.monotonic()
        for number in range(WARM, heat.events):
            at = begun + (number - WARM) / rate
            if (early := at - time.monotonic()) > 0:
                await asyncio.sleep(early)
            due[load.row_id(number)] = at
            await publish(number)
        await producer.flush()
    found = await _until_seen(noted, heat.events, LATE_SECONDS)
    late = [found[each] - at for each, at in due.items() if each in found]
    return Timing(rate, variant, late, len(due) - len(late), procfs.cpu_seconds(process.pid) - before)


async def _until_seen(noted: Path, count: int, seconds: float) -> dict[str, float]:
    """Wait until so many rows could be read, or for so long."""
    deadline = time.monotonic() + seconds
    while True:
        found = watching.seen(noted)
        if len(found) >= count or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.5)


@contextmanager
def _watching(heat: Heat) -> Generator[Path]:
    file = heat.folder / f"{heat.database}.seen"
    command = [sys.executable, "-m", "bench.watching", heat.mongo_uri, heat.database, COLLECTION, str(heat.events)]
    with subprocess.Popen([*command, file], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline().strip() != watching.READY:
                raise RuntimeError("nobody watches the database")
            yield file
        finally:
            process.kill()


@contextmanager
def _running(heat: Heat, variant: str) -> Generator["subprocess.Popen[bytes]"]:
    """Run the service as its console script, or the bare loop."""
    script = Path(sys.executable).with_name(OURS)
    command = [script] if variant == OURS else [sys.executable, "-m", "bench.worker", variant, heat.as_json()]
    more = environment(heat) if variant == OURS else {}
    with (heat.folder / f"{heat.database}.log").open("wb") as out:
        process = subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, **more}, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=list(RATES), help="events a second")
    parser.add_argument("--seconds", type=int, default=30, help="how long events are published at each rate")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--write", type=Path, help="put the table into this page, such as docs/performance.md")
    chosen = parser.parse_args(arguments)
    rng = random.Random(chosen.seed)
    timings: list[Timing] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnwire-bench-")))
        kafka, mongo_uri = servers(stack)
        for rate in chosen.rates:
            for variant in rng.sample([BARE, OURS], 2):
                timings.append(
                    measure(
                        kafka,
                        mongo_uri,
                        folder,
                        variant=variant,
                        rate=rate,
                        seconds=chosen.seconds,
                        seed=rng.getrandbits(32),
                    )
                )
                print(table(timings[-1:]).splitlines()[-1], flush=True)
    text = f"{table(timings)}\n\n{goal(timings)}"
    print(text)
    missing = sum(each.missing for each in timings)
    if chosen.write and not missing:
        write(chosen.write, MARKS, f"{head('bench.latency', arguments, chosen.seed)}\n\n{text}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
