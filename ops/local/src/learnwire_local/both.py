"""Kafka and MongoDB together."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from learnwire_local.kafka import Kafka, start_kafka
from learnwire_local.mongo import Mongo, start_mongo


def start_both(directory: Path | None, *, throwaway: bool = False) -> tuple[Kafka, Mongo]:
    """Both at the same time; what came up is ended again when the other did not."""
    with ThreadPoolExecutor(2) as pool:
        kafka = pool.submit(start_kafka, directory and directory / "kafka", throwaway=throwaway)
        mongo = pool.submit(start_mongo, directory and directory / "mongo", throwaway=throwaway)
    for one, other in ((kafka, mongo), (mongo, kafka)):
        if one.exception() and not other.exception():
            other.result().close()
    return kafka.result(), mongo.result()
