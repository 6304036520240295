"""Metrics of this service."""

from shared.metrics import gauge, histogram

lag = histogram(
    "go1_completion_lag_seconds",
    "From a completion at Go1 to its attempt being worked out, as completions are played for the first time",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 3600, 86_400),
)
parked = gauge("go1_parked_facts", "Completions that wait for their learner or course", ("reason",))
