"""The race in small: it runs, nobody loses an event, and what it says is true of what it measured."""

from pathlib import Path

import pytest

from bench.report import BEGIN, END, goals, write
from bench.rounds import Course, Outcome, Result, race
from bench.table import best_peer, ratios, table
from bench.variants import OURS, VARIANTS


def test_the_product_and_the_bare_loop_write_and_commit_every_event_once(
    kafka: str, mongo_uri: str, tmp_path: Path
) -> None:
    course = Course.at(kafka, mongo_uri, tmp_path, events=300, people=30)
    outcome = race(course, ["A", OURS], rounds=1, seed=7)
    assert {each.variant: each.trouble for each in outcome.results} == {"A": None, OURS: None}


@pytest.mark.long
def test_every_peer_writes_and_commits_every_event_once(kafka: str, mongo_uri: str, tmp_path: Path) -> None:
    """Installs the peers' environments, where that was not done yet."""
    course = Course.at(kafka, mongo_uri, tmp_path, events=300, people=30)
    outcome = race(course, [*VARIANTS], rounds=1, seed=7)
    assert outcome.absent == {}
    assert {each.variant: each.trouble for each in outcome.results} == dict.fromkeys(VARIANTS)


def result(number: int, variant: str, seconds: float, *, sealed: float | None = None) -> Result:
    return Result(
        number, variant, events=1000, seconds=seconds, cpu_seconds=0.02, trouble=None, peak_mib=99.6, sealed=sealed
    )


RESULTS = [
    result(1, "A", 1.0),
    result(1, OURS, 0.5, sealed=250),
    result(2, OURS, 4.0, sealed=500),
    result(2, "A", 2.0),
    result(3, "A", 1.0),
    result(3, OURS, 1.0, sealed=750),
    result(1, "FastStream", 3.0),
    result(1, "arroyo", 2.0),
]


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios(RESULTS, OURS, "A") == [2.0, 0.5, 1.0]
    assert table(RESULTS, {}).splitlines()[-1] == (
        f"| {VARIANTS[OURS].title} | 1,000 | 1.00 (0.50-2.00) | 1.00 (1.00-1.00) | 20 | 100 |"
    )


def test_who_could_not_take_part_is_in_the_table_with_the_reason() -> None:
    lines = table(RESULTS, {"faust": "not installed: no network"}).splitlines()
    assert "| faust-streaming, agent with `take` | not installed: no network | | | | |" in lines


def test_the_goal_over_the_peers_is_measured_against_the_fastest() -> None:
    assert best_peer(RESULTS) == "arroyo"
    assert best_peer([each for each in RESULTS if each.variant in {"A", OURS}]) is None
    assert goals(RESULTS) == [
        "- Goal ≥ 0.85 x A: 1.00 (0.50-2.00), reached",
        "- Goal ≥ 1.6 x FastStream: 6.00 (6.00-6.00), reached",
        "- Goal ≥ 0.6 x A: 1.00 (0.50-2.00), reached",
        "- ≥ 1.0 x quixstreams-own: not measured in this run",
        "- ≥ 1.0 x quixstreams-custom: not measured in this run",
        "- Goal ≥ 1.4 x arroyo, the fastest peer: 4.00 (4.00-4.00), reached",
        "- Rows of action-logger sealed when its clock stopped: 50%",
    ]


def test_the_page_gets_the_table_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    outcome = Outcome([each for each in RESULTS if each.variant != "arroyo"])
    write(page, "TABLE", outcome, people=50, command="python -m bench")
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "TABLE" in text
    assert "Goal ≥ 0.85 x A: 1.00 (0.50-2.00), reached" in text
