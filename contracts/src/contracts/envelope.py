"""The CloudEvents envelope that every event travels in."""

import os
import time as clock
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.event import Event, Part
from contracts.types import EventId, EventSource, Instant, Text

E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)

_TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]*)?$"


def _is_a_trace(text: str) -> str:
    """W3C Trace Context: version ff, and ids of nothing but noughts, are no trace."""
    if text.startswith("ff-") or text[3:35] == "0" * 32 or text[36:52] == "0" * 16:
        raise PydanticCustomError("traceparent", "Not a trace")
    return text


Traceparent = Annotated[
    str, Field(max_length=128), StringConstraints(pattern=_TRACEPARENT), AfterValidator(_is_a_trace)
]
Tracestate = Annotated[str, Field(min_length=1, max_length=1024), StringConstraints(pattern="^[ -~]+$")]

NEEDED = ("id", "source", "time")
"""The attributes that every event must have, beside `specversion` and `type`."""

OPTIONAL = ("partitionkey", "traceparent", "tracestate", "correlationid", "causationid")
"""The optional attributes: a bad one is dropped, never a reason to refuse the event."""


class Attributes(Part):
    """What stands in an envelope beside its type and its data."""

    id: EventId
    source: EventSource
    time: Instant
    partitionkey: Text | None = None
    traceparent: Traceparent | None = None
    tracestate: Tracestate | None = None
    correlationid: EventId | None = None
    causationid: EventId | None = None


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E_co]):
    """One event as it travels. `(source, id)` identifies it for ever; `time` is when the publisher recorded the fact."""

    id: str
    source: str
    time: datetime
    data: E_co
    partitionkey: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    dropped: tuple[str, ...] = ()
    """Names of optional attributes that were bad in the record and are therefore missing here."""

    @property
    def type(self) -> str:
        """The event's type, such as `learnwire.learner.changed.v1`."""
        return self.data.TYPE

    @property
    def topic(self) -> str:
        """The one topic of this type."""
        return self.data.TOPIC

    @property
    def key(self) -> str:
        """The partition key that the data ask for."""
        return self.data.key()

    @staticmethod
    def of(
        data: E,
        *,
        source: str,
        id: str | None = None,  # noqa: A002  CloudEvents calls it so
        time: datetime | None = None,
        correlationid: str | None = None,
        causationid: str | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
    ) -> "Envelope[E]":
        """An envelope around `data`; `id` becomes a UUIDv7 and `time` now, unless given.

        Raises:
            ValidationError: An attribute breaks its rule.
        """
        attributes = Attributes(
            id=uuid7() if id is None else id,
            source=source,
            time=datetime.now(UTC) if time is None else time,
            partitionkey=data.key(),
            traceparent=traceparent,
            tracestate=tracestate,
            correlationid=correlationid,
            causationid=causationid,
        )
        return Envelope(data=data, **vars(attributes))


def uuid7() -> str:
    """A UUID of version 7 (RFC 9562): ids made later sort later, by the millisecond."""
    time_ms = f"{clock.time_ns() // 1_000_000:012x}"
    noise = os.urandom(10).hex()
    variant = "89ab"[int(noise[3], 16) & 3]
    return f"{time_ms[:8]}-{time_ms[8:]}-7{noise[:3]}-{variant}{noise[4:7]}-{noise[7:19]}"
