"""The README's table of rules names tests that there are."""

import re
from pathlib import Path

from tests.journeys.test_go1_cases import CASES

ROOT = Path(__file__).parents[2]
README = (ROOT / "services/go1-stats-processor/README.md").read_text()


def test_every_test_that_the_readme_names_is_there() -> None:
    sources = [*(ROOT / "tests/go1_stats_processor").glob("test_*.py"), *(ROOT / "tests/journeys").glob("test_go1*.py")]
    there = {name for each in sources for name in re.findall(r"def (test_\w+)", each.read_text())}
    named = set(re.findall(r"`(test_\w+)`", README))
    assert len(named) > 20
    assert named - there == set()


def test_every_case_that_the_readme_names_is_there() -> None:
    named = set(re.findall("“([^”]+)”", README))
    assert len(named) > 15
    assert named - CASES.keys() == set()
