# pyright: basic, reportMissingImports=false
# Why: sentry-arroyo is installed where this runs, not where types are checked.
"""sentry-arroyo: batch, write, commit, as its examples and its page on strategies put them together."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from arroyo.backends.kafka.configuration import build_kafka_consumer_configuration
from arroyo.backends.kafka.consumer import KafkaConsumer, KafkaPayload
from arroyo.processing.processor import StreamProcessor
from arroyo.processing.strategies import BatchStep, CommitOffsets, RunTask
from arroyo.processing.strategies.abstract import ProcessingStrategy, ProcessingStrategyFactory
from arroyo.processing.strategies.batching import ValuesBatch
from arroyo.types import Commit, Message, Partition, Topic
from pymongo import MongoClient

from bench.document import document
from bench.heat import BATCH_RECORDS, COLLECTION, Clock, Heat
from bench.peers.keeping import Pairs

STATEFUL = "arroyo-F"
QUEUED = 100_000
"""Messages that librdkafka reads ahead: with its default the reference run came to a tenth less."""


class Factory(ProcessingStrategyFactory[KafkaPayload]):
    def __init__(self, heat: Heat, clock: Clock, *, stateful: bool) -> None:
        self.processor: StreamProcessor[KafkaPayload]
        self._collection = MongoClient[dict[str, Any]](heat.mongo_uri, w="majority")[heat.database][COLLECTION]
        self._pairs = Pairs(heat) if stateful else None
        self._left = heat.events
        self._clock = clock

    def create_with_partitions(
        self,
        commit: Commit,
        partitions: Mapping[Partition, int],  # noqa: ARG002  arroyo's signature
    ) -> ProcessingStrategy[KafkaPayload]:
        write = RunTask(self._write, CommitOffsets(commit))
        batch = BatchStep(max_batch_size=BATCH_RECORDS, max_batch_time=0.2, next_step=write)
        return RunTask(self._begin, batch)

    def _begin(self, message: Message[KafkaPayload]) -> KafkaPayload:
        self._clock.first()
        return message.payload

    def _write(self, message: Message[ValuesBatch[KafkaPayload]]) -> None:
        events = [json.loads(each.payload.value) for each in message.payload]
        if self._pairs is not None:
            self._pairs.take(events)
        else:
            self._collection.insert_many([document(each, each["data"]) for each in events], ordered=False)
        self._left -= len(events)
        if self._left <= 0:
            self._clock.done()
            self.processor.signal_shutdown()


def main() -> None:
    heat = Heat.read(sys.argv[2])
    consumer = KafkaConsumer(
        build_kafka_consumer_configuration(
            default_config={},
            bootstrap_servers=[heat.kafka],
            auto_offset_reset="earliest",
            group_id=heat.group,
            queued_min_messages=QUEUED,
        )
    )
    factory = Factory(heat, Clock(heat), stateful=sys.argv[1] == STATEFUL)
    factory.processor = StreamProcessor(consumer=consumer, topic=Topic(heat.topic_name), processor_factory=factory)
    factory.processor.run()


if __name__ == "__main__":
    main()
