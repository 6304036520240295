"""`python -m bench.watching URI DATABASE COLLECTION COUNT FILE`: notes when each document could first be read.

A process of its own, so that neither the publisher nor the variants wait for it. It follows the collection's change
stream, which tells of a document once a majority holds it, and writes a line for each: instant and `_id`. The instants
are those of `time.monotonic`, which all processes of a machine share on Linux.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient

READY = "watching"
STAGES = [{"$match": {"operationType": "insert"}}, {"$project": {"documentKey": 1}}]


def watch(uri: str, database: str, collection: str, count: int, file: Path) -> None:
    """Until so many have come."""
    with (
        MongoClient[dict[str, Any]](uri) as client,
        file.open("w") as out,
        client[database][collection].watch(STAGES, max_await_time_ms=200) as stream,
    ):
        print(READY, flush=True)
        for _ in range(count):
            key = next(stream)["documentKey"]["_id"]
            out.write(json.dumps([time.monotonic(), key]) + "\n")
            out.flush()


def seen(file: Path) -> dict[str, float]:
    """What such a process has noted so far: `_id` → instant."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {key: at for at, key in (json.loads(each) for each in lines if each.endswith("]"))}


if __name__ == "__main__":
    _, uri, database, collection, count, file = sys.argv
    watch(uri, database, collection, int(count), Path(file))
