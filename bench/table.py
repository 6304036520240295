"""Results as a table: medians, and ratios taken within a round, with their ranges."""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.rounds import Result
from bench.variants import OURS, VARIANTS, Variant


def ratios(results: Sequence[Result], variant: str, base: str) -> list[float]:
    """One ratio of rates for each round."""
    by_round: dict[int, dict[str, Result]] = {}
    for each in results:
        by_round.setdefault(each.round, {})[each.variant] = each
    return [some[variant].rate / some[base].rate for some in by_round.values() if variant in some and base in some]


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})" if values else "-"


def table(
    results: Sequence[Result], absent: Mapping[str, str], variants: Mapping[str, Variant] = VARIANTS, ours: str = OURS
) -> str:
    """As Markdown; who could not take part is in it, with the reason."""
    heads = (
        "variant",
        "events/s, median",
        "÷ A, same round: median (range)",
        "action-logger ÷ it, same round",
        "client CPU, µs/event",
        "peak MiB",
    )
    lines = [f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for variant, each in variants.items():
        mine = [result for result in results if result.variant == variant]
        if mine:
            cpu = median(result.cpu_seconds / result.events * 1e6 for result in mine)
            cells = (
                f"{rate(results, variant):,.0f}",
                spread(ratios(results, variant, "A")),
                spread(ratios(results, ours, variant)),
                f"{cpu:.0f}",
                f"{median(result.peak_mib for result in mine):.0f}",
            )
            lines.append(f"| {each.title} | {' | '.join(cells)} |")
        if variant in absent:
            lines.append(f"| {each.title} | {absent[variant]} | | | | |")
    return "\n".join(lines)


def rate(results: Sequence[Result], variant: str) -> float:
    return median(each.rate for each in results if each.variant == variant)


def best_peer(results: Sequence[Result]) -> str | None:
    """Return the peer with the greatest median rate."""
    present = {each.variant for each in results if each.variant in VARIANTS and VARIANTS[each.variant].peer}
    return max(present, key=lambda peer: rate(results, peer), default=None)
