"""The race in small: it runs, nobody loses an event, and what it says is true of what it measured."""

from pathlib import Path

from bench.report import BEGIN, END, NAMES, write
from bench.rounds import Course, Result, race
from bench.table import ratios, table
from bench.worker import VARIANTS


def test_every_variant_writes_and_commits_every_event_once(kafka: str, mongo_uri: str, tmp_path: Path) -> None:
    course = Course.at(kafka, mongo_uri, tmp_path, events=300, people=30)
    results = race(course, [*VARIANTS], rounds=1, seed=7)
    assert {each.variant: each.trouble for each in results} == dict.fromkeys(VARIANTS)


def result(number: int, variant: str, seconds: float) -> Result:
    return Result(number, variant, events=1000, seconds=seconds, cpu_seconds=0.02, trouble=None)


RESULTS = [
    result(1, "A", 1.0),
    result(1, "action-logger", 0.5),
    result(2, "action-logger", 4.0),
    result(2, "A", 2.0),
    result(3, "A", 1.0),
    result(3, "action-logger", 1.0),
]


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios(RESULTS, "action-logger", "A") == [2.0, 0.5, 1.0]
    assert table(RESULTS, NAMES).splitlines()[-1] == (
        "| **action-logger**, the whole service | 1,000 | 1.00 (0.50-2.00) | - | 20 |"
    )


def test_the_page_gets_the_table_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(page, "TABLE", RESULTS, command="python -m bench")
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert "TABLE" in text
    assert "Goal ≥ 0.85 x A: 1.00 (0.50-2.00), reached" in text
