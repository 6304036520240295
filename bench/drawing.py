# pyright: basic, reportMissingImports=false
# Why: matplotlib is installed where this runs (bench/requirements/plots.txt), not where types are checked.
"""`python bench/drawing.py BARS SVG`: bars with their ranges, from JSON to SVG. Only `bench.plots` calls it."""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
# Ids that do not change from run to run: a page's figure differs only where its numbers do.
mpl.rcParams["svg.hashsalt"] = "learnwire"
mpl.rcParams["svg.fonttype"] = "none"  # letters stay letters

from matplotlib import pyplot as plt  # noqa: E402  after the back-end is chosen

OURS, OTHERS, LINE = "#1f5fa8", "#9aa5b1", "#333333"


def draw(bars: dict, file: Path) -> None:
    rows = bars["rows"][::-1]  # the first on top
    figure, axes = plt.subplots(figsize=(7.5, 0.6 + 0.42 * len(rows)), layout="constrained")
    middles = [each["median"] for each in rows]
    low = [each["median"] - each["least"] for each in rows]
    high = [each["most"] - each["median"] for each in rows]
    colours = [OURS if each["ours"] else OTHERS for each in rows]
    axes.barh([each["name"] for each in rows], middles, xerr=[low, high], color=colours, ecolor=LINE, capsize=3)
    axes.axvline(1.0, color=LINE, linewidth=0.8, linestyle="--")
    axes.set_xlabel(bars["axis"])
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, metadata={"Date": None, "Title": bars["axis"]})


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
