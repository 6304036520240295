"""The race as a picture: what is drawn, and that it can be."""

from pathlib import Path

import pytest

from bench import plots
from bench.rounds import Result
from bench.variants import OURS


def heat(number: int, variant: str, seconds: float) -> Result:
    return Result(number, variant, events=1_000, seconds=seconds, cpu_seconds=0.1, trouble=None)


RACE = [
    *(heat(number, "A", 1.0) for number in (1, 2, 3)),
    *(heat(number, OURS, seconds) for number, seconds in ((1, 0.8), (2, 1.0), (3, 1.25))),
    *(heat(number, name, 4.0) for number in (1, 2) for name in ("FastStream", "quixstreams-own", "quixstreams-custom")),
]


def test_a_bar_is_the_median_of_ratios_within_rounds_and_has_its_range(tmp_path: Path) -> None:
    plots.keep(RACE, tmp_path / "race.json")
    found = plots.bars(plots.kept(tmp_path / "race.json"))["rows"]
    ours = next(each for each in found if each["ours"])
    assert ours == {"name": "action-logger", "ours": True, "median": 1.0, "least": 0.8, "most": 1.25}
    names = [each["name"] for each in found]
    assert names == ["A", "FastStream", "quixstreams", "quixstreams-custom", "action-logger"]


@pytest.mark.long
def test_the_picture_is_the_same_for_the_same_race(tmp_path: Path) -> None:
    """Installs matplotlib's environment, where that was not done yet."""
    first, second = tmp_path / "1.svg", tmp_path / "2.svg"
    for each in (first, second):
        plots.draw(RACE, each)
    assert first.read_text() == second.read_text()
    assert "action-logger" in first.read_text()
