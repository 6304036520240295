"""Kafka in: one consumer for all services."""

from shared.consumer.batch import Work
from shared.consumer.consumer import Consumer
from shared.consumer.facts import Fact, Handler, InOrder, Refusal, Things

__all__ = ["Consumer", "Fact", "Handler", "InOrder", "Refusal", "Things", "Work"]
