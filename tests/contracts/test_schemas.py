"""The generated files are those of the models, and agree with them about every example."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft202012Validator

from contracts import Envelope, catalog, decode, examples, export, schemas
from contracts.asyncapi import asyncapi
from contracts.wire import Invalid, Malformed

EXAMPLES = [(name, file) for name in catalog.EVENTS for file in examples.of(name)]

MODELS_ALONE = {
    "learnwire.learner.linked.v1/invalid-checksum.json",
    "learnwire.path-enrollment.changed.v1/invalid-more-than-all.json",
    "learnwire.go1.course-resumed.v1/invalid-month-13.json",
}
"""Bad examples whose fault no JSON Schema can say."""


def test_the_generated_files_are_up_to_date():
    present = {
        path.name: path.read_text(encoding="utf-8")
        for path in export.FOLDER.iterdir()
        if path.suffix in {".json", ".yaml"}
    }
    assert present == export.files(), "run: python -m contracts.export"


def test_exporting_writes_what_is_missing_and_removes_what_is_gone(tmp_path: Path):
    (tmp_path / "learnwire.gone.v1.json").write_text("{}")
    assert export.main(tmp_path) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == export.files()


@pytest.mark.parametrize("name", catalog.EVENTS)
def test_a_schema_is_a_schema_and_names_its_event(name: str):
    schema = schemas.data_schema(catalog.EVENTS[name])
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:learnwire:schema:{name}"
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(("name", "file"), EXAMPLES)
def test_schemas_and_models_agree_about_every_example(name: str, file: str):
    content = json.loads(examples.of(name)[file])
    data = Draft202012Validator(schemas.data_schema(catalog.EVENTS[name]))
    envelope = Draft202012Validator(schemas.envelope_schema())
    good = data.is_valid(content["data"]) and envelope.is_valid(content)
    assert good is (file.startswith("valid-") or f"{name}/{file}" in MODELS_ALONE)


@pytest.mark.parametrize(("name", "file"), EXAMPLES)
def test_good_examples_are_read_and_bad_ones_refused_as_they_say(name: str, file: str):
    try:
        envelope = decode(examples.of(name)[file], [], reads=catalog.EVENTS)
    except (Malformed, Invalid) as refused:
        said = f"{type(refused).__name__.lower()}: {refused.detail}"
    else:
        assert isinstance(envelope, Envelope)
        said = "good" if envelope.type == name and not envelope.dropped else "read as something else"
    assert said == examples.refused().get(f"{name}/{file}", "good")


def test_every_refusal_that_is_told_belongs_to_an_example():
    assert set(examples.refused()) == {f"{name}/{file}" for name, file in EXAMPLES if file.startswith("invalid-")}


@pytest.mark.parametrize(("name", "file"), [each for each in EXAMPLES if each[1].startswith("valid-")])
def test_good_examples_would_pass_with_a_writer_too(name: str, file: str):
    event = catalog.EVENTS[name]
    assert name == event.model_validate_json(json.dumps(examples.data(name, file))).TYPE


def references(content: object) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in cast("dict[str, Any]", content).items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(content, list):
        for value in cast("list[Any]", content):
            yield from references(value)


def follow(document: dict[str, Any], reference: str) -> object:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


@pytest.mark.parametrize("service", [None, *catalog.SERVICES])
def test_every_reference_in_asyncapi_leads_somewhere(service: str | None):
    document = asyncapi(service)
    assert [each for each in references(document) if not follow(document, each)] == []


@pytest.mark.parametrize("service", catalog.SERVICES)
def test_asyncapi_of_a_service_shows_what_it_receives_and_sends(service: str):
    document = asyncapi(service)
    shown: dict[str, set[str]] = {"receive": set(), "send": set()}
    for operation in document["operations"].values():
        shown[operation["action"]].add(
            cast("dict[str, str]", follow(document, operation["channel"]["$ref"]))["address"]
        )
    writes = {*catalog.SERVICES[service].writes, catalog.dead_letters(service)}
    assert shown == {"receive": set(catalog.SERVICES[service].topics), "send": writes}


def test_asyncapi_of_all_names_every_event_once():
    names = [message["name"] for message in asyncapi()["components"]["messages"].values()]
    assert sorted(names) == sorted([*catalog.EVENTS, "dead-letter"])


def test_asyncapi_yaml_reads_as_what_was_written():
    assert yaml.safe_load(export.files()["asyncapi.yaml"]) == asyncapi()


PLAIN: list[Any] = [
    {},
    [],
    "",
    "yes",
    "1.0",
    "a: b",
    "- a",
    "#",
    "x\ny",
    1.5,
    None,
    True,
    {"no": [{"a": [[1, []], {}]}, "~"]},
    {"on": {"": None}},
]


@pytest.mark.parametrize("content", PLAIN)
def test_plain_data_survive_yaml(content: object):
    assert yaml.safe_load(export.yaml(content)) == content
