"""bulk-tracker at size: `python -m bench.tracker [list] [report] [viewers]`, a million each unless `--count` says less.

Starts a Kafka and a MongoDB of its own, or uses those that LEARNWIRE_TEST_KAFKA and LEARNWIRE_TEST_MONGO name, and the
real service as a process. Figures are for docs/performance.md.
"""

import argparse
import asyncio
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from contracts.bulk_actions import BulkActionFinished, BulkActionProgressed, BulkActionRowsReported, ReportedRow
from learnwire_local.both import start_both
from tests.journeys.bulk_portal import Portal
from tests.world import Process, World, eventually

NOW = datetime.now(UTC).replace(microsecond=0)
OF_ONE = 5_000
"""Actions of one requester; the others belong to others."""
QUERIES: Mapping[str, dict[str, str]] = {
    "newest": {},
    "by status": {"status": "completed_with_errors"},
    "by type": {"type": "dynamic_rules"},
    "by reference id": {"q": "BA-7"},
    "by file name": {"q": "file-31"},
    "by file name, none": {"q": "nothing of the kind"},
    "by time": {"from": (NOW - timedelta(days=3)).strftime("%Y-%m-%d")},
}
ASKED = 200
VIEWERS, OF_ONE_VIEWER, UPDATES = 200, 5, 20


def peak_mib(process: Process) -> float:
    if process.popen is None:
        raise RuntimeError("it does not run")
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def lists(portal: Portal, count: int) -> None:
    """Write actions straight into the database, copies of one that the service made, and ask for pages."""
    await portal.world.publish(portal.of_ada("model"))
    await portal.has_status("model", "not_started")
    with MongoClient[dict[str, Any]](portal.world.mongo_uri) as client:
        actions = client[portal.world.database_of("bulk-tracker")]["actions"]
        model = actions.find_one({"_id": portal.id("model")})
        if model is None:
            raise RuntimeError("the service has not stored its action")
        for start in range(0, count, 10_000):
            actions.insert_many([_copy(model, each) for each in range(start, start + 10_000)], ordered=False)
    print(f"{count:,} actions, {OF_ONE:,} of each requester; {ASKED} pages of 50 each, milliseconds")
    token = portal.world.token("bulk-tracker", "manager", subject="u-7", portal_id=portal.name, seconds=3_000)
    async with httpx.AsyncClient(base_url=portal.process.url, headers={"Authorization": f"Bearer {token}"}) as client:
        for name, query in QUERIES.items():
            took = [await _one_page(client, query) for _ in range(ASKED)]
            cuts = statistics.quantiles(took, n=20)
            print(f"  {name:20} p50 {statistics.median(took):6.1f}  p95 {cuts[18]:6.1f}  worst {max(took):6.1f}")


