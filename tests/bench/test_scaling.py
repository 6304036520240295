"""The calculation of docs/scaling.md: its arithmetic, and that the tables there are the ones it makes."""

from pathlib import Path

from bench.footprint import Cost
from bench.scaling import Assumed, calls, need, read, replaced, shards, tables

ONE = Cost("action-logger", 1, 100.0, 1_000, 600, 424, 0.0, 0.0, 100)


def test_processes_follow_the_busiest_hour_and_partitions_the_processes() -> None:
    found = need(ONE, Assumed(learners=36_000_000, content_actions=1.0, busiest_hour_percent=100.0, busy_percent=50.0))
    assert (found.events_a_day, found.peak, found.capacity) == (36_000_000, 10_000, 10_000)
    assert (found.processes, found.partitions) == (2, 6)
    more = need(ONE, Assumed(learners=144_000_000, content_actions=1.0, busiest_hour_percent=100.0))
    assert (more.processes, more.partitions) == (8, 18)


def test_a_small_installation_still_has_two_processes_and_six_partitions() -> None:
    found = need(ONE, Assumed(learners=10))
    assert (found.processes, found.partitions) == (2, 6)


def test_disks_hold_two_weeks_in_kafka_and_all_in_mongodb_three_times() -> None:
    found = need(ONE, Assumed(learners=2**20, content_actions=1.0))
    assert found.kafka_gib == 1_000 * 14 * 3 / 1_024
    assert found.mongodb_gib_a_year == 365 * 3
    assert shards([found], Assumed(log_years=3.0)) == 2


def test_salesforce_is_asked_by_bulk_where_a_round_has_enough_rows() -> None:
    few = calls(Assumed(learners=10_000, linked_percent=100.0, sync_events=1.0, rows_an_event=1.0))
    assert (few.rows, few.collections, few.takes) == (10_000, 50, 50)
    many = calls(Assumed())
    assert many.peak_round_rows > 2_000
    assert many.takes == many.bulk == 2 * 1_440 * 12
    assert many.allowed == 550_000


def test_the_tables_of_the_page_are_those_that_the_calculation_makes() -> None:
    page = Path("docs/scaling.md").read_text()
    costs, measured = read()
    assert replaced(page, tables(costs, Assumed(), measured)) == page
