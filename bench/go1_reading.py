"""`python -m bench.go1_reading`: how soon and how well go1-stats-processor answers, the service as its own process.

Latency: facts at a steady rate, each looked for with `GET /v1/attempts` from the moment it was published. Volume: rows as
the service stores them, then statistics of a course and the export, with the process's peak memory.
"""

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from bench import go1_load, go1_rows, load
from bench.go1 import servers, write
from bench.heat import Heat
from bench.product import environment
from bench.report import machine
from contracts import Go1CourseCompleted, Go1CourseLaunched
from contracts.event import Event
from contracts.go1 import EntryPoint
from go1_stats_processor.app import NAME

MARKS = ("<!-- bench go1 reading: begin -->", "<!-- bench go1 reading: end -->")
LOOK_SECONDS = 0.05
OVERDUE_SECONDS = 2.0
MIB = 1024


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.go1_reading", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="facts a second")
    parser.add_argument("--seconds", type=int, default=30, help="how long facts are published")
    parser.add_argument(
        "--attempts", type=int, default=1_000_000, help="rows for the export; a fifth are of one course"
    )
    parser.add_argument("--write", type=Path, help="put the figures into this page, such as docs/performance.md")
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnwire-bench-")))
        kafka, mongo_uri = servers(stack)
        lines = asyncio.run(_all(kafka, mongo_uri, folder, chosen))
    print("\n".join(lines))
    if chosen.write:
        rows = ["| measured | goal | found |", "| --- | --- | --- |", *lines]
        text = f"Run {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: `python -m bench.go1_reading`\n\nMachine: {machine()}.\n\n"
        write(chosen.write, MARKS, text + "\n".join(rows))
    return 0


