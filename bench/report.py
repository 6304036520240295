"""The page `docs/performance.md`: this run's table between two marks, the text around it stays."""

import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.rounds import Result
from bench.table import ratios, spread

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

NAMES: Mapping[str, str] = {
    "A": "A: bare loop, `json.loads`, one insert after the other",
    "A_pipe": "A_pipe: the same, four inserts in flight",
    "B": "B: A with Pydantic",
    "FastStream": "FastStream, batch of `list[Event]`",
    "action-logger": "**action-logger**, the whole service",
}
GOALS = (("A", 0.85), ("FastStream", 1.6))


def write(page: Path, table: str, results: Sequence[Result], *, command: str) -> None:
    """Replace what is between the marks."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rounds = max(each.round for each in results)
    lines = [
        f"Run {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {results[0].events:,} events, {rounds} rounds: `{command}`",
        "",
        f"Machine: {machine()}.",
        "",
        table,
        "",
        *(_goal(results, base, least) for base, least in GOALS),
    ]
    page.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


def _goal(results: Sequence[Result], base: str, least: float) -> str:
    found = ratios(results, "action-logger", base)
    if not found:
        return f"- ≥ {least} x {base}: not measured in this run"
    reached = sorted(found)[len(found) // 2] >= least
    return f"- Goal ≥ {least} x {base}: {spread(found)}, {'reached' if reached else '**not reached**'}"


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


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
