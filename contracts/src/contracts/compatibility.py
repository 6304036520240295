"""May these contracts follow those that were released? `python -m contracts.compatibility FOLDER` compares and tells.

Writers are closed and readers open: inside a type only optional fields may be added. Whatever else changes breaks one of
two promises: that today's readers take what was written to an older release, or that its readers take what is written
today. `--store` keeps the present state as a release, once.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from contracts import examples
from contracts.catalog import EVENTS
from contracts.schemas import data_schema, envelope_schema

Schema = Mapping[str, Any]

SAYS_NOTHING = frozenset({"$schema", "$id", "title", "description", "examples", "deprecated", "$comment"})
"""Words for people: they may change."""
OF_OBJECTS = frozenset({"properties", "required", "additionalProperties", "$defs"})
GROW = {"learnwire.content-action.recorded.v1": ("type", "source")}
"""The vocabulary may grow: an older reader sets the new pair aside, and a replay after its upgrade takes it in."""


def state() -> dict[str, str]:
    """Return name and content of each file of a release: schemas, good examples, and topics and keys."""
    texts = {f"schemas/{name}.json": _text(data_schema(event)) for name, event in EVENTS.items()}
    texts["schemas/envelope.json"] = _text(envelope_schema())
    keys: dict[str, str] = {}
    for name, event in EVENTS.items():
        for file, content in examples.of(name).items():
            if file.startswith("valid-"):
                texts[f"examples/{name}/{file}"] = content.decode()
                keys[f"{name}/{file}"] = event.model_validate_json(json.dumps(examples.data(name, file))).key()
    topics = {name: event.TOPIC for name, event in EVENTS.items()}
    texts["catalog.json"] = _text({"topics": topics, "keys": keys})
    return texts


def _text(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def store(folder: Path) -> None:
    """Keep the present state as a release.

    Raises:
        FileExistsError: There is one of that name: what is released stays as it is.
    """
    if folder.exists():
        raise FileExistsError(f"{folder.name} is released already")
    for name, text in state().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def breaks(folder: Path) -> list[str]:
    """Return what of today's contracts may not follow this release, as sentences; empty where all may."""
    catalog: Mapping[str, Mapping[str, str]] = json.loads((folder / "catalog.json").read_text("utf-8"))
    found: list[str] = []
    for name, topic in catalog["topics"].items():
        event = EVENTS.get(name)
        if event is None:
            found.append(f"{name}: the type is gone")
            continue
        if topic != event.TOPIC:
            found.append(f"{name}: moved from {topic} to {event.TOPIC}")
        old = json.loads((folder / "schemas" / f"{name}.json").read_text("utf-8"))
        found += [f"{name}: {each}" for each in differences(old, data_schema(event), grows=GROW.get(name, ()))]
    old = json.loads((folder / "schemas/envelope.json").read_text("utf-8"))
    return [*found, *(f"envelope: {each}" for each in differences(old, envelope_schema()))]


def differences(old: Schema, new: Schema, *, grows: tuple[str, ...] = ()) -> list[str]:
    """Return what breaks between two schemas of one type's data."""
    return list(_objects(_resolved(old, old), _resolved(new, new), "data", grows))


def _objects(old: Schema, new: Schema, where: str, grows: tuple[str, ...] = ()) -> Iterator[str]:
    mine: Schema = old.get("properties", {})
    theirs: Schema = new.get("properties", {})
    was, now = set[str](old.get("required", ())), set[str](new.get("required", ()))
    for name in mine:
        at = f"{where}.{name}"
        if name not in theirs:
            yield f"{at} is gone: what it says would be lost; a name is never used again"
        elif name in grows:
            yield from _grown(mine[name], theirs[name], at)
        else:
            yield from _values(mine[name], theirs[name], at)
    yield from (f"{where}.{each} is needed now: older writers do not send it" for each in sorted(now - was))
    yield from (
        f"{where}.{each} is needed no more: older readers refuse events without it" for each in sorted(was - now)
    )
    yield from _lost_pairs(old, new, where) if grows else _rest(old, new, where)