async def _one_page(client: httpx.AsyncClient, query: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    answer = await client.get("/v1/actions", params=query)
    took = (time.perf_counter() - begun) * 1_000
    answer.raise_for_status()
    await asyncio.sleep(0.017)  # 60 a second are allowed
    return took


def _copy(model: dict[str, Any], number: int) -> dict[str, Any]:
    statuses, types = ("completed", "completed_with_errors", "failed"), ("users_upload", "group_enroll", "reminders")
    name, at = f"bench-{number:07}", NOW - timedelta(seconds=number)
    return model | {
        "_id": name,
        "requester_id": f"u-{number // OF_ONE}",
        "submitted_at": at,
        "touched_at": at,
        "status": statuses[number % 3],
        "action_type": "dynamic_rules" if number % 500 == 0 else types[number % 3],
        "reference_key": f"ba{number * 7919 % 10**10:010}",
        "files": [f"file-{number}.csv"],
        "owes": [],
    }


async def report(portal: Portal, count: int) -> None:
    """Report rows, wait for the end, download."""
    world, name = portal.world, portal.id("big")
    begun = time.monotonic()
    await world.publish(portal.of_ada("big", notify=False))
    for start in range(2, count + 2, 50_000):
        await world.publish(*(_rows(name, each) for each in range(start, min(start + 50_000, count + 2), 1_000)))
    await world.publish(BulkActionFinished(action_id=name, finished_at=NOW, outcome="completed"))
    token = world.token("bulk-tracker", "manager", subject="u-ada", portal_id=portal.name, seconds=3_600)

    async def status() -> str:
        return (await world.get(portal.process, f"/v1/actions/{name}", token=token)).json().get("status", "")

    await eventually(status, "the end", until=lambda found: found == "completed_with_errors", seconds=3_000)
    took_in, after_intake = time.monotonic() - begun, peak_mib(portal.process)
    begun, lines = time.monotonic(), 0
    async with (
        httpx.AsyncClient(base_url=portal.process.url, timeout=300) as client,
        client.stream(
            "GET", f"/v1/actions/{name}/error-report", headers={"Authorization": f"Bearer {token}"}
        ) as answer,
    ):
        async for _ in answer.aiter_lines():
            lines += 1
    if lines != count + 1:
        raise RuntimeError(f"{lines} lines came")
    print(
        f"{count:,} rows: in {count / took_in:,.0f} rows/s, out {count / (time.monotonic() - begun):,.0f} rows/s; "
        f"memory at most {after_intake:.0f} MiB after the intake, {peak_mib(portal.process):.0f} MiB after the download"
    )


def _rows(name: str, start: int) -> BulkActionRowsReported:
    rows = tuple(
        ReportedRow(
            row=row,
            status="error" if row % 7 else "warning",
            identifier=f"learner{row}@acme.example",
            issue=f"Unknown group 'Group {row % 300}'",
            resolution="Create the group first",
        )
        for row in range(start, start + 1_000)
    )
    return BulkActionRowsReported(action_id=name, reported_at=NOW, rows=rows)


async def viewers(portal: Portal, count: int) -> None:
    """Have people look live, each at an action of his own portal's, and see how long an update takes to all."""
    people = [f"v-{each}" for each in range(min(VIEWERS, count) // OF_ONE_VIEWER)]
    requester = portal.of_ada("x").requester
    await portal.world.publish(
        *(portal.of_ada(each, requester=requester.model_copy(update={"id": each, "email": None})) for each in people)
    )
    before = peak_mib(portal.process)
    heard: asyncio.Queue[float] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        looking = [group.create_task(_look(portal, each, heard)) for each in people for _ in range(OF_ONE_VIEWER)]
        for _ in looking:
            await heard.get()  # the submission, told to each as he comes
        took: list[float] = []
        for number in range(1, UPDATES + 1):
            begun = time.monotonic()
            await portal.world.publish(*(_progress(portal.id(each), number) for each in people))
            took += [await heard.get() - begun for _ in looking]
        for one in looking:
            one.cancel()
    cuts = statistics.quantiles(took, n=20)
    print(
        f"{len(looking)} live viewers, {UPDATES} updates to all: p50 {statistics.median(took):.2f} s, p95 {cuts[18]:.2f} s, "
        f"last {max(took):.2f} s after publishing; memory {before:.0f} MiB before, {peak_mib(portal.process):.0f} MiB at most"
    )


async def _look(portal: Portal, person: str, heard: "asyncio.Queue[float]") -> None:
    token = portal.world.token("bulk-tracker", "manager", subject=person, portal_id=portal.name, seconds=3_000)
    headers = {"Authorization": f"Bearer {token}"}
    since = (NOW - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    known = 0
    async with (
        httpx.AsyncClient(base_url=portal.process.url, timeout=None, headers=headers) as client,  # noqa: S113  a stream
        client.stream("GET", "/v1/stream", params={"since": since}) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: ") and (version := int(line.rpartition(" ")[2].rstrip("}"))) > known:
                known = version
                heard.put_nowait(time.monotonic())


def _progress(name: str, number: int) -> BulkActionProgressed:
    return BulkActionProgressed(
        action_id=name, progressed_at=datetime.now(UTC), processed=number, succeeded=number, warnings=0, errors=0
    )


MEASURES = {"list": lists, "report": report, "viewers": viewers}


async def measure(names: list[str], count: int, kafka: str, mongo: str) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async with World(kafka, mongo, f"bench{secrets.token_hex(3)}.", Path(folder)) as world:
                process = world.service("bulk-tracker")
                await world.ready(process)
                await MEASURES[name](Portal(world, process, None, "acme"), count)  # pyright: ignore[reportArgumentType]  nobody is mailed


def main() -> None:
    parser = argparse.ArgumentParser(description="bulk-tracker at size")
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES], help=f"{', '.join(MEASURES)}; all where empty")
    parser.add_argument("--count", type=int, default=1_000_000, help="actions, or rows")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        kafka, mongo = os.environ.get("LEARNWIRE_TEST_KAFKA"), os.environ.get("LEARNWIRE_TEST_MONGO")
        if not (kafka and mongo):
            local_kafka, local_mongo = start_both(None)
            stack.enter_context(local_kafka)
            stack.enter_context(local_mongo)
            kafka, mongo = local_kafka.bootstrap, local_mongo.uri
        asyncio.run(measure(chosen.measures or list(MEASURES), chosen.count, kafka, mongo))


if __name__ == "__main__":
    main()