async def _all(kafka: str, mongo_uri: str, folder: Path, chosen: argparse.Namespace) -> list[str]:
    prefix = f"bench{secrets.token_hex(3)}."
    await go1_load.make_topics(kafka, prefix)
    heat = Heat(kafka, mongo_uri, prefix, "", f"{prefix}g", f"bench_go1_{secrets.token_hex(3)}", 0, folder, folder)
    try:
        async with _service(heat) as (client, process):
            before = _cpu_seconds(process)
            late = await _latencies(heat, client, rate=chosen.rate, seconds=chosen.seconds)
            lines = [_latency_line(late, chosen.rate, _cpu_seconds(process) - before)]
            print(lines[0], flush=True)
            with MongoClient[dict[str, Any]](mongo_uri) as mongo:
                go1_rows.insert(mongo, heat.database, chosen.attempts)
            lines.append(await _statistics_line(client, chosen.attempts // 5))
            lines.append(await _export_line(client, process, chosen.attempts))
            return lines
    finally:
        with MongoClient[dict[str, Any]](mongo_uri) as mongo:
            mongo.drop_database(heat.database)
        await load.remove(kafka, prefix)


@asynccontextmanager
async def _service(heat: Heat) -> AsyncGenerator[tuple[httpx.AsyncClient, "subprocess.Popen[bytes]"]]:
    """Run the console script, and a client with a token."""
    settings = environment(heat)
    script = Path(sys.executable).with_name(NAME)
    process = _started(script, {"PATH": os.environ["PATH"], **settings}, heat.folder / "service.log")
    url, secret = f"http://127.0.0.1:{settings['LEARNWIRE_HTTP_PORT']}", (heat.folder / "jwt").read_text()
    try:
        async with httpx.AsyncClient(base_url=url, timeout=300, auth=_Bearer(secret)) as client:
            await _until_ready(client)
            yield client, process
    finally:
        process.terminate()
        process.wait(30)


def _started(script: Path, settings: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        return subprocess.Popen([script], env=settings, stdout=out, stderr=out)


def _cpu_seconds(process: "subprocess.Popen[bytes]") -> float:
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _peak_mib(process: "subprocess.Popen[bytes]") -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / MIB


class _Bearer(httpx.Auth):
    """A principal of its own for each request: the limit of requests is a principal's."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Any:
        now = int(time.time())
        claims = {
            "iss": "https://issuer.example",
            "aud": NAME,
            "sub": secrets.token_hex(4),
            "iat": now,
            "exp": now + 600,
        }
        token = jwt.encode({**claims, "roles": ["analyst"], "portals": "*"}, self._secret, algorithm="HS256")
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


async def _until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the service was not ready within a minute")


# Latency


async def _latencies(heat: Heat, client: httpx.AsyncClient, *, rate: int, seconds: int) -> list[float]:
    """Seconds from a fact being handed to Kafka's client to the first answer that shows it."""
    published: dict[tuple[str, str], float] = {}
    late: list[float] = []
    async with AIOKafkaProducer(bootstrap_servers=heat.kafka, enable_idempotence=True, linger_ms=2) as producer:

        async def publish(number: int, data: Event) -> None:
            made = go1_load.record(number, datetime.now(UTC), data)
            await producer.send(heat.topic_prefix + made.topic, made.value, key=made.key, headers=made.headers)

        for number, each in enumerate(go1_load.catalogue()):
            await publish(number, each)
        await producer.flush()
        await _until_read(client, go1_load.COURSES)
        watching = asyncio.create_task(_watch(client, published, late, expected=rate * seconds))
        begun = time.perf_counter()
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            data, shown = _fact(number)
            published[shown] = time.perf_counter()
            await publish(number + 1_000, data)
        await asyncio.wait_for(watching, 60)
    return late


async def _until_read(client: httpx.AsyncClient, facts: int) -> None:
    """Wait until the catalogue has been taken in."""
    while True:
        lines = (await client.get("/metrics")).text.splitlines()
        if sum(float(each.split()[-1]) for each in lines if each.startswith("learnwire_events_total{")) >= facts:
            return
        await asyncio.sleep(0.2)


def _fact(number: int) -> tuple[Event, tuple[str, str]]:
    """A launch, and then its completion; with what shows that it has been taken in."""
    pair, now = number // 2, datetime.now(UTC)
    who: dict[str, Any] = {
        "portal_id": "acme",
        "email": f"learner{pair}@example.org",
        "course_id": f"course{pair % go1_load.COURSES}",
    }
    launch_id = f"launch{pair}"
    if number % 2 == 0:
        launched = Go1CourseLaunched(
            **who, learner_id=f"learner{pair}", channel="web", launch_id=launch_id, launched_at=now,
            entry_point=EntryPoint(kind="catalog"),
        )  # fmt: skip
        return launched, (launch_id, "in_progress")
    done = Go1CourseCompleted(**who, go1_enrollment_id=f"done{pair}", completed_at=now, passed=True, version=1)
    return done, (launch_id, "completed")


async def _watch(
    client: httpx.AsyncClient, published: dict[tuple[str, str], float], late: list[float], *, expected: int
) -> None:
    """Look at the newest attempts again and again. What was overtaken by its completion was seen with it at the latest."""
    seen_before = 0
    while len(late) < expected:
        cursor: str | None = ""
        while cursor is not None:
            asked = {"portal_id": "acme", "limit": "50", "cursor": cursor}
            page = (await client.get("/v1/attempts", params=asked)).json()
            late += _late(page["items"], published)
            # Newest first: behind a page without news there is none, but what came out of order is looked for as well.
            overdue = sum(time.perf_counter() - each > OVERDUE_SECONDS for each in published.values())
            cursor = page["next_cursor"] if len(late) > seen_before or overdue else None
            seen_before = len(late)
        await asyncio.sleep(LOOK_SECONDS)


def _late(items: list[dict[str, Any]], published: dict[tuple[str, str], float]) -> list[float]:
    now = time.perf_counter()
    found: list[float | None] = []
    for each in items:
        shown = ("in_progress", "completed") if each["status"] == "completed" else ("in_progress",)
        found += [published.pop((each["attempt_id"], status), None) for status in shown]
    return [now - each for each in found if each is not None]


def _latency_line(late: list[float], rate: int, cpu_seconds: float) -> str:
    late = sorted(late)
    p50, p99 = late[len(late) // 2], late[len(late) * 99 // 100]
    return (
        f"| published to readable by HTTP, {rate} facts/s, {len(late):,} facts, looked for every {LOOK_SECONDS * 1000:.0f} ms"
        f" | p99 < 1 s | p50 {p50:.2f} s, p99 {p99:.2f} s, longest {late[-1]:.2f} s; the service's CPU"
        f" {cpu_seconds / len(late) * 1000:.1f} ms a fact, answers included |"
    )


# Volume


async def _statistics_line(client: httpx.AsyncClient, attempts: int) -> str:
    took: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        answer = await client.get("/v1/courses/big/statistics", params={"portal_id": "volume"})
        took.append(time.perf_counter() - begun)
        found = answer.json()
        if found.get("attempts", 0) + found.get("voided", 0) != attempts:
            raise RuntimeError(f"{answer.status_code}: {found}")
    took.sort()
    return f"| statistics of a course with {attempts:,} attempts | ≤ 1.5 s | {took[2]:.2f} s, slowest of five {took[-1]:.2f} s |"


async def _export_line(client: httpx.AsyncClient, process: "subprocess.Popen[bytes]", attempts: int) -> str:
    begun, lines, size = time.perf_counter(), 0, 0
    async with client.stream("GET", "/v1/attempts/export", params={"format": "csv", "portal_id": "volume"}) as answer:
        async for some in answer.aiter_bytes():
            lines += some.count(b"\n")
            size += len(some)
    if lines != attempts + 1:
        raise RuntimeError(f"{answer.status_code}: {lines} lines")
    return (
        f"| export of {attempts:,} attempts as CSV ({size / MIB / MIB:.0f} MiB, {time.perf_counter() - begun:.0f} s)"
        f" | ≤ 256 MiB | the process's peak {_peak_mib(process):.0f} MiB |"
    )


if __name__ == "__main__":
    sys.exit(main())
