"""Real Kafka and MongoDB on this machine, from Python packages alone."""

from learnwire_local.kafka import Kafka, start_kafka
from learnwire_local.mongo import Mongo, start_mongo
from learnwire_local.processes import Process, StartError, free_port, spawn

__all__ = ["Kafka", "Mongo", "Process", "StartError", "free_port", "spawn", "start_kafka", "start_mongo"]
