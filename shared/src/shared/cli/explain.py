"""`learnwire explain`: the life of an event, a bulk action, a learner."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from shared.cli.output import EXIT_UNREACHABLE, out, run, tell_not_reached
from shared.cli.reach import CommandSettings, mongo
from shared.cli.story import STREAM_SECONDS, Asked, Letter, Story, tell
from shared.cli.stream import Published
from shared.explaining.asking import Moment
from shared.settings import read_settings

EXIT_NOTHING = 1

AsJson = Annotated[bool, typer.Option("--json", help="JSON for machines")]
Personal = Annotated[bool, typer.Option("--show-personal-data", help="Print names, addresses, data")]


def explain(
    what: Annotated[str, typer.Argument(metavar="EVENT-ID|REFERENCE-ID|PORTAL/LEARNER", help="What to explain")],
    *,
    source: Annotated[str | None, typer.Option(help="`source` of the event, where ids of publishers meet")] = None,
    since: Annotated[datetime | None, typer.Option(help="Read Kafka from then on (UTC); else the newest")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to read Kafka's events")] = STREAM_SECONDS,
    as_json: AsJson = False,
    show_personal_data: Personal = False,
) -> None:
    """The life of an event, a bulk action or a learner through all services, as far as they hold its id.

    Exit codes: 0 something is known of it; 1 nothing is; 3 nothing is known, and not all could be asked;
    78 the settings are wrong.
    """
    settings = read_settings(CommandSettings)
    moment = since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
    story = run(_tell(Asked(what.strip(), source, moment, seconds), settings))
    if as_json:
        print(json.dumps(as_data(story, personal=show_personal_data), indent=2, ensure_ascii=False))  # noqa: T201  the command's output
    else:
        _print(story, personal=show_personal_data)
    if not story.found:
        raise typer.Exit(EXIT_UNREACHABLE if story.notes.not_reached else EXIT_NOTHING)


async def _tell(asked: Asked, settings: CommandSettings) -> Story:
    async with mongo(settings) as client:
        return await tell(asked, settings, client)


def as_data(story: Story, *, personal: bool) -> dict[str, Any]:
    """Return the story for machines; no address and no name unless they are asked for."""
    return {
        "asked": story.asked.text,
        "published": [_record(each, personal=personal) for each in story.events],
        "services": story.outcomes,
        "dead_letters": [
            {
                "service": each.service,
                "coordinates": each.coordinates,
                "reason": each.record.headers.get("dlq-reason"),
                "detail": each.record.headers.get("dlq-detail"),
                "at": each.record.headers.get("dlq-at"),
                "settled": each.settled,
            }
            for each in story.letters
        ],
        "caused": [_record(each, personal=personal) for each in story.caused],
        "kept": [
            {"at": each.at, "service": each.service, "where": each.where, "id": each.id, "says": each.says}
            | ({"personal": dict(each.personal)} if personal else {})
            for each in story.moments
        ],
        "remarks": story.remarks,
        "not_reached": story.notes.not_reached,
    }


def _record(record: Published, *, personal: bool) -> dict[str, Any]:
    told = {"coordinates": record.coordinates, "at": record.at, **record.attributes}
    return told | ({"data": dict(record.data)} if personal else {})


def _print(story: Story, *, personal: bool) -> None:
    for text, style in lines(story, personal=personal):
        out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
    tell_not_reached(story.notes.not_reached)


def lines(story: Story, *, personal: bool) -> Iterator[tuple[str, str]]:
    """Yield the story line by line, with its colour."""
    yield story.asked.text, "bold"
    for number, each in enumerate(story.events):
        yield from _published(each, again=number > 0 and _same(story.events[0], each), personal=personal)
    for service, outcome in story.outcomes.items():
        yield f"  {service:<20} {outcome}", _colour(outcome)
    for each in story.letters:
        yield from _letter(each)
    for each in story.caused:
        yield f"{each.at}  caused {each.attributes.get('type', '')}  {each.coordinates}", ""
    for each in story.moments:
        yield from _moment(each, personal=personal)
    for each in story.remarks:
        yield each, "dim"
    if not story.found:
        yield "nothing is known of it", "yellow"


def _same(one: Published, other: Published) -> bool:
    return all(one.attributes.get(name) == other.attributes.get(name) for name in ("source", "id"))


def _published(record: Published, *, again: bool, personal: bool) -> Iterator[tuple[str, str]]:
    held = record.attributes
    what = "published again, the same event" if again else "published"
    yield f"{record.at}  {what}: {held.get('type', '?')} by {held.get('source', '?')}  {record.coordinates}", ""
    names = ("id", "correlationid", "causationid", "traceparent")
    if not again:
        yield "  " + "  ".join(f"{name} {held[name]}" for name in names if name in held), "dim"
    if personal and record.data:
        yield f"  {json.dumps(record.data, ensure_ascii=False)}", "dim"


def _moment(moment: Moment, *, personal: bool) -> Iterator[tuple[str, str]]:
    yield f"{moment.at}  {moment.service:<20} {moment.says}", ""
    if personal and moment.personal:
        yield f"  {', '.join(f'{name}: {value}' for name, value in moment.personal.items())}", "dim"


def _letter(letter: Letter) -> Iterator[tuple[str, str]]:
    headers = letter.record.headers
    state = letter.settled or "waits"
    yield f"{headers.get('dlq-at', '')}  {letter.service:<20} dead letter ({state}): {headers.get('dlq-reason')}", "red"
    yield f"  {headers.get('dlq-detail', '')}", "red"
    yield f"  learnwire dead-letters show {letter.service} {letter.coordinates}", "dim"


def _colour(outcome: str) -> str:
    if outcome == "handled":
        return "green"
    return "red" if outcome.startswith("dead") else "yellow" if outcome.startswith("not") else "dim"
