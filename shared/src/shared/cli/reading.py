"""Files of events in: JSON, JSON Lines or CSV; every fault with its line and path."""

import csv
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from pydantic import ValidationError

from contracts import catalog
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import Invalid, Malformed, UnknownType, decode
from contracts.wire.refusals import field_names, say

DEFAULT_SOURCE = "/learnwire/command"
ATTRIBUTES = ("id", "source", "time", "traceparent", "tracestate", "correlationid", "causationid")


@dataclass(frozen=True, slots=True)
class Read:
    """One event of a file: the envelope, or what is wrong. `line` counts from 1."""

    line: int
    envelope: Envelope[Event] | None
    fault: str | None = None


def read_events(path: Path, *, event_type: str | None, source: str) -> Iterator[Read]:
    """Yield every event of the file, good or bad. `event_type`: for lines that name none, and for CSV."""
    match path.suffix.lower():
        case ".csv":
            yield from _csv(path, event_type=event_type, source=source)
        case ".json":
            yield from _json(path, event_type=event_type, source=source)
        case _:
            with path.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield _one(number, line, event_type=event_type, source=source)


def _json(path: Path, *, event_type: str | None, source: str) -> Iterator[Read]:
    try:
        found: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        yield Read(line, None, f"not JSON: {error.msg}" if isinstance(error, json.JSONDecodeError) else "not JSON")
        return
    items = found if _is_list(found) else [found]
    for number, each in enumerate(items, 1):
        yield _one(number, json.dumps(each).encode(), event_type=event_type, source=source)


def _one(number: int, text: bytes, *, event_type: str | None, source: str) -> Read:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return Read(number, None, "not JSON")
    if not _is_object(found):
        return Read(number, None, "not a JSON object")
    whole: dict[str, Any] = {"specversion": "1.0", "source": source, "id": "-", "time": "2000-01-01T00:00:00Z"}
    given: dict[str, Any] = found
    if "data" not in given and event_type:
        given = {"data": given}
    whole |= {"type": event_type} if event_type else {}
    whole |= given
    model = catalog.EVENTS.get(str(whole["type"])) if "type" in whole else None
    try:
        if model is not None and "data" in whole:
            # Writers are strict: fields that no contract knows are refused, though a reader would pass over them.
            model.model_validate_json(json.dumps(whole["data"]))
        event = decode(json.dumps(whole).encode(), [], reads=catalog.EVENTS)
        if isinstance(event, UnknownType):
            return Read(number, None, f"type: no such type: {event.type[:100]} (learnwire events list)")
    except (Malformed, Invalid) as error:
        return Read(number, None, error.detail)
    except ValidationError as error:
        return Read(number, None, told(error, model))
    return _enveloped(
        number,
        event.data,
        {name: given[name] for name in ATTRIBUTES if given.get(name)} | {"source": whole["source"]},
        event,
    )


def told(error: ValidationError, model: type[Event] | None) -> str:
    """Return what is wrong. A field that no contract knows is named, as dead letters do not: the file is the reader's own."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    unknown = [each["loc"] for each in faults if each["type"] == "extra_forbidden"]
    rest = [each for each in say(error, under="data").split("; ") if not each.endswith(": extra_forbidden")]
    return "; ".join([*(_no_such_field(each, model) for each in unknown), *rest])


def _no_such_field(location: Sequence[int | str], model: type[Event] | None) -> str:
    where = "data" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in location)
    names = list(model.model_fields) if model is not None and len(location) == 1 else sorted(field_names())
    near = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f"{where}: no such field" + (f"; did you mean {near[0]}?" if near else "")


def _is_list(found: Any) -> TypeGuard[list[Any]]:
    return isinstance(found, list)


def _is_object(found: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(found, dict)


def _enveloped(number: int, data: Event, given: Mapping[str, Any], read: Envelope[Event] | None) -> Read:
    attributes = {name: getattr(read, name) if read else value for name, value in given.items()}
    try:
        return Read(number, Envelope.of(data, **attributes))
    except ValidationError as error:
        return Read(number, None, say(error))


def _csv(path: Path, *, event_type: str | None, source: str) -> Iterator[Read]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            cells = {name: value for name, value in row.items() if name and value}
            name = cells.pop("type", None) or event_type
            model = catalog.EVENTS.get(name or "")
            if model is None:
                yield Read(number, None, f"type: no such type: {(name or 'none given')[:100]} (--type TYPE)")
                continue
            try:
                data = model.model_validate_strings(cells)
            except ValidationError as error:
                yield Read(number, None, told(error, model))
                continue
            yield _enveloped(number, data, {"source": source}, None)
