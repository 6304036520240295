# pyright: basic, reportMissingImports=false
# Why: quixstreams is installed where this runs, not where types are checked.
"""quixstreams: its own MongoDB sink, and a batching sink as its documentation tells to write one.

Checkpoints (which make the batches) by `commit_every`, as the page on custom sinks advises.
"""

import sys
from typing import Any

from pymongo import MongoClient
from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBatch
from quixstreams.sinks.community.mongodb import MongoDBSink

from bench.document import document
from bench.heat import BATCH_RECORDS, COLLECTION, Clock, Heat
from bench.peers.keeping import Pairs

PARTITIONS = 6
STATEFUL = "quixstreams-F"


class Timed(BatchingSink):
    """Starts the clock with the first record and stops it, and the application, after the last write."""

    clock: Clock
    left: int
    app: Application

    def add(self, *args: Any, **kwargs: Any) -> None:
        self.clock.first()
        super().add(*args, **kwargs)

    def write(self, batch: SinkBatch) -> None:
        super().write(batch)
        self.left -= batch.size
        if self.left <= 0:
            self.clock.done()
            self.app.stop()


class Inserting(BatchingSink):
    def __init__(self, heat: Heat) -> None:
        super().__init__()
        self._heat = heat

    def setup(self) -> None:
        client = MongoClient[dict[str, Any]](self._heat.mongo_uri, w="majority")
        self._collection = client[self._heat.database][COLLECTION]

    def write(self, batch: SinkBatch) -> None:
        self._collection.insert_many([item.value for item in batch], ordered=False)


class Keeping(BatchingSink):
    """A document a learner and course, read, changed, written back."""

    def __init__(self, heat: Heat) -> None:
        super().__init__()
        self._heat = heat

    def setup(self) -> None:
        self._pairs = Pairs(self._heat)

    def write(self, batch: SinkBatch) -> None:
        self._pairs.take(item.value for item in batch)


class OwnSink(Timed, MongoDBSink):
    pass


class KeepingSink(Timed, Keeping):
    pass


class CustomSink(Timed, Inserting):
    pass


def main() -> None:
    variant, heat = sys.argv[1], Heat.read(sys.argv[2])
    app = Application(
        broker_address=heat.kafka,
        consumer_group=heat.group,
        auto_offset_reset="earliest",
        # A batch is written for each partition by itself: with as many times the records each is as large as the others'.
        commit_every=BATCH_RECORDS * PARTITIONS,
        commit_interval=1.0,
        auto_create_topics=False,
        loglevel="WARNING",
    )
    if variant == "quixstreams-own":
        sink: Timed = OwnSink(
            host=heat.mongo_uri.removeprefix("mongodb://").partition("/")[0],
            db=heat.database,
            collection=COLLECTION,
            document_matcher=lambda item: {"_id": item.value["_id"]},
            w="majority",
        )
    else:
        sink = KeepingSink(heat) if variant == STATEFUL else CustomSink(heat)
    sink.clock, sink.left, sink.app = Clock(heat), heat.events, app
    frame = app.dataframe(topic=app.topic(heat.topic_name, value_deserializer="json"))
    if variant != STATEFUL:
        frame = frame.apply(lambda event: document(event, event["data"]))
    frame.sink(sink)
    app.run()


if __name__ == "__main__":
    main()
