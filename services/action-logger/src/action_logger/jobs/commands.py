"""The operator's commands: `action-logger verify`, `action-logger prune`."""

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from action_logger.jobs.prune import prune
from action_logger.jobs.verify import Verdict, verify
from action_logger.settings import Settings
from action_logger.store import keyfile
from action_logger.store.people import People
from action_logger.store.records import Records
from action_logger.store.releases import Releases
from action_logger.store.seals import Seals
from shared import service
from shared.mongo import DuplicateKeyError, PyMongoError
from shared.service import Given

log = structlog.stdlib.get_logger()

INTACT, TAMPERED, UNTOLD = 0, 1, 2
_HMAC = re.compile("[0-9a-fA-F]{64}")


def verify_command(settings: Given[Settings], arguments: list[str]) -> int:
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

    async def run(seals: Seals, _: Releases) -> int:
        total = await seals.rows_sealed()
        with _bar() as bar:
            task = bar.add_task("rows", total=total)
            verdict = await verify(seals, expect=asked.expect, progress=lambda rows: bar.advance(task, rows))
        return _tell(verdict)

    return _run(settings(), run)


def prune_command(settings: Given[Settings], arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "action-logger prune",
        description="Remove the rows of seals that hold nothing newer. The MongoDB user must be allowed to delete.",
    )
    parser.add_argument(
        "--before", type=_day, required=True, metavar="DATE", help="UTC; rows with timestamps before this day go"
    )
    asked = parser.parse_args(arguments)

    async def run(seals: Seals, releases: Releases) -> int:
        with _bar() as bar:
            task = bar.add_task("seals", total=None)
            try:
                done = await prune(
                    seals,
                    releases,
                    before=asked.before,
                    progress=lambda at, of: bar.update(task, completed=at, total=of),
                )
            except DuplicateKeyError:
                print("refused: another prune began at the same time; run it again when that one has ended", file=sys.stderr)  # fmt: skip  # noqa: T201  for a person
                return UNTOLD
        print(f"pruned seals {done.seals} rows {done.rows} persons {done.persons}")  # noqa: T201  for a person
        return 0

    return _run(settings(), run)


def _run(settings: Settings, step: Callable[[Seals, Releases], Awaitable[int]]) -> int:
    async def opened() -> int:
        async with service.opened("action-logger", settings) as shell:
            records, seals = Records(shell.keys), Seals(shell.database, shell.keys)
            wrong = await keyfile.trouble(shell.database, records, seals)
            if wrong is not None:
                print(f"could not tell: {wrong}", file=sys.stderr)  # noqa: T201  for a person
                return UNTOLD
            return await step(seals, Releases(shell.database, People(shell.database, records)))

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
    if not (number.isascii() and number.isdecimal() and _HMAC.fullmatch(hmac)):
        raise argparse.ArgumentTypeError("give NUMBER:HMAC as verify prints it: a number, a colon, 64 hex digits")
    return int(number), hmac.lower()


def _day(text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; give one like 2026-01-31") from None
    if day > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text} has yet to come: that would remove the whole log")
    return day