def _values(old: Any, new: Any, where: str) -> Iterator[str]:
    if _is_object(old) and _is_object(new):
        yield from _objects(old, new, where)
    elif isinstance(old, dict) and isinstance(new, dict) and "items" in old and "items" in new:
        mine, theirs = cast("Schema", old), cast("Schema", new)
        yield from _values(mine["items"], theirs["items"], f"{where}[]")
        yield from _rest(mine, theirs, where)
    elif isinstance(old, dict) and isinstance(new, dict) and "anyOf" in old and "anyOf" in new:
        yield from _ways(cast("Schema", old), cast("Schema", new), where)
    elif _bare(old) != _bare(new):
        yield f"{where} takes other values: {_told(old)} became {_told(new)}"


def _ways(old: Schema, new: Schema, where: str) -> Iterator[str]:
    mine, theirs = old["anyOf"], new["anyOf"]
    if len(mine) != len(theirs):
        yield f"{where} takes other kinds of values: {len(mine)} became {len(theirs)}"
        return
    for one, other in zip(mine, theirs, strict=True):
        yield from _values(one, other, where)
    yield from _rest(old, new, where)


def _grown(old: Schema, new: Schema, where: str) -> Iterator[str]:
    lost = set[str](old.get("enum", ())) - set[str](new.get("enum", old.get("enum", ())))
    if lost:
        yield f"{where} takes no more: {', '.join(sorted(lost))}"


def _lost_pairs(old: Schema, new: Schema, where: str) -> Iterator[str]:
    kept = dict(_pairs(new))
    for name, sources in _pairs(old):
        lost = sources - kept.get(name, set())
        if lost:
            yield f"{where}: {name} is no more a pair with {', '.join(sorted(lost))}"


def _pairs(schema: Schema) -> Iterator[tuple[str, set[str]]]:
    for each in schema.get("allOf", ()):
        yield each["if"]["properties"]["type"]["const"], set(each["then"]["properties"]["source"]["enum"])


def _rest(old: Schema, new: Schema, where: str) -> Iterator[str]:
    """Compare what stands beside the parts that were compared one by one."""
    parts = OF_OBJECTS | SAYS_NOTHING | {"items", "anyOf"}
    mine = {name: _bare(value) for name, value in old.items() if name not in parts}
    theirs = {name: _bare(value) for name, value in new.items() if name not in parts}
    for name in sorted(mine.keys() | theirs.keys()):
        if mine.get(name) != theirs.get(name):
            yield f"{where}: {name} was {_told(mine.get(name))}, is {_told(theirs.get(name))}"


def _is_object(schema: Any) -> bool:
    return isinstance(schema, dict) and "properties" in schema


def _bare(schema: Any) -> Any:
    """Return a schema without its words for people."""
    if isinstance(schema, dict):
        known = cast("Schema", schema)
        return {name: _bare(value) for name, value in known.items() if name not in SAYS_NOTHING}
    if isinstance(schema, list):
        return [_bare(each) for each in cast("list[Any]", schema)]
    return schema


def _resolved(schema: Any, whole: Schema) -> Any:
    """Return a schema with its `$ref`s (to `#/$defs/…`) in their places."""
    if isinstance(schema, list):
        return [_resolved(each, whole) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = cast("dict[str, Any]", schema)
    if isinstance(known.get("$ref"), str):
        name = str(known["$ref"]).rpartition("/")[2]
        rest = {key: value for key, value in known.items() if key != "$ref"}
        return _resolved({**whole["$defs"][name], **rest}, whole)
    return {name: _resolved(value, whole) for name, value in known.items()}


def _told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:120]


def main(arguments: list[str]) -> int:
    """Compare with every release in a folder; or, with `--store FOLDER/VERSION`, keep one."""
    if arguments[:1] == ["--store"] and len(arguments) == 2:  # noqa: PLR2004  the option and its value
        store(Path(arguments[1]))
        return 0
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m contracts.compatibility [--store] FOLDER\n")
        return 2
    found = [f"{each.name}: {one}\n" for each in sorted(Path(arguments[0]).iterdir()) for one in breaks(each)]
    sys.stdout.writelines(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
