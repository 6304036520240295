"""Content actions: what happened to somebody's access to, or standing in, a piece of content."""

from typing import Any, ClassVar, Self

from pydantic import ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from contracts import vocabulary
from contracts.event import Event, EventRef
from contracts.topics import CONTENT_ACTIONS
from contracts.types import EmailAddress, Id, Instant, PortalId, Text, normal_email


def _say_the_pairs(schema: dict[str, Any]) -> None:
    """The JSON Schema names the legal types, and the legal sources of each."""
    schema["properties"]["type"] |= {"enum": list(vocabulary.TYPES)}
    schema["allOf"] = [
        {
            "if": {"properties": {"type": {"const": type_}}},
            "then": {"properties": {"source": {"enum": list(vocabulary.spellings_of(type_))}}},
        }
        for type_ in vocabulary.TYPES
    ]


class ContentActionRecorded(Event):
    """One content action. `type` and `source` are legal as a pair only (`contracts.vocabulary`); aliases become canonical."""

    model_config = ConfigDict(json_schema_extra=_say_the_pairs)

    TYPE: ClassVar[str] = "learnwire.content-action.recorded.v1"
    TOPIC: ClassVar[str] = CONTENT_ACTIONS

    email: EmailAddress
    panorama_name: Text | None = None
    content_type: Text
    content_title: Text
    type: Text
    source: Text
    timestamp: Instant
    portal_id: PortalId | None = None
    learner_id: Id | None = None
    content_id: Id | None = None
    actor_id: Id | None = None
    reference_id: Id | None = None
    corrects: EventRef | None = None

    @model_validator(mode="after")
    def _pair_is_legal(self) -> Self:
        if (self.type, self.source) not in vocabulary.PAIRS:
            source = vocabulary.canonical_source(self.source)
            if (self.type, source) not in vocabulary.PAIRS:
                raise PydanticCustomError("illegal_pair", "{why}", {"why": vocabulary.explain(self.type, self.source)})
            object.__setattr__(self, "source", source)
        return self

    def key(self) -> str:
        """The normal form of `email`."""
        return normal_email(self.email)
