"""The race of those who write into Salesforce, in small."""

from pathlib import Path

import pytest

from bench.salesforce import Result, race, ratios, table
from bench.salesforce_writers import WRITERS


@pytest.mark.long
def test_every_writer_writes_every_row(kafka: str, mongo_uri: str, tmp_path: Path) -> None:
    results = race(tmp_path, kafka, mongo_uri, [*WRITERS], rows=50, rounds=1, seed=7)
    assert {each.writer: (each.rows, each.trouble) for each in results} == {
        writer: (5 if writer == "simple-salesforce" else 50, None) for writer in WRITERS
    }


def test_ratios_are_of_times_per_row_within_a_round() -> None:
    results = [
        Result(1, "aio-sf", rows=100, seconds=1.0, cpu_seconds=0.01, calls=2, trouble=None),
        Result(1, "simple-salesforce", rows=10, seconds=1.0, cpu_seconds=0.01, calls=11, trouble=None),
        Result(2, "aio-sf", rows=100, seconds=4.0, cpu_seconds=0.01, calls=2, trouble=None),
        Result(2, "simple-salesforce", rows=10, seconds=2.0, cpu_seconds=0.01, calls=11, trouble=None),
    ]
    assert ratios(results, "simple-salesforce", "aio-sf") == [0.1, 0.2]
    assert table(results).splitlines()[2:] == [
        "| simple-salesforce, an upsert a row | 150,000 | 0.15 (0.10-0.20) | 1,000 | 1,100.0 |",
        "| aio-sf, collections, five in flight | 25,000 | 1.00 (1.00-1.00) | 100 | 20.0 |",
    ]
