"""Out: an envelope as a record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from contracts.envelope import OPTIONAL, Envelope
from contracts.event import Event
from contracts.types import instant_text

MAX_BYTES = 256 * 1024
"""Of a record's value: above it readers refuse, so writers do."""

STRUCTURED = b"application/cloudevents+json; charset=utf-8"
BINARY = b"application/json"
CONTENT_TYPE = "content-type"


class TooLarge(ValueError):  # noqa: N818  says what it is
    """The value of this record would be above 256 KiB."""

    def __init__(self, size_bytes: int):
        super().__init__("the event is above 256 KiB")
        self.size_bytes = size_bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to Kafka. `topic` is without prefix."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def encode(envelope: Envelope[Event], *, binary: bool = False) -> Record:
    """The record of an event; the same envelope gives the same bytes. The attributes are mirrored as `ce_*` headers.

    Raises:
        TooLarge: The value would be above 256 KiB.
    """
    optional = {name: getattr(envelope, name) for name in OPTIONAL[1:]}
    attributes = _attributes(
        envelope.type, envelope.key, id=envelope.id, source=envelope.source, time=envelope.time, optional=optional
    )
    value = envelope.data.model_dump_json(exclude_none=True, warnings="error").encode()
    return _record(envelope.topic, attributes, value, binary=binary)


def encode_plain(
    event: type[Event],
    data: Mapping[str, Any],
    *,
    key: str,
    id: str,  # noqa: A002  CloudEvents calls it so
    source: str,
    time: datetime,
    optional: Mapping[str, str | None],
) -> Record:
    """The record of an event whose data were made of values that had been checked: they are not checked again.

    It takes about half the time of `encode`, and no model is made and checked before, for who publishes a great deal. `data` is what the model would become in
    JSON, in the order of its fields, absent ones left out; `optional` holds attributes of `OPTIONAL`. Whoever calls it
    shows in a test that `encode(decode(...))` gives the same bytes.

    Raises:
        TooLarge: The value would be above 256 KiB.
    """
    attributes = _attributes(event.TYPE, key, id=id, source=source, time=time, optional=optional)
    return _record(event.TOPIC, attributes, to_json(data), binary=False)


def _record(topic: str, attributes: Mapping[str, str], data: bytes, *, binary: bool) -> Record:
    value = data if binary else to_json(attributes)[:-1] + b',"data":' + data + b"}"
    if len(value) > MAX_BYTES:
        raise TooLarge(len(value))
    headers = [(CONTENT_TYPE, BINARY if binary else STRUCTURED)]
    headers += [("ce_" + name, text.encode()) for name, text in attributes.items()]
    return Record(topic=topic, key=attributes["partitionkey"].encode(), value=value, headers=headers)


def _attributes(
    event_type: str,
    key: str,
    *,
    id: str,  # noqa: A002  as above
    source: str,
    time: datetime,
    optional: Mapping[str, str | None],
) -> dict[str, str]:
    """In the order of the specification. The partition key is what the data ask for, whatever the envelope says."""
    attributes = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": event_type,
        "time": instant_text(time),
        "partitionkey": key,
    }
    for name in OPTIONAL[1:]:
        if (text := optional.get(name)) is not None:
            attributes[name] = text
    return attributes
