"""Backlog and soak: their arithmetic, and small runs."""

import asyncio
from pathlib import Path

import pytest

from bench import backlog, soak
from bench.backlog import Drained
from bench.together import together

LOOKS = [backlog.Look(at / 2, at * 1_000, 100 + at) for at in range(1, 11)]


def test_rates_are_taken_between_looks_and_the_largest_process_counts() -> None:
    found = Drained(10_000, 6, 2, LOOKS, 0.5)
    assert (found.seconds, found.rate(0, 1), found.rate(0.9, 1), found.peak_mib) == (4.5, 2_000, 2_000, 110)
    assert backlog.table([found]).splitlines()[-1] == (
        "| 10,000 | 6 | 2 | 4.5 | 2,000 | 0, 2,000 | 50 | 110 | all there, once |"
    )
    assert backlog.goal([found]).endswith("110 MiB, reached")


def test_what_is_not_there_once_stands_in_the_table() -> None:
    found = Drained(10_000, 6, 1, LOOKS, 0.5, "rows 9,999")
    assert backlog.table([found]).endswith("| rows 9,999 |")


def test_growth_is_the_slope_after_warm_up() -> None:
    cold = [soak.Look(at, 150.0 - at, 9) for at in range(0, 900, 10)]
    steady = [soak.Look(at, 90.0 + at / 750, 9) for at in range(900, 3_610, 10)]
    text = soak.table({"a": [*cold, *steady]})
    assert "| a | 91.2 | 94.8 | 150.0 | +0.80 | 9 | 9 |" in text
    assert text.endswith("+0.80, reached")
    assert soak.slope([(1.0, 5.0)]) == 0.0


@pytest.mark.long
async def test_a_small_backlog_is_drained_by_two_processes(kafka: str, mongo_uri: str, tmp_path: Path) -> None:
    found = await backlog.drained(kafka, mongo_uri, tmp_path, events=3_000, partitions=2, processes=2, seed=1)
    assert (found.trouble, found.looks[-1].committed) == (None, 3_000)


@pytest.mark.long
async def test_all_services_drain_a_small_backlog_together(kafka: str, mongo_uri: str, tmp_path: Path) -> None:
    text, good = await together(kafka, mongo_uri, tmp_path, events=1_200, seed=1)
    assert good, text


@pytest.mark.long
async def test_a_minute_of_soaking_is_accounted_for(kafka: str, mongo_uri: str, tmp_path: Path) -> None:
    seen, wrong = await soak.soak(kafka, mongo_uri, tmp_path, minutes=1, rate=20, seed=1)
    assert wrong == []
    assert len(seen) == 4
    await asyncio.to_thread(soak.table, seen)
