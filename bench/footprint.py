"""What one event costs each service: CPU, bytes in MongoDB, bytes in Kafka, rows in Salesforce.

`python -m bench.footprint` starts Kafka, MongoDB and the services, sends each its chaos load (good events, repetitions,
1 % poison, in about their order), and writes `bench/footprint.json`, which `python -m bench.scaling` calculates with.
CPU time is that of the service's process alone; servers take about as much again and are not in it.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from learnwire_local.both import start_both
from tests.chaos.loads import LOADS
from tests.chaos.loads.load import Load
from tests.chaos.storm import Storm
from tests.world import Process, World

FILE = Path(__file__).with_name("footprint.json")
EVENTS = 4_000
SETTLE_SECONDS = 15.0
"""After the last commit: outboxes, mails, Salesforce."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one event, on average."""

    service: str
    events: int
    cpu_microseconds: float
    kafka_bytes: float
    mongodb_bytes: float
    mongodb_index_bytes: float
    published: float
    salesforce_rows: float
    resident_mib: float


def proc(process: Process, name: str) -> str:
    if process.popen is None:
        raise LookupError(f"{process.name} does not run")
    return Path(f"/proc/{process.popen.pid}/{name}").read_text()


def cpu_seconds(process: Process) -> float:
    fields = proc(process, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(process: Process) -> float:
    pages = int(proc(process, "statm").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


async def measured(load: Load, kafka: str, mongo_uri: str, folder: Path, count: int) -> Cost:
    async with (
        World(kafka, mongo_uri, f"foot-{load.service}.", folder) as world,
        Storm(world, (load,), random.Random(1), folder) as storm,
    ):
        process = storm.processes[load.service]
        idle = await idling(process)
        before, begun = cpu_seconds(process), time.monotonic()
        await storm.blow(count, [], seconds=2)
        await storm.quiet(load.service)
        await asyncio.sleep(SETTLE_SECONDS)
        spent = cpu_seconds(process) - before - idle * (time.monotonic() - begun)
        sent = storm.ledger.read()
        events = len(sent)
        bytes_ = sum(len(each.entry.value or b"") + len(each.entry.key or b"") + 150 for each in sent)
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            stats = client[process.environment["LEARNWIRE_MONGO_DATABASE"]].command("dbStats")
        told = {"bulk-tracker": "learnwire.bulk-statuses.v1", "go1-stats-processor": "learnwire.attempts.v1"}
        published = len(await world.records(told[load.service])) if load.service in told else 0
        rows = len(await load.seen(world, process)) if load.service == "salesforce-syncer" else 0
        return Cost(
            load.service,
            events,
            round(spent / events * 1e6, 1),
            round(bytes_ / events),
            round(stats["dataSize"] / events),
            round(stats["indexSize"] / events),
            round(published / events, 3),
            round(rows / events, 3),
            round(resident_mib(process)),
        )


async def idling(process: Process) -> float:
    """CPU seconds a second that the process takes with nothing to do."""
    await asyncio.sleep(3)
    before = cpu_seconds(process)
    await asyncio.sleep(10)
    return (cpu_seconds(process) - before) / 10


async def main(count: int) -> None:
    kafka, mongo = start_both(None)
    costs: list[Cost] = []
    with kafka, mongo:
        for load in LOADS:
            with tempfile.TemporaryDirectory() as folder:
                cost = await measured(load, kafka.bootstrap, mongo.uri, Path(folder), count)
            print(cost)
            costs.append(cost)
    at = datetime.now(UTC).isoformat(timespec="minutes")
    found = {
        "at": at,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "costs": [asdict(each) for each in costs],
    }
    FILE.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--events", type=int, default=EVENTS)
    asyncio.run(main(arguments.parse_args().events))
