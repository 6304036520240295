"""Metrics out: Prometheus, prefix `learnwire_`, each declared once with help and unit. No ids as labels."""

from collections.abc import Sequence

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

PREFIX = "learnwire_"


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """Declare a counter; `_total` is added to its name by the exposition."""
    return Counter(PREFIX + name, text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """Declare a gauge."""
    return Gauge(PREFIX + name, text, labels)


def histogram(name: str, text: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = ()) -> Histogram:
    """Declare a histogram; `buckets` in the metric's unit."""
    return Histogram(
        PREFIX + name,
        text,
        labels,
        buckets=buckets or (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
    )


events = counter("events", "Records consumed, by event type and what became of them", ("event_type", "outcome"))
processing = histogram(
    "event_processing_seconds", "From taking a batch in to its write being acknowledged, a sample per batch"
)
end_to_end = histogram(
    "event_end_to_end_seconds", "From Kafka's timestamp of the oldest record of a batch to its write being acknowledged"
)
lag = gauge("consumer_lag_records", "Records not yet handled and committed", ("topic", "partition"))
last_progress = gauge("consumer_last_progress_timestamp_seconds", "When a batch was last finished, Unix time")
dead_letters = counter("dead_letters", "Records set aside", ("reason",))
mis_keyed = counter(
    "events_mis_keyed", "Records whose Kafka key is not the one their data asks for (they are handled all the same)"
)
dropped_attributes = counter(
    "event_attributes_dropped", "Optional attributes of the envelope that were bad and dropped", ("attribute",)
)
conflicts = counter("event_conflicts", "Two facts of one version with different data", ("event_type",))
open_breakers = gauge("consumer_open_breakers", "Partitions that stand still because too much failed on them")
outbox_oldest_age = gauge("outbox_oldest_age_seconds", "Age of the oldest change not yet published")
dependency_up = gauge("dependency_up", "1 while the dependency answers", ("name",))
http_requests = counter("http_requests", "HTTP requests answered", ("method", "route", "status"))
http_seconds = histogram(
    "http_request_seconds", "From the request's head to the answer's last byte", ("method", "route")
)


def exposition() -> bytes:
    """Return all metrics of this process in Prometheus' text format."""
    return generate_latest(REGISTRY)
