"""All four services at once, each with its chaos load waiting in Kafka; the end state is verified as chaos does it."""

import asyncio
import random
import time
from pathlib import Path

from bench import procfs
from tests.chaos.loads import LOADS
from tests.chaos.storm import Fault, Storm
from tests.world import Process, World

HEADS = ("service", "events", "committed after, s", "CPU, s", "resident at most, MiB")
GOAL_SECONDS, GOAL_EVENTS = 120.0, 100_000
LOOK_SECONDS = 0.5


async def together(kafka: str, mongo_uri: str, folder: Path, *, events: int, seed: int) -> tuple[str, bool]:
    """Let them drain so many events in all; the table, and whether everything was accounted for."""
    rng = random.Random(seed)
    async with (
        World(kafka, mongo_uri, f"together{seed}.", folder) as world,
        Storm(world, LOADS, rng, folder, settled_seconds=600) as storm,
    ):
        took: dict[str, float] = {}
        peaks: dict[str, float] = {}
        used: dict[str, float] = {}

        async def begin() -> None:
            begun = time.monotonic()
            for each in storm.processes.values():
                each.start()
            watching = asyncio.create_task(_highest(list(storm.processes.values()), peaks))
            await asyncio.gather(*(_drain(storm, each.service, begun, took) for each in LOADS))
            used.update({name: procfs.cpu_seconds(_pid(each)) for name, each in storm.processes.items()})
            watching.cancel()

        faults: list[Fault] = [begin]
        await storm.waiting(events // len(LOADS), faults)
        wrong = await storm.wrong()
        sent = [each.entry.service for each in storm.ledger.read()]
    lines = [f"| {' | '.join(HEADS)} |", f"| --- |{' ---: |' * (len(HEADS) - 1)}"]
    lines += [
        f"| {name} | {sent.count(name):,} | {took[name]:.1f} | {used[name]:.1f} | {peaks[name]:.0f} |" for name in took
    ]
    whole = max(took.values())
    found = f"{len(sent):,} waiting events drained by all services in {whole:.0f} s"
    goal = f"- Goal: {GOAL_EVENTS:,} in ≤ {GOAL_SECONDS:.0f} s"
    if len(sent) < GOAL_EVENTS:
        judged = f"{goal}: not measured in this run"
    else:
        judged = f"{goal}: {'reached' if whole <= GOAL_SECONDS else '**not reached**'}"
    return "\n".join([*lines, "", f"- {found}, from the start of their processes", judged, *wrong]), not wrong


async def _drain(storm: Storm, service: str, begun: float, took: dict[str, float]) -> None:
    await storm.quiet(service, seconds=1_800)
    took[service] = time.monotonic() - begun


async def _highest(processes: list[Process], peaks: dict[str, float]) -> None:
    """Keep for each process the most memory that it was seen to hold."""
    while True:
        for each in processes:
            peaks[each.name] = max(peaks.get(each.name, 0.0), procfs.resident_mib(_pid(each)))
        await asyncio.sleep(LOOK_SECONDS)


def _pid(process: Process) -> int:
    if process.popen is None:
        raise LookupError(f"{process.name} does not run")
    return process.popen.pid
