"""What a handler is given, and what it may answer."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from contracts.envelope import Envelope
from contracts.event import Event
from shared import tracing
from shared.dead_letters import Raw

E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Fact(Generic[E_co]):
    """One event as it was received."""

    event: Envelope[E_co]
    record: Raw

    @property
    def data(self) -> E_co:
        """The event's data."""
        return self.event.data

    @property
    def id(self) -> str:
        """The event's `id`; unique together with its `source`."""
        return self.event.id

    @property
    def source(self) -> str:
        """Who published it."""
        return self.event.source

    @property
    def time(self) -> datetime:
        """When the publisher recorded it."""
        return self.event.time

    @property
    def cause(self) -> dict[str, str]:
        """What the events that it causes take over from its envelope; attributes that it lacks are left out."""
        event = self.event
        cause = {"causationid": event.id}
        if event.correlationid is not None:
            cause["correlationid"] = event.correlationid
        if event.traceparent is not None:
            cause["traceparent"] = event.traceparent
        if event.tracestate is not None:
            cause["tracestate"] = event.tracestate
        return cause

    @property
    def named(self) -> dict[str, str | int]:
        """Which event it is, in the words of log lines; those that do not apply are left out."""
        record, event = self.record, self.event
        return {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "event_id": event.id,
            "event_type": event.type,
            "event_source": event.source,
            **_given(correlation_id=event.correlationid, trace_id=tracing.trace_id(event.traceparent)),
        }


def _given(**attributes: str | None) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handler's answer for a fact that must go to dead letters. `detail` holds no personal data."""

    fact: Fact[Any]
    reason: Literal["conflict", "refused", "invalid"]
    detail: str


Handler = Callable[[Sequence[Fact[Any]]], Awaitable[Sequence[Refusal]]]
"""Takes facts of one topic in partition order and makes them durable; may be called again with the same facts.

Raises `Unavailable` (or lets a driver's error pass) when a dependency is down.
"""

Things = Callable[[Fact[Any]], Sequence[Hashable]]
InOrder = Mapping[str, Things]
"""By topic (without prefix) what things a fact is about, where of facts about one thing the first must be handled first,
though batches are in flight side by side. One thing's facts share a partition key."""
