"""`learnwire dead-letters`: what was set aside, why, and back to its topic after the mend."""

import base64
import json
import os
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from contracts.catalog import SERVICES
from shared.cli.output import EXIT_BAD_INPUT, answer, complain, err, out, run, show
from shared.cli.reach import CommandSettings, known
from shared.failures import Rejected
from shared.kafka import Sender
from shared.letters import Letter, Letters
from shared.mongo import connect
from shared.settings import read_settings

app = typer.Typer(no_args_is_help=True, help="Records that a service has set aside.")

DEFAULT_RATE = 50.0
SAFE_HEADERS = frozenset({"ce_type", "ce_id", "ce_source", "ce_time"})

Service = Annotated[str, typer.Argument(help=f"One of: {', '.join(SERVICES)}")]
Reason = Annotated[str | None, typer.Option(help="malformed, invalid, conflict, refused, unexpected")]
Type = Annotated[str | None, typer.Option("--type", help="Type of event")]
Since = Annotated[datetime | None, typer.Option(help="Set aside at or after (UTC)")]
Until = Annotated[datetime | None, typer.Option(help="Set aside before (UTC)")]
Settled = Annotated[bool, typer.Option("--settled", help="Those too that were replayed or discarded")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines")]
Personal = Annotated[bool, typer.Option("--show-personal-data", help="Print bodies: they may name people")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters a command is about."""

    reason: str | None
    event_type: str | None
    since: datetime | None
    until: datetime | None

    def has(self, letter: Letter) -> bool:
        """Whether it is about this one."""
        return (
            self.reason in {None, letter.reason}
            and self.event_type in {None, letter.event_type}
            and (self.since is None or _text(self.since) <= letter.at)
            and (self.until is None or letter.at < _text(self.until))
        )


@app.command("list")
def list_letters(
    service: Service,
    *,
    reason: Reason = None,
    event_type: Type = None,
    since: Since = None,
    until: Until = None,
    settled: Settled = False,
    as_json: AsJson = False,
) -> None:
    """Dead letters, grouped by reason, type and detail."""
    wanted = Wanted(reason, event_type, since, until)
    letters = run(_read(service, wanted, settled=settled))
    groups = Counter((each.reason, each.event_type, each.detail) for each in letters)
    rows = [
        {"count": count, "reason": key[0], "type": key[1], "detail": key[2], "for example": _example(letters, key)}
        for key, count in groups.most_common()
    ]
    columns = ["count", "reason", "type", "detail", "for example"]
    show(rows, columns=columns, title=f"{service}: {len(letters)} dead letters", as_json=as_json)


@app.command("show")
def show_letter(
    service: Service,
    coordinates: Annotated[str, typer.Argument(help="topic/partition/offset, as `list` shows them")],
    *,
    show_personal_data: Personal = False,
    as_json: AsJson = False,
) -> None:
    """One dead letter: its headers; its key and body only on request."""
    letters = run(_read(service, Wanted(None, None, None, None), settled=True))
    letter = next((each for each in letters if each.coordinates == coordinates), None)
    if letter is None:
        complain(f"no dead letter {coordinates}")
    shown = [
        (name, (value or b"").decode("utf-8", "backslashreplace"))
        for name, value in letter.record.headers
        if show_personal_data or name.startswith("dlq-") or name in SAFE_HEADERS
    ]
    record = letter.record
    if as_json:
        told: dict[str, Any] = {"coordinates": coordinates, "headers": shown, "bytes": len(record.value or b"")}
        if show_personal_data:
            told |= {"key": _base64(record.key), "value": _base64(record.value)}
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201  the command's output
        return
    for name, text in shown:
        out.print(f"{name}: {text}", markup=False, highlight=False)
    if show_personal_data:
        out.print(f"key: {record.key!r}\nvalue: {record.value!r}", markup=False, highlight=False)
    else:
        out.print(f"value: {len(record.value or b'')} bytes (--show-personal-data prints them)")


@app.command()
def replay(
    service: Service,
    *,
    reason: Reason = None,
    event_type: Type = None,
    since: Since = None,
    until: Until = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="All but the sending")] = False,
    rate: Annotated[float, typer.Option(min=0, help="Records a second at the most; 0: no limit")] = DEFAULT_RATE,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to the topics that they came from, as they were; those that were replayed stay where they are."""
    wanted = Wanted(reason, event_type, since, until)
    chosen = run(_read(service, wanted, settled=False))
    sent = 0 if dry_run else run(_replay(service, chosen, rate=rate))
    if as_json:
        letters = [{"coordinates": each.coordinates, "reason": each.reason, "type": each.event_type} for each in chosen]
        print(json.dumps({"dry_run": dry_run, "replayed": sent, "letters": letters}, indent=2))  # noqa: T201  the command's output
    else:
        out.print(f"{len(chosen)} would be replayed" if dry_run else f"{sent} replayed")


@app.command()
def discard(
    service: Service,
    *,
    reason: Reason = None,
    event_type: Type = None,
    since: Since = None,
    until: Until = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """Mark dead letters as done with; nothing is sent, and the topic keeps them until its retention is over."""
    wanted = Wanted(reason, event_type, since, until)
    letters = run(_read(service, wanted, settled=False))
    if letters and not yes and not typer.confirm(f"Discard {len(letters)} dead letters?"):
        raise typer.Exit(1)
    count = run(_discard(service, letters))
    answer({"discarded": count}, f"{count} discarded", as_json=as_json)


@app.command()
def export(
    service: Service,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="JSON Lines are written here")],
    *,
    reason: Reason = None,
    event_type: Type = None,
    since: Since = None,
    until: Until = None,
    settled: Settled = False,
    show_personal_data: Personal = False,
    as_json: AsJson = False,
) -> None:
    """Write dead letters to a file: coordinates, reason, detail; key and value (base64) only on request."""
    letters = run(_read(service, Wanted(reason, event_type, since, until), settled=settled))
    with file.open("w", encoding="utf-8") as lines:
        for each in letters:
            line: dict[str, Any] = {
                "coordinates": each.coordinates,
                "reason": each.reason,
                "detail": each.detail,
                "type": each.event_type,
                "at": each.at,
            }
            if show_personal_data:
                line |= {"key": _base64(each.record.key), "value": _base64(each.record.value)}
            lines.write(json.dumps(line) + "\n")
    answer({"written": len(letters), "file": file.name}, f"{len(letters)} written to {file.name}", as_json=as_json)


@asynccontextmanager
async def _opened(service: str) -> AsyncGenerator[tuple[Letters, CommandSettings]]:
    settings = read_settings(CommandSettings)
    async with connect(settings.mongo_address(), settings.database(known(service))) as database:
        try:
            yield Letters(settings, service, database), settings
        except Rejected as error:
            complain(error.message, code=EXIT_BAD_INPUT)


async def _read(service: str, wanted: Wanted, *, settled: bool) -> list[Letter]:
    async with _opened(service) as (letters, _):
        done = {} if settled else await letters.settled()
        return [each for each in await letters.read() if wanted.has(each) and each.coordinates not in done]


async def _replay(service: str, chosen: Sequence[Letter], *, rate: float) -> int:
    async with _opened(service) as (letters, settings):
        sender = Sender(settings)
        try:
            with Progress(console=err, transient=True) as progress:
                bar = progress.add_task("replaying", total=len(chosen))
                return await letters.replay(
                    chosen,
                    sender,
                    rate=rate,
                    holder=f"{socket.gethostname()}:{os.getpid()}",
                    done=lambda count: progress.advance(bar, count),
                )
        finally:
            await sender.close()


async def _discard(service: str, chosen: Sequence[Letter]) -> int:
    async with _opened(service) as (letters, _):
        await letters.settle(chosen, "discarded", datetime.now(UTC))
    return len(chosen)


def _example(letters: Sequence[Letter], key: tuple[str, str, str]) -> str:
    return next(each.coordinates for each in letters if (each.reason, each.event_type, each.detail) == key)


def _text(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
