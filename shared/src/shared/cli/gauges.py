"""What the screen shows of the services' metrics, and from where on it is yellow or red. Names no service."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client.parser import text_string_to_metric_families

Colour = Literal["red", "yellow", "green"]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number. `take`: how several samples become one. `of`: shown as percent of this metric."""

    title: str
    metric: str
    yellow: float
    red: float = math.inf
    take: Literal["sum", "max"] = "sum"
    of: str | None = None

    def colour(self, value: float) -> Colour:
        """Return how bad it is."""
        return "red" if value >= self.red else "yellow" if value >= self.yellow else "green"


GAUGES = (
    Gauge("partitions standing still", "learnwire_consumer_open_breakers", 1, 1),
    Gauge("oldest unpublished change, s", "learnwire_outbox_oldest_age_seconds", 30, 120, "max"),
    Gauge("Salesforce: objects not written", "learnwire_salesforce_stopped", 1, 1),
    Gauge("Salesforce: deletes that wait for approval", "learnwire_salesforce_guarded_deletes", 1, 1),
    Gauge("Salesforce: rows refused", "learnwire_salesforce_rejected_rows", 1),
    Gauge("Salesforce: rows to write", "learnwire_salesforce_dirty_rows", 100_000),
    Gauge("Salesforce: oldest row to write, s", "learnwire_salesforce_dirty_rows_oldest_age_seconds", 600, 1_800, "max"),
    Gauge("Salesforce: rows that differed at the last proof", "learnwire_salesforce_drift_rows", 1),
    Gauge(
        "Salesforce: the org's calls used, %", "learnwire_salesforce_api_calls_used", 80, 95,
        of="learnwire_salesforce_api_calls_limit",
    ),
    Gauge("Go1: completions parked", "learnwire_go1_parked_facts", 1),
    Gauge("log: rows without a seal", "learnwire_log_rows_unsealed", 100_000),
    Gauge("mails waiting", "learnwire_tracker_mails_waiting", 20, 1_000),
)  # fmt: skip


def read(text: str) -> Mapping[str, list[tuple[Mapping[str, str], float]]]:
    """Return the samples of a scrape by name."""
    found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def values(samples: Mapping[str, list[tuple[Mapping[str, str], float]]]) -> Iterable[tuple[Gauge, float]]:
    """Yield the gauges that a service has, with their values."""
    for each in GAUGES:
        some = [value for _, value in samples.get(each.metric, ())]
        if not some:
            continue
        value = max(some) if each.take == "max" else sum(some)
        if each.of is not None:
            limit = sum(value for _, value in samples.get(each.of, ()))
            value = 100 * value / limit if limit else 0.0
        yield each, round(value, 1)
