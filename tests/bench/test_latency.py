"""The table of latencies: its arithmetic, and one small run of both variants."""

from pathlib import Path

import pytest

from bench import watching
from bench.latency import Timing, at_share, goal, measure, table
from bench.load import row_id
from bench.variants import OURS


def test_a_share_of_all_values_is_at_most_so_great() -> None:
    values = [float(each) for each in range(1_000, 0, -1)]
    assert [at_share(values, share) for share in (0.0, 0.5, 0.99, 0.999, 1.0)] == [1, 500, 990, 999, 1_000]
    assert at_share([7.0], 0.99) == 7.0


TIMINGS = [
    Timing(500, OURS, [0.010] * 98 + [0.120, 0.400], 0, 0.08),
    Timing(500, "A", [0.004] * 100, 0, 0.02),
    Timing(50, "A", [0.004] * 10, 2, 0.02),
    Timing(2_000, OURS, [], 100, 0.0),
]


def test_the_table_is_ordered_by_rate_and_tells_what_is_missing() -> None:
    rows = table(TIMINGS).splitlines()[2:]
    assert rows == [
        "| 50 | A: bare loop | 10, 2 missing | 4 | 4 | 4 | 4 | 65 |",
        "| 500 | A: bare loop | 100 | 4 | 4 | 4 | 4 | 50 |",
        "| 500 | **action-logger** | 100 | 10 | 120 | 400 | 400 | 200 |",
        "| 2,000 | **action-logger** | none could be read | | | | | |",
    ]


def test_the_goal_is_judged_by_the_99th_of_a_hundred_at_500_a_second() -> None:
    assert goal(TIMINGS).endswith("≤ 150 ms: 120 ms, reached")
    assert goal([Timing(500, OURS, [0.2], 0, 0.0)]).endswith("200 ms, **not reached**")
    assert goal([Timing(500, OURS, [0.1], 1, 0.0)]).endswith("**not reached**")
    assert goal(TIMINGS[1:]).endswith("not measured in this run")


def test_a_line_that_is_not_written_whole_yet_is_not_read(tmp_path: Path) -> None:
    noted = tmp_path / "seen"
    assert watching.seen(noted) == {}
    noted.write_text('[1.5, "a\\n1"]\n[2.5, "a')
    assert watching.seen(noted) == {"a\n1": 1.5}
    assert row_id(1) == "/lms/acme\nevent-00000001"


@pytest.mark.long
@pytest.mark.parametrize("variant", ["A", OURS])
def test_every_event_of_a_small_run_is_timed(kafka: str, mongo_uri: str, tmp_path: Path, variant: str) -> None:
    timing = measure(kafka, mongo_uri, tmp_path, variant=variant, rate=50, seconds=2, seed=1)
    assert (len(timing.late), timing.missing) == (100, 0)
    assert 0 < min(timing.late) <= max(timing.late) < 30
