"""Results as a table: medians, and ratios taken within a round, with their ranges."""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.rounds import Result

Row = tuple[str, float, str, str, float]


def ratios(results: Sequence[Result], variant: str, base: str) -> list[float]:
    """One ratio of rates for each round."""
    by_round: dict[int, dict[str, Result]] = {}
    for each in results:
        by_round.setdefault(each.round, {})[each.variant] = each
    return [some[variant].rate / some[base].rate for some in by_round.values() if variant in some and base in some]


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})" if values else "-"


def table(results: Sequence[Result], names: Mapping[str, str]) -> str:
    """As Markdown."""
    lines = [
        "| variant | events/s, median | ÷ A, same round: median (range) | ÷ FastStream batch, same round | client CPU, µs/event |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for variant, name in names.items():
        mine = [each for each in results if each.variant == variant]
        if mine:
            rate = median(each.rate for each in mine)
            cpu = median(each.cpu_seconds / each.events * 1e6 for each in mine)
            to_a = spread(ratios(results, variant, "A"))
            to_peer = spread(ratios(results, variant, "FastStream"))
            lines.append(f"| {name} | {rate:,.0f} | {to_a} | {to_peer} | {cpu:.0f} |")
    return "\n".join(lines)
