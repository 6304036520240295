"""JSON Schema (2020-12) of every event's data and of the envelope, for publishers in any language.

The files beside this module are written by `python -m contracts.export`. They are as strict as the models are with
publishers; readers are more tolerant and ignore fields that they do not know. What no schema can say (the checksum of a
Salesforce id, one number not above another) the models say alone.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts.envelope import Attributes
from contracts.event import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class _Plain(GenerateJsonSchema):
    """Without a title for each field: it would only repeat the name."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  Pydantic calls it so
        return False


def data_schema(event: type[Event]) -> Schema:
    """The schema of `data` of one type of event."""
    schema = event.model_json_schema(schema_generator=_Plain)
    head = {name: schema[name] for name in ("title", "description", "type")}
    return {"$schema": DIALECT, "$id": f"urn:learnwire:schema:{event.TYPE}"} | head | schema


def envelope_schema() -> Schema:
    """The schema of the whole value of a record, whatever the type; attributes that it does not name are ignored."""
    schema = Attributes.model_json_schema(schema_generator=_Plain)
    own: Schema = {
        "specversion": {"const": "1.0"},
        "type": {"type": "string", "minLength": 1, "maxLength": 256},
        "data": {"type": "object"},
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:learnwire:schema:envelope",
        "title": "Envelope",
        "description": "A CloudEvent 1.0 in structured JSON, as the value of a Kafka record.",
        "type": "object",
        "properties": schema["properties"] | own,
        "required": [*schema["required"], *own],
    }


def components(events: Mapping[str, type[Event]]) -> Schema:
    """The schemas of several events and of their parts by class name, pointing to each other as AsyncAPI wants it."""
    models: list[tuple[type[BaseModel], Any]] = [(event, "validation") for event in events.values()]
    _, together = models_json_schema(models, ref_template="#/components/schemas/{model}", schema_generator=_Plain)
    return together["$defs"]
