"""Subcommands: the rules in words, and attempts worked out anew from the kept facts."""

import sys
from argparse import ArgumentParser

from contracts.types import instant_text
from go1_stats_processor.domain.rules import EXPLANATIONS, Rules
from go1_stats_processor.store.flow import Flow
from go1_stats_processor.store.rebuilding import Rebuilt, rebuild


def explain_rules(rules: Rules) -> int:
    """Print each rule with its source, and the numbers in force."""
    settings = {
        "LEARNWIRE_GO1_DEFAULT_PROGRESS": f"{rules.default_progress} %",
        "LEARNWIRE_GO1_WEB_UPDATED_AT": instant_text(rules.web_updated_at),
        "LEARNWIRE_GO1_MOBILE_UPDATED_AT": instant_text(rules.mobile_updated_at),
        "LEARNWIRE_GO1_TIME_CUTOVER": instant_text(rules.time_cutover),
    }
    lines = [
        "Numbers in force:",
        *(f"  {name} = {value}" for name, value in settings.items()),
        "",
        "Rules that `why` names:",
    ]
    for rule, each in EXPLANATIONS.items():
        lines += [f"  {rule}", f"      {each.meaning}", f"      Source: {each.source}."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def explaining() -> ArgumentParser:
    return ArgumentParser("go1-stats-processor explain-rules", description="Tell the rules, and the numbers in force.")


def rebuilding() -> ArgumentParser:
    parser = ArgumentParser(
        "go1-stats-processor rebuild", description="Work attempts out anew from the facts that are kept."
    )
    parser.add_argument("--dry-run", action="store_true", help="tell how many would change, and change nothing")
    return parser


async def run_rebuild(flow: Flow, *, dry_run: bool) -> int:
    found = await rebuild(flow, dry_run=dry_run, progress=_progress)
    sys.stderr.write("\n" if sys.stderr.isatty() else "")
    verb = "would change" if dry_run else "changed"
    sys.stdout.write(
        f"groups {found.groups}  completions {found.enrollments}  attempts that {verb} {found.attempts}  rows that {verb} {found.rows}\n"
    )
    return 0


def _progress(so_far: Rebuilt, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rrebuild: {so_far.groups + so_far.enrollments:,} of about {total:,}")
        sys.stderr.flush()
