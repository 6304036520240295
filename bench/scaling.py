"""What an installation of so many learners needs: processes, partitions, disks, shards, calls of Salesforce.

`python -m bench.scaling --learners 1000000` calculates from what one event was measured to cost
(`bench/footprint.json`, made by `python -m bench.footprint`) and from what learners do, which are assumptions: each is
an option, so put in your own. `--write docs/scaling.md` replaces the tables there.
"""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from bench.footprint import FILE, Cost

SECONDS_AN_HOUR = 3_600
DAYS_A_YEAR = 365
KAFKA_DAYS = 14
COPIES = 3
"""Of everything in Kafka and MongoDB."""
PARTITIONS = 6
"""Topics have this many unless more are needed, and a multiple of it then."""
ROWS_A_CALL = 200
BULK_FROM_ROWS = 2_000
CALLS_A_BULK_JOB = 12
ROWS_A_BULK_JOB = 100_000
MARKS = ("<!-- scaling: begin -->", "<!-- scaling: end -->")


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is not measured. Rates are events by learner and day."""

    learners: int = 1_000_000
    content_actions: float = 4.0
    bulk_events: float = 0.2
    go1_events: float = 0.5
    sync_events: float = 3.0
    linked_percent: float = 30.0
    busiest_hour_percent: float = 20.0
    busy_percent: float = 50.0
    log_years: float = 3.0
    rows_an_event: float = 2.0
    write_seconds: float = 60.0
    licences: int = 1_000
    share_percent: float = 50.0
    shard_tib: float = 1.0

    def rates(self) -> Mapping[str, float]:
        return {
            "action-logger": self.content_actions,
            "bulk-tracker": self.bulk_events,
            "go1-stats-processor": self.go1_events,
            "salesforce-syncer": self.sync_events,
        }


MEANINGS = {
    "learners": "learners on all portals",
    "content_actions": "content actions by learner and day",
    "bulk_events": "events of bulk actions by learner and day",
    "go1_events": "Go1 launches, resumes, completions by learner and day",
    "sync_events": "changes of learners and enrollments by learner and day",
    "linked_percent": "percent of learners linked with Salesforce",
    "busiest_hour_percent": "percent of a day's events in its busiest hour",
    "busy_percent": "percent of its core that a process may be busy in that hour",
    "log_years": "years that the log is kept",
    "rows_an_event": "rows of Salesforce that an event makes dirty: its own and the profile",
    "write_seconds": "seconds of changes that one round of the writer takes together, in the busiest hour",
    "licences": "Salesforce licences of the org (Enterprise: 100,000 calls a day and 1,000 a licence)",
    "share_percent": "our share of these calls (LEARNWIRE_SALESFORCE_QUOTA_SHARE_PERCENT)",
    "shard_tib": "TiB of data and indexes on one shard",
}


@dataclass(frozen=True, slots=True)
class Need:
    """What one service needs."""

    service: str
    events_a_day: float
    peak: float
    capacity: float
    processes: int
    partitions: int
    kafka_gib: float
    mongodb_gib_a_year: float


@dataclass(frozen=True, slots=True)
class Calls:
    """What Salesforce is asked in a day, by collections of 200 rows and by Bulk API."""

    rows: float
    peak_round_rows: float
    collections: int
    bulk: int
    allowed: int

    @property
    def takes(self) -> int:
        """What the writer really takes: bulk where a round has enough rows for it."""
        return self.bulk if self.peak_round_rows > BULK_FROM_ROWS else self.collections


def need(cost: Cost, assumed: Assumed) -> Need:
    events = assumed.learners * assumed.rates()[cost.service]
    peak = events * assumed.busiest_hour_percent / 100 / SECONDS_AN_HOUR
    capacity = 1e6 / cost.cpu_microseconds
    processes = max(2, math.ceil(peak / (capacity * assumed.busy_percent / 100)))
    partitions = PARTITIONS * math.ceil(max(PARTITIONS, 2 * processes) / PARTITIONS)
    stored = (cost.mongodb_bytes + cost.mongodb_index_bytes) * events * DAYS_A_YEAR * COPIES
    return Need(
        cost.service,
        events,
        peak,
        capacity,
        processes,
        partitions,
        events * cost.kafka_bytes * KAFKA_DAYS * COPIES / 2**30,
        stored / 2**30,
    )


def calls(assumed: Assumed) -> Calls:
    """Rows coalesce only within a round: the worst case, in which no row changes twice in one."""
    rows = assumed.learners * assumed.linked_percent / 100 * assumed.sync_events * assumed.rows_an_event
    peak_round = rows * assumed.busiest_hour_percent / 100 / SECONDS_AN_HOUR * assumed.write_seconds
    rounds = 86_400 / assumed.write_seconds
    return Calls(
        rows,
        peak_round,
        math.ceil(rows / ROWS_A_CALL),
        math.ceil(max(rounds * 2, rows / ROWS_A_BULK_JOB) * CALLS_A_BULK_JOB),
        math.floor((100_000 + 1_000 * assumed.licences) * assumed.share_percent / 100),
    )


def shards(needs: Sequence[Need], assumed: Assumed) -> int:
    """Of MongoDB, for the log alone: what grows with time. Copies are on other machines."""
    log = next(each for each in needs if each.service == "action-logger")
    tib = log.mongodb_gib_a_year / COPIES / 1_024 * assumed.log_years
    return max(1, math.ceil(tib / assumed.shard_tib))


def tables(costs: Sequence[Cost], assumed: Assumed, measured: str) -> str:
    needs = [need(each, assumed) for each in costs]
    asked = calls(assumed)
    assumptions = "\n".join(
        f"| `--{f.name.replace('_', '-')}` | {getattr(assumed, f.name):,} | {MEANINGS[f.name]} |"
        for f in fields(assumed)
    )
    cost = "\n".join(
        f"| {c.service} | {c.cpu_microseconds:.0f} | {c.kafka_bytes:.0f} | {c.mongodb_bytes:.0f} + {c.mongodb_index_bytes:.0f} | {c.published:.2f} | {c.resident_mib:.0f} |"
        for c in costs
    )
    needed = "\n".join(
        f"| {n.service} | {n.events_a_day / 1e6:.2f} M | {n.peak:,.0f} | {n.capacity:,.0f} | {n.processes} | {n.partitions} | {n.kafka_gib:,.0f} | {n.mongodb_gib_a_year:,.0f} |"
        for n in needs
    )
    return f"""\
