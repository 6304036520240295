"""`learnwire events`: what there is, an example to begin with, is a file valid, publish it."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.syntax import Syntax

from contracts import catalog
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.publisher import NotPublished, Publisher
from shared.cli.output import EXIT_BAD_INPUT, EXIT_UNREACHABLE, answer, complain, err, out, run, show
from shared.cli.reading import DEFAULT_SOURCE, Read, read_events
from shared.settings import KafkaSettings, read_secret, read_settings

app = typer.Typer(no_args_is_help=True, help="Events: what there is, what is valid, publish.")

AT_ONCE = 500
AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="JSON, JSON Lines or CSV")]
Type = Annotated[str | None, typer.Option("--type", help="Type of lines that name none, and of CSV rows")]
Source = Annotated[str, typer.Option(help="`source` of events that name none")]


@app.command("list")
def list_types(*, as_json: AsJson = False) -> None:
    """All types of events, with topic and readers."""
    rows = [
        {
            "type": name,
            "topic": event.TOPIC,
            "read by": ", ".join(service for service, each in catalog.SERVICES.items() if name in each.reads),
            "meaning": (event.__doc__ or "").strip().splitlines()[0],
        }
        for name, event in catalog.EVENTS.items()
    ]
    show(rows, columns=["type", "read by", "meaning"], title="Events", as_json=as_json)


@app.command("show")
def show_type(event_type: Annotated[str, typer.Argument(metavar="TYPE")]) -> None:
    """The JSON Schema of a type's data."""
    schema = _model(event_type).model_json_schema()
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    if out.is_terminal:
        out.print(Syntax(text, "json", background_color="default"))
    else:
        print(text)  # noqa: T201  for a program: Rich would fold its lines


@app.command()
def new(event_type: Annotated[str, typer.Argument(metavar="TYPE")]) -> None:
    """A valid example of a type, to begin with: `learnwire events new TYPE > event.json`."""
    _model(event_type)
    folder = files("contracts") / "examples" / event_type
    names = sorted(each.name for each in folder.iterdir() if each.name.startswith("valid"))
    print((folder / names[0]).read_text(encoding="utf-8").rstrip())  # noqa: T201  the command's output


@app.command()
def validate(file: File, *, event_type: Type = None, source: Source = DEFAULT_SOURCE, as_json: AsJson = False) -> None:
    """Check every event of a file; exit 2 where one is bad."""
    faults, good = 0, 0
    bad: list[Read] = []
    for each in read_events(file, event_type=event_type, source=source):
        if each.fault is None:
            good += 1
        else:
            faults += 1
            bad.append(each)
    _tell(bad, as_json=as_json)
    if faults:
        complain(f"{file.name}: {faults} bad, {good} good", code=EXIT_BAD_INPUT)
    if not as_json:
        out.print(f"{file.name}: {good} good")


@app.command()
def publish(
    file: File,
    *,
    event_type: Type = None,
    source: Source = DEFAULT_SOURCE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="All but the sending")] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Publish the good ones")] = False,
    rate: Annotated[float, typer.Option(min=0, help="Events a second at the most; 0: no limit")] = 0,
    as_json: AsJson = False,
) -> None:
    """Publish a file's events; nothing at all where one is bad, unless --skip-invalid."""
    bad = [each for each in read_events(file, event_type=event_type, source=source) if each.fault is not None]
    total = sum(1 for _ in read_events(file, event_type=event_type, source=source)) - len(bad)
    _tell(bad, as_json=False)
    if bad and not skip_invalid:
        complain(f"{file.name}: {len(bad)} bad; nothing was published (--skip-invalid publishes the others)")
    if dry_run:
        told = {"file": file.name, "published": 0, "good": total, "bad": len(bad), "dry_run": True}
        answer(told, f"{file.name}: {total} would be published", as_json=as_json)
        return
    settings = read_settings(KafkaSettings)
    good = (
        each.envelope for each in read_events(file, event_type=event_type, source=source) if each.envelope is not None
    )
    run(_publish(settings, good, total=total, source=source, rate=rate))
    told = {"file": file.name, "published": total, "good": total, "bad": len(bad), "dry_run": False}
    answer(told, f"{file.name}: {total} published", as_json=as_json)
    if bad:
        raise typer.Exit(EXIT_BAD_INPUT)


async def _publish(
    settings: KafkaSettings, events: Iterator[Envelope[Event]], *, total: int, source: str, rate: float
) -> None:
    password = read_secret(settings.kafka_password_file) if settings.kafka_password_file else None
    publisher = Publisher(
        settings.kafka_bootstrap_servers,
        source=source,
        topic_prefix=settings.kafka_topic_prefix,
        security=settings.kafka_security,
        username=settings.kafka_username,
        password=password,
        ca_file=settings.kafka_ca_file,
    )
    at_once = AT_ONCE if not rate else max(1, min(AT_ONCE, int(rate)))
    begun, done = time.monotonic(), 0
    try:
        async with publisher:
            with Progress(console=err, transient=True) as progress:
                bar = progress.add_task("publishing", total=total)
                while some := list(islice(events, at_once)):
                    await publisher.publish(some)
                    done += len(some)
                    progress.advance(bar, len(some))
                    if rate:
                        await asyncio.sleep(max(0.0, begun + done / rate - time.monotonic()))
    except NotPublished as error:
        complain(
            f"Kafka did not acknowledge ({error.reason}); {done} of {total} were published. Publishing the file again is"
            " harmless where its events have ids.",
            code=EXIT_UNREACHABLE,
        )


def _model(event_type: str) -> type[Event]:
    model = catalog.EVENTS.get(event_type)
    if model is None:
        complain(f"no such type: {event_type} (learnwire events list)")
    return model


def _tell(bad: Sequence[Read], *, as_json: bool) -> None:
    if as_json:
        rows: list[dict[str, Any]] = [{"line": each.line, "fault": each.fault} for each in bad]
        print(json.dumps(rows, indent=2))  # noqa: T201  the command's output
        return
    for each in bad:
        err.print(f"line {each.line}: {each.fault}", style="yellow", markup=False, highlight=False)
