"""A Prometheus of the test's own, our rules evaluated on what it has scraped, and the runbook's first commands."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from learnwire_local import free_port
from tests.ops.waiting import ready
from tests.world import SCRIPTS, Process, World, eventually

ROOT = Path(__file__).parents[2]
RULES = ROOT / "ops/observability/prometheus/rules/learnwire.yml"
LONGEST_SECONDS = 90.0

Labels = dict[str, str]


def expression(alert: str, scaled: Mapping[str, str]) -> str:
    """The rule's own, with its spans and thresholds replaced by shorter ones: a test cannot wait for a day."""
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    expr: str = next(each["expr"] for each in rules if each["alert"] == f"Learnwire{alert}")
    for what, by in scaled.items():
        assert what in expr, f"{alert}: {what} is not in its rule"
        expr = expr.replace(what, by)
    return expr


@dataclass
class Prometheus:
    """Scrapes each process every second."""

    url: str
    world: World

    async def ask(self, expr: str) -> list[Labels]:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.url}/api/v1/query", params={"query": expr}, timeout=10)
        assert answer.status_code == 200, answer.text
        return [each["metric"] for each in answer.json()["data"]["result"]]

    async def fires(self, alert: str, *expected: Labels, scaled: Mapping[str, str] | None = None) -> None:
        """Wait until it speaks of exactly these; with none given, of nothing."""
        expr = expression(alert, scaled or {})
        wanted = sorted(map(str, expected))
        await eventually(
            lambda: self.ask(expr),
            f"{alert} to say {wanted}",
            until=lambda found: sorted(map(str, found)) == wanted,
            seconds=LONGEST_SECONDS,
        )

    async def speaks(self, alert: str, *, scaled: Mapping[str, str] | None = None) -> None:
        """Wait until it says anything."""
        expr = expression(alert, scaled or {})
        await eventually(lambda: self.ask(expr), f"{alert} to speak", seconds=LONGEST_SECONDS)

    async def quiet(self, alert: str, *, scaled: Mapping[str, str] | None = None) -> None:
        await self.fires(alert, scaled=scaled)

    async def page_says(self, alert: str, process: Process, *, healthy: bool) -> None:
        """Wait until the first command of the alert's page prints what the page calls healthy, or something else."""
        page = (ROOT / f"docs/runbook/Learnwire{alert}.md").read_text()
        found = re.search(r"```sh\n(.+)\n```\n\nHealthy:\n\n```text\n(.+)\n```", page, re.DOTALL)
        assert found is not None
        command = re.sub(r"http://127\.0\.0\.1:808[1-4]", process.url, found[1])  # the page: take the service's port
        assert process.url in command or "learnwire " in command, command
        environment = self.world.environment(process.name, process.port)
        environment["PATH"] = f"{SCRIPTS}:{os.environ['PATH']}"

        def run() -> str:
            done = subprocess.run(
                ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False, timeout=60
            )
            return done.stdout.strip()

        await eventually(
            lambda: asyncio.to_thread(run),
            f"{command} to be {'well' if healthy else 'unwell'}",
            until=lambda printed: (printed == found[2]) is healthy,
            seconds=LONGEST_SECONDS,
        )


@asynccontextmanager
async def watching(world: World, folder: Path, processes: Sequence[Process]) -> AsyncGenerator[Prometheus]:
    """Prometheus beside these processes, as long as the block runs."""
    port = free_port()
    settings: dict[str, Any] = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": each.name, "static_configs": [{"targets": [each.url.removeprefix("http://")]}]}
            for each in processes
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as out:
        running = await asyncio.create_subprocess_exec(*command, stdout=out, stderr=out)
    prometheus = Prometheus(f"http://127.0.0.1:{port}", world)
    try:
        await eventually(lambda: _answers(prometheus.url), "Prometheus")
        await eventually(
            lambda: prometheus.ask("up == 1"), "the first look", until=lambda found: len(found) == len(processes)
        )
        yield prometheus
    finally:
        running.terminate()
        await asyncio.wait_for(running.wait(), 20)


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{url}/-/ready", timeout=2)).status_code == 200
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def watched(world: World, folder: Path, *processes: Process) -> AsyncGenerator[Prometheus]:
    await ready(*processes)
    async with watching(world, folder, processes) as prometheus:
        yield prometheus
