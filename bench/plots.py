"""`python -m bench.plots`: the newest race (`bench/race.json`, left by `make bench`) as `docs/race.svg`.

matplotlib draws it, in an environment of its own, made on demand as those of the peers are.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.environments import REPOSITORY, python_of
from bench.rounds import Result
from bench.table import ratios
from bench.variants import OURS, VARIANTS

RACE = Path(__file__).with_name("race.json")
PICTURE = REPOSITORY / "docs/race.svg"
BASE = "A"


def keep(results: Sequence[Result], file: Path = RACE) -> None:
    """Leave a race for the plot, a heat a line."""
    lines = ",\n".join(json.dumps(asdict(each)) for each in results)
    file.write_text(f"[\n{lines}\n]\n")


def kept(file: Path = RACE) -> list[Result]:
    return [Result(**each) for each in json.loads(file.read_text())]


def bars(results: Sequence[Result]) -> dict[str, Any]:
    """Return what to draw: for each variant the median of the same rounds' ratios to A, the least and the greatest."""
    rows: list[dict[str, Any]] = []
    for name, variant in VARIANTS.items():
        if found := ratios(results, name, BASE):
            title = variant.title.replace("*", "").replace("`", "").partition(",")[0].partition(":")[0]
            # Two variants of one framework differ in what follows its name.
            title = title if title not in {each["name"] for each in rows} else name
            spread = {"median": median(found), "least": min(found), "most": max(found)}
            rows.append({"name": title, "ours": name == OURS, **spread})
    return {"axis": "events/s ÷ A of the same round: median and range", "rows": rows}


def draw(results: Sequence[Result], picture: Path = PICTURE) -> None:
    """Draw it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bars.json"
        file.write_text(json.dumps(bars(results)))
        subprocess.run([python_of("plots"), Path(__file__).with_name("drawing.py"), file, picture], check=True)
    # Ends of lines that matplotlib leaves are taken off: the picture is committed.
    picture.write_text("\n".join(line.rstrip() for line in picture.read_text().splitlines()) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.plots", description=__doc__)
    parser.add_argument("--race", type=Path, default=RACE)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    chosen = parser.parse_args(arguments)
    draw(kept(chosen.race), chosen.picture)


if __name__ == "__main__":
    main()
