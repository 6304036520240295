"""What decoding says of a record, as a value that can be compared."""

from collections.abc import Callable
from typing import Literal

from contracts import Envelope, Event, UnknownType, catalog, decode
from contracts.wire import Invalid, Malformed

Verdict = tuple[Literal["accepted", "skipped", "malformed", "invalid"], str]
Headers = list[tuple[str, bytes | None]]


def verdict(value: bytes | None, headers: Headers | None = None) -> Verdict:
    return outcome(lambda: decode(value, headers or [], reads=catalog.EVENTS))


def outcome(read: Callable[[], Envelope[Event] | UnknownType]) -> Verdict:
    try:
        found = read()
    except Malformed as refused:
        return "malformed", refused.detail
    except Invalid as refused:
        return "invalid", refused.detail
    return ("skipped", found.type) if isinstance(found, UnknownType) else ("accepted", "")