### One event, measured ({measured})

| service | CPU, µs | bytes in Kafka | bytes in MongoDB: data + indexes | events published | resident MiB |
| --- | ---: | ---: | ---: | ---: | ---: |
{cost}

### Assumed

| option | value | meaning |
| --- | ---: | --- |
{assumptions}

### Needed

| service | events a day | events/s in the busiest hour | events/s of one core | processes | partitions | Kafka, GiB ({KAFKA_DAYS} days, {COPIES} copies) | MongoDB, GiB a year ({COPIES} copies) |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{needed}

Shards of MongoDB for {assumed.log_years:g} years of the log: {shards(needs, assumed)}.
Salesforce: {asked.rows / 1e6:.2f} M rows a day, {asked.peak_round_rows:,.0f} in a round of the busiest hour; {asked.collections:,} calls a day \
if all went by collections, {asked.bulk:,} by Bulk API; the writer takes {"Bulk API" if asked.peak_round_rows > BULK_FROM_ROWS else "collections"} \
in that hour. Our share allows {asked.allowed:,} calls a day: {"enough" if asked.takes <= asked.allowed else "**not enough**"}.
"""


def read(file: Path = FILE) -> tuple[list[Cost], str]:
    found = json.loads(file.read_text())
    return [
        Cost(**each) for each in found["costs"]
    ], f"{found['at']}, {found['cores']} cores, load average {found['load']}"


def replaced(text: str, table: str) -> str:
    begin, end = MARKS
    head, _, rest = text.partition(begin)
    return f"{head}{begin}\n{table}{end}{rest.partition(end)[2]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for each in fields(Assumed):
        kind: type[int | float] = int if isinstance(each.default, int) else float
        parser.add_argument(
            f"--{each.name.replace('_', '-')}", type=kind, default=each.default, help=MEANINGS[each.name]
        )
    parser.add_argument("--write", type=Path)
    given = vars(parser.parse_args())
    file: Path | None = given.pop("write")
    costs, measured = read()
    table = tables(costs, Assumed(**given), measured)
    if file is None:
        print(table)
    else:
        file.write_text(replaced(file.read_text(), table))


if __name__ == "__main__":
    main()
