"""What all events have in common: strict for who writes, tolerant for who reads."""

import json
from abc import abstractmethod
from typing import ClassVar, cast

from pydantic import BaseModel, ConfigDict

from contracts.types import EventId, EventSource


class Part(BaseModel):
    """A piece of an event's data. Frozen; no coercion; a field it does not know is an error for writers.

    Readers validate with `extra="ignore"`, as `contracts.wire.decode` does.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True, hide_input_in_errors=True)


class Event(Part):
    """Data of one type of event: one fact, one class, one topic."""

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]

    @abstractmethod
    def key(self) -> str:
        """The partition key: facts that must keep their order share it."""


class EventRef(Part):
    """Points to an event: `(source, id)` identifies one for ever."""

    source: EventSource
    id: EventId


def canonical(event: Part) -> str:
    """Canonical JSON of an event's data: sorted keys, no spaces, absent fields left out, `80.0` as `80`.

    Of two facts with the same version the one whose canonical JSON compares greater wins.
    """
    plain = _plain(event.model_dump(mode="json", exclude_none=True))
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in cast("list[object]", value)]
    return value
