"""What the command prints: tables for people, JSON for machines."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from shared import kafka, mongo

out = Console()
err = Console(stderr=True)

EXIT_BAD_INPUT = 2
EXIT_UNREACHABLE = 3

R = TypeVar("R")


def show(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str], title: str, as_json: bool) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        print(json.dumps([dict(each) for each in rows], indent=2, ensure_ascii=False, default=str))  # noqa: T201  the command's output
        return
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    for each in rows:
        table.add_row(*(str(each.get(column, "")) for column in columns))
    out.print(table)


def complain(message: str, *, code: int = EXIT_BAD_INPUT) -> NoReturn:
    """Say on standard error what is wrong and what to do, and end with this code."""
    err.print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(code)


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run to the end; a server that cannot be reached is a sentence and exit code 3, not a trace."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if (down := mongo.as_unavailable(error)) is not None and down.dependency == "mongodb":
            complain(
                f"MongoDB does not answer ({down.reason}): check LEARNWIRE_MONGO_URI or LEARNWIRE_MONGO_URI_FILE",
                code=EXIT_UNREACHABLE,
            )
        if (down := kafka.as_unavailable(error)) is None:
            raise
        complain(
            f"Kafka does not answer ({down.reason or down}): check LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS",
            code=EXIT_UNREACHABLE,
        )


def answer(told: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """Print what was done: a sentence, or JSON."""
    if as_json:
        print(json.dumps(dict(told), indent=2, ensure_ascii=False))  # noqa: T201  the command's output
    else:
        out.print(sentence, markup=False, highlight=False)


def screen(lines: Iterable[tuple[Sequence[str], str]], not_reached: Mapping[str, str]) -> None:
    """Print lines (cells, colour) as a table without a head; and on standard error what could not be reached, and why."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for cells, colour in lines:
        table.add_row(*cells, style=colour if colour != "green" else "")
    out.print(table)
    tell_not_reached(not_reached)


def tell_not_reached(not_reached: Mapping[str, str]) -> None:
    """Say on standard error what could not be reached, and why."""
    for what, why in not_reached.items():
        err.print(f"not reached: {what} ({why})", style="yellow", markup=False, highlight=False)
