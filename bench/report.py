"""The page `docs/performance.md`: this run's table between two marks, the text around it stays."""

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.environments import python_of, version_of
from bench.rounds import Outcome, Result
from bench.table import best_peer, ratios, spread
from bench.variants import OURS, VARIANTS

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(page: Path, table: str, outcome: Outcome, *, people: int, command: str) -> None:
    """Replace what is between the marks."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    results = outcome.results
    rounds, events = max(each.round for each in results), max(each.events for each in results)
    lines = [
        f"Run {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {events:,} events of {people:,} people, {rounds} rounds: `{command}`",
        "",
        f"Machine: {machine()}.{_peers(outcome)}",
        "",
        table,
        "",
        *goals(results),
    ]
    page.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


def head(module: str, arguments: Sequence[str] | None, seed: int) -> str:
    """Return what stands over a table: when it was made, by which command, on which machine."""
    command = shlex.join(["python", "-m", module, *(arguments or sys.argv[1:])])
    return f"Run {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: `{command}`, seed {seed}\n\nMachine: {machine()}."


def goals(results: Sequence[Result]) -> list[str]:
    """Say of each goal whether this run reached it."""
    best = best_peer(results)
    wanted = [("A", 0.85), ("FastStream", 1.6), ("A", 0.6), ("quixstreams-own", 1.0), ("quixstreams-custom", 1.0)]
    if best is not None:
        wanted.append((best, 1.4))
    sealed = [each.sealed / each.events for each in results if each.sealed is not None]
    said = [f"- Rows of action-logger sealed when its clock stopped: {median(sealed):.0%}"] if sealed else []
    return [*(_goal(results, base, least, best) for base, least in wanted), *said]


def _goal(results: Sequence[Result], base: str, least: float, best: str | None) -> str:
    found = ratios(results, OURS, base)
    name = f"{base}, the fastest peer" if base == best else base
    if not found:
        return f"- ≥ {least} x {name}: not measured in this run"
    reached = median(found) >= least
    return f"- Goal ≥ {least} x {name}: {spread(found)}, {'reached' if reached else '**not reached**'}"


def machine() -> str:
    """What it ran on, and how busy that was with other things."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{each} {version(each)}" for each in ("aiokafka", "motor", "pydantic", "faststream"))
    return (
        f"{os.cpu_count()} cores ({model.group(1) if model else platform.machine()}), {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}, {packages}; "
        f"load average at the end {os.getloadavg()[1]:.1f}; commit {_commit()}"
    )


def _peers(outcome: Outcome) -> str:
    ran = {each.variant for each in outcome.results}
    packages = {
        (each.environment, each.package)
        for name, each in VARIANTS.items()
        if name in ran and each.environment and each.package
    }
    said = [f"{package} {version_of(python_of(place), package)}" for place, package in sorted(packages)]
    return f" Peers: {', '.join(said)}." if said else ""


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
