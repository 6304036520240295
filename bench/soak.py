"""`python -m bench.soak`: an hour of steady events for all four services; whether memory and open files grow, and the end.

Each minute a new part of the chaos loads is published (repetitions and 1 % poison in it), ten bursts a minute; every ten
seconds memory and open files of each process are looked at. Growth is the slope of a straight line through what was
seen after warm-up. Afterwards the end state is verified as chaos does it.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import procfs
from bench.go1 import servers, write
from bench.report import head
from tests.chaos.loads import LOADS
from tests.chaos.storm import Storm
from tests.world import Process, World

MARKS = ("<!-- bench soak: begin -->", "<!-- bench soak: end -->")
LOOK_SECONDS = 10.0
A_MINUTE = 60
WARM_SHARE = 0.25
"""Of the time: caches fill, the collector finds its thresholds."""
GOAL_MIB = 1.0
"""In ten minutes."""
HEADS = (
    "service", "resident after warm-up, MiB", "at the end", "at most", "growth in 10 minutes, MiB", "open files", "at the end",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """One process at one moment, in seconds since the start."""

    at: float
    resident_mib: float
    files: int


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return how much the straight line of least squares rises with one unit."""
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else 0.0


def growth(looks: Sequence[Look]) -> float:
    """MiB in ten minutes."""
    return slope([(each.at / 600, each.resident_mib) for each in looks])


def warm(looks: Sequence[Look]) -> Sequence[Look]:
    return [each for each in looks if each.at >= looks[-1].at * WARM_SHARE] if looks else []


def table(seen: dict[str, list[Look]]) -> str:
    lines = [f"| {' | '.join(HEADS)} |", f"| --- |{' ---: |' * (len(HEADS) - 1)}"]
    for name, looks in seen.items():
        some = warm(looks)
        first, last = some[0], some[-1]
        most = max(each.resident_mib for each in looks)
        cells = f"{first.resident_mib:.1f} | {last.resident_mib:.1f} | {most:.1f} | {growth(some):+.2f}"
        lines.append(f"| {name} | {cells} | {first.files} | {last.files} |")
    most = max(growth(warm(looks)) for looks in seen.values())
    said = "reached" if most <= GOAL_MIB else "**not reached**"
    return "\n".join([*lines, "", f"- Goal ≤ {GOAL_MIB:.0f} MiB in 10 minutes after warm-up: {most:+.2f}, {said}"])


async def soak(
    kafka: str, mongo_uri: str, folder: Path, *, minutes: int, rate: int, seed: int
) -> tuple[dict[str, list[Look]], list[str]]:
    """What was seen of each process, and what was not as it must be in the end."""
    seen: dict[str, list[Look]] = {}
    rng = random.Random(seed)
    async with (
        World(kafka, mongo_uri, f"soak{seed}.", folder) as world,
        Storm(world, LOADS, rng, folder, settled_seconds=600) as storm,
    ):
        parts = storm.drawn(rate * A_MINUTE * minutes // len(LOADS), parts=minutes)
        looking = asyncio.create_task(_look(list(storm.processes.values()), seen))
        begun = time.monotonic()
        for minute, part in enumerate(parts):
            await storm.publish(part, A_MINUTE - 5)
            await asyncio.sleep(max(0.0, begun + (minute + 1) * A_MINUTE - time.monotonic()))
            resident = (f"{name} {each[-1].resident_mib:.1f}" for name, each in seen.items())
            print(f"minute {minute + 1}:", *resident, flush=True)
        looking.cancel()
        print(table(seen), flush=True)  # what an hour has shown stands, whatever the end, which takes its time
        wrong = await storm.wrong()
        wrong += [f"{name} ended with {code}" for name, code in storm.ended().items()]
    return seen, wrong


async def _look(processes: Sequence[Process], seen: dict[str, list[Look]]) -> None:
    begun = time.monotonic()
    while True:
        for each in processes:
            if each.popen is not None and each.popen.poll() is None:
                pid = each.popen.pid
                look = Look(time.monotonic() - begun, procfs.resident_mib(pid), procfs.open_files(pid))
                seen.setdefault(each.name, []).append(look)
        await asyncio.sleep(LOOK_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=200, help="events a second, a quarter for each service")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--write", type=Path, help="put the table into this page, such as docs/performance.md")
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnwire-bench-")))
        kafka, mongo_uri = servers(stack)
        run = soak(kafka, mongo_uri, folder, minutes=chosen.minutes, rate=chosen.rate, seed=chosen.seed)
        seen, wrong = asyncio.run(run)
    text = table(seen)
    print(*wrong, sep="\n")
    if chosen.write and not wrong:
        write(
            chosen.write, MARKS, f"{head('bench.soak', arguments, chosen.seed)}\n\n{text}\n\nAll events accounted for."
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
