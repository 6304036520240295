"""What was released stays true: old readers take today's events, today's readers take old ones."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from contracts import Envelope, catalog, compatibility, decode, examples, schemas

RELEASED = Path(__file__).parents[2] / "contracts/released"
RELEASES = sorted(RELEASED.iterdir())
ENROLLMENT = schemas.data_schema(catalog.EVENTS["learnwire.enrollment.changed.v1"])
SUBMITTED = schemas.data_schema(catalog.EVENTS["learnwire.bulk-action.submitted.v1"])
ACTION = schemas.data_schema(catalog.EVENTS["learnwire.content-action.recorded.v1"])


def opened(schema: Any) -> Any:
    """As a reader takes it: what it does not know it passes over."""
    if isinstance(schema, dict):
        known = cast("dict[str, Any]", schema)
        return {name: opened(value) for name, value in known.items() if name != "additionalProperties"}
    return [opened(each) for each in cast("list[Any]", schema)] if isinstance(schema, list) else schema


def released(folder: Path, name: str) -> Any:
    return json.loads((folder / "schemas" / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("folder", RELEASES, ids=lambda each: each.name)
def test_nothing_breaks_a_release(folder: Path) -> None:
    assert compatibility.breaks(folder) == []


@pytest.mark.parametrize("folder", RELEASES, ids=lambda each: each.name)
def test_todays_readers_take_what_was_written_then(folder: Path) -> None:
    told = json.loads((folder / "catalog.json").read_text("utf-8"))
    for each, key in told["keys"].items():
        event = decode((folder / "examples" / each).read_bytes(), [], reads=catalog.EVENTS)
        assert isinstance(event, Envelope), each
        assert (event.key, event.topic, event.dropped) == (key, told["topics"][event.type], ()), each


@pytest.mark.parametrize("folder", RELEASES, ids=lambda each: each.name)
def test_readers_of_then_take_what_is_written_today(folder: Path) -> None:
    for name in json.loads((folder / "catalog.json").read_text("utf-8"))["topics"]:
        reader = Draft202012Validator(opened(released(folder, name)))
        for file in examples.of(name):
            if file.startswith("valid-"):
                assert reader.is_valid(examples.data(name, file)), f"{name}/{file}"


def test_the_version_that_is_installed_is_stored_and_in_the_changelog() -> None:
    from importlib.metadata import version  # noqa: PLC0415  of the installed package

    now = version("learnwire-contracts")
    assert (RELEASED / now).is_dir(), f"run: python -m contracts.compatibility --store contracts/released/{now}"
    assert f"## [{now}]" in (RELEASED.parent / "CHANGELOG.md").read_text("utf-8")


def test_a_release_is_stored_once(tmp_path: Path) -> None:
    compatibility.store(tmp_path / "9.9.9")
    assert compatibility.breaks(tmp_path / "9.9.9") == []
    with pytest.raises(FileExistsError):
        compatibility.store(tmp_path / "9.9.9")


def change(schema: Any, path: str, value: Any) -> Any:
    changed = copy.deepcopy(schema)
    inner = changed
    *steps, last = path.split("/")
    for step in steps:
        inner = inner[int(step) if step.isdigit() else step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return changed


BREAKING: dict[str, Callable[[], tuple[Any, Any]]] = {
    "a new field that is needed": lambda: (ENROLLMENT, change(change(ENROLLMENT, "properties/new", {"type": "string"}), "required", [*ENROLLMENT["required"], "new"])),
    "a field that is needed no more": lambda: (ENROLLMENT, change(ENROLLMENT, "required", ENROLLMENT["required"][1:])),
    "a field that is gone": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/score", None)),
    "a value less": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/status/enum", ENROLLMENT["properties"]["status"]["enum"][1:])),
    "a value more": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/status/enum", [*ENROLLMENT["properties"]["status"]["enum"], "new"])),
    "a shorter text": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/course_name/maxLength", 10)),
    "a longer text": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/course_name/maxLength", 10_000)),
    "another type": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/course_name/type", "integer")),
    "another pattern": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/portal_id/pattern", "^a$")),
    "another default": lambda: (SUBMITTED, change(SUBMITTED, "properties/notify/default", value=False)),
    "more items": lambda: (SUBMITTED, change(SUBMITTED, "properties/file_names/maxItems", 51)),
    "another rule between fields": lambda: (ENROLLMENT, change(ENROLLMENT, "allOf", [])),
    "a pair of the vocabulary less": lambda: (ACTION, change(ACTION, "allOf/0/then/properties/source/enum", ["sso"])),
}  # fmt: skip
HARMLESS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "a new optional field": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/new", {"type": "string"})),
    "other words": lambda: (ENROLLMENT, change(ENROLLMENT, "description", "Other words.")),
    "other words of a field": lambda: (ENROLLMENT, change(ENROLLMENT, "properties/status/description", "Other words.")),
    "a pair of the vocabulary more": lambda: (ACTION, change(ACTION, "allOf/0/then/properties/source/enum", [*ACTION["allOf"][0]["then"]["properties"]["source"]["enum"], "new"])),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_is_found(what: str) -> None:
    old, new = BREAKING[what]()
    grows = compatibility.GROW["learnwire.content-action.recorded.v1"] if old is ACTION else ()
    assert len(compatibility.differences(old, new, grows=grows)) >= 1


@pytest.mark.parametrize("what", HARMLESS)
def test_what_readers_pass_over_may_be_added(what: str) -> None:
    old, new = HARMLESS[what]()
    grows = compatibility.GROW["learnwire.content-action.recorded.v1"] if old is ACTION else ()
    assert compatibility.differences(old, new, grows=grows) == []
