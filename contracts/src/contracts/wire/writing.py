"""Out: an envelope as a record."""

from dataclasses import dataclass
from datetime import datetime

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
    key = envelope.key
    attributes = _attributes(envelope, key)
    value = envelope.data.model_dump_json(exclude_none=True, warnings="error").encode()
    if not binary:
        head = to_json(attributes)
        value = head[:-1] + b',"data":' + value + b"}"
    if len(value) > MAX_BYTES:
        raise TooLarge(len(value))
    headers = [(CONTENT_TYPE, BINARY if binary else STRUCTURED)]
    headers += [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    return Record(topic=envelope.topic, key=key.encode(), value=value, headers=headers)


def _attributes(envelope: Envelope[Event], key: str) -> dict[str, str]:
    """In the order of the specification. The partition key is what the data ask for, whatever the envelope says."""
    attributes = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": instant_text(envelope.time),
        "partitionkey": key,
    }
    for name in OPTIONAL[1:]:
        text: str | datetime | None = getattr(envelope, name)
        if isinstance(text, str):
            attributes[name] = text
    return attributes
