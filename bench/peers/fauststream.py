# pyright: basic, reportMissingImports=false
# Why: faust is installed where this runs, not where types are checked.
"""faust-streaming: an agent that takes many values at once, as its user guide shows for batches."""

import asyncio
import os
import signal
import sys
from typing import Any

import faust
from motor.motor_asyncio import AsyncIOMotorClient

from bench.document import document
from bench.heat import BATCH_RECORDS, COLLECTION, Clock, Heat
from bench.peers.keeping import Pairs

STATEFUL = "faust-F"


def main() -> None:
    heat = Heat.read(sys.argv[2])
    clock = Clock(heat)
    pairs = Pairs(heat) if sys.argv[1] == STATEFUL else None
    app = faust.App(
        heat.group,
        broker=f"kafka://{heat.kafka}",
        store="memory://",
        value_serializer="json",
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        broker_max_poll_records=BATCH_RECORDS,
        broker_commit_interval=0.5,
        stream_buffer_maxsize=2 * BATCH_RECORDS,
        datadir=str(heat.folder / heat.group),
    )

    @app.agent(app.topic(heat.topic_name))
    async def store(stream: Any) -> None:
        collection = AsyncIOMotorClient(heat.mongo_uri, w="majority")[heat.database][COLLECTION]

        def begin(value: Any) -> Any:
            clock.first()
            return value

        stream.add_processor(begin)
        left = heat.events
        async for events in stream.take(BATCH_RECORDS, within=0.2):
            if pairs is not None:
                await asyncio.get_running_loop().run_in_executor(None, pairs.take, events)
            else:
                await collection.insert_many([document(each, each["data"]) for each in events], ordered=False)
            left -= len(events)
            if left <= 0:
                clock.done()
                asyncio.get_running_loop().call_later(2, os.kill, os.getpid(), signal.SIGTERM)  # commits meanwhile

    faust.Worker(app, loglevel="WARNING", loop=asyncio.new_event_loop()).execute_from_commandline()


if __name__ == "__main__":
    main()
