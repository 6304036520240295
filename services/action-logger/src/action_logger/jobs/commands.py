"""The operator's commands: `action-logger verify`, `action-logger prune`."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from action_logger.jobs.prune import prune
from action_logger.jobs.verify import Verdict, verify
from action_logger.settings import Settings
from action_logger.store.seals import Seals
from shared import service
from shared.mongo import PyMongoError

log = structlog.stdlib.get_logger()

INTACT, TAMPERED, UNTOLD = 0, 1, 2


def verify_command(settings: Settings, arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "action-logger verify", description="Compute the chain of seals again from the rows."
    )
    parser.add_argument(
        "--expect",
        type=_seal_name,
        metavar="NUMBER:HMAC",
        help="a seal that must be there, as logged or printed before",
    )
    asked = parser.parse_args(arguments)

    async def run(seals: Seals) -> int:
        total = await seals.rows_sealed()
        with _bar() as bar:
            task = bar.add_task("rows", total=total)
            verdict = await verify(seals, expect=asked.expect, progress=lambda rows: bar.advance(task, rows))
        return _tell(verdict)

    return _run(settings, run)


def prune_command(settings: Settings, arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "action-logger prune",
        description="Remove the rows of seals that hold nothing newer. The MongoDB user must be allowed to delete.",
    )
    parser.add_argument(
        "--before", type=_day, required=True, metavar="DATE", help="UTC; rows with timestamps before this day go"
    )
    asked = parser.parse_args(arguments)

    async def run(seals: Seals) -> int:
        with _bar() as bar:
            task = bar.add_task("seals", total=None)
            done = await prune(
                seals, before=asked.before, progress=lambda at, of: bar.update(task, completed=at, total=of)
            )
        print(f"pruned seals {done.seals} rows {done.rows}")  # noqa: T201  for a person
        return 0

    return _run(settings, run)


def _run(settings: Settings, step: Callable[[Seals], Awaitable[int]]) -> int:
    async def opened() -> int:
        async with service.opened("action-logger", settings) as shell:
            return await step(Seals(shell.database, shell.keys))

    try:
        return asyncio.run(opened())
    except (PyMongoError, OSError) as error:
        code = getattr(error, "code", None)
        print(f"could not tell: {type(error).__name__}{f' {code}' if code else ''}", file=sys.stderr)  # noqa: T201  for a person
        return UNTOLD


def _tell(verdict: Verdict) -> int:
    for each in verdict.findings:
        print(each)  # noqa: T201  for a person
    print(verdict.line)  # noqa: T201  as above
    return TAMPERED if verdict.findings else INTACT


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _seal_name(text: str) -> tuple[int, str]:
    number, _, hmac = text.partition(":")
    return int(number), bytes.fromhex(hmac).hex()


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
