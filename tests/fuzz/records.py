"""Records for Kafka: good events with values at the edge of what is allowed, changed ones, damaged ones, noise."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from contracts import Invalid, Malformed, UnknownType, catalog, decode
from tests.chaos.ledger import Headers
from tests.contracts.test_random_records import HEADERS, VALID, changed_events, damaged_events, places

EDGE_TEXTS = [
    "a", "x" * 128, "x" * 1_000, "😀" * 60, "e\u0301" * 40, "\u202eabc", "\u200b", "ß", "İ", "$where", "a.b", "a/b", "a:b", "%", "null",
    "=1+1", "@x", "'", '"', "<script>", "\ufeff", "\ufffd", "\U0010ffff",
]  # fmt: skip
EDGE_INSTANTS = [
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.001Z", "1582-10-15T00:00:00Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z",
    "2024-12-19T11:00:00Z", "2024-12-18T23:00:00Z", "2026-11-22T03:04:05.678Z", "2038-01-19T03:14:08Z", "9999-12-31T23:59:59.999Z",
]  # fmt: skip
EDGE_NUMBERS = [0, 1, 2, 100, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 10**30, 0.005, 99.995, 1e-300]
ODD_KEYS = [None, b"", b"\x00", b"\xff\xfe", b"k" * 5_000, "é".encode()]


@dataclass(frozen=True, slots=True)
class Raw:
    """A record to send; `topic` without prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@st.composite
def edge_events(draw: st.DrawFn) -> bytes:
    """A good example with some values exchanged for others of the same type, mostly still allowed."""
    content = json.loads(draw(st.sampled_from(VALID)))
    leaves = [(container, key) for container, key in places(content) if key not in {"specversion", "type"}]
    for container, key in draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=4)):
        container[key] = _other(draw, container[key])
    content["id"] = draw(st.uuids()).hex
    return json.dumps(content, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def _other(draw: st.DrawFn, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return draw(st.sampled_from(EDGE_NUMBERS))
        case str() if value[4:5] == "-" and "T" in value:
            return draw(st.sampled_from(EDGE_INSTANTS))
        case str() if "@" in value:
            return draw(st.sampled_from(["İ@x", "ﬀ@x.example", "a@b", f"{'x' * 300}@y", " Ann@Example.ORG", "é@é"]))
        case str():
            return draw(st.sampled_from(EDGE_TEXTS))
        case _:
            return value


def topic_of(value: bytes | None, draw: st.DrawFn) -> str:
    """Where an event belongs; anywhere for what says nothing of it, and sometimes for all."""
    try:
        event = decode(value, [], reads=catalog.EVENTS)
    except (Malformed, Invalid):
        event = None
    if event is None or isinstance(event, UnknownType) or draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from([each.name for each in catalog.TOPICS]))
    return event.topic


@st.composite
def records(draw: st.DrawFn) -> Raw:
    """Any record."""
    value = draw(
        edge_events()
        | edge_events()
        | edge_events()
        | edge_events()
        | changed_events()
        | damaged_events()
        | st.binary(max_size=300)
        | st.none()
    )
    key = draw(st.sampled_from(ODD_KEYS) | st.binary(max_size=20))
    headers = draw(HEADERS) if draw(st.integers(0, 4)) == 0 else []
    if draw(st.integers(0, 49)) == 0:
        headers = headers + [("x" * 1_000, b"y" * 1_000)] * draw(st.integers(1, 50))
    kept = tuple((name, content) for name, content in headers if not name.startswith("dlq-"))
    return Raw(topic_of(value, draw), key, value, kept)  # pyright: ignore[reportArgumentType]  Kafka knows null headers


def verdict(raw: Raw, service: str) -> str:
    """What a service must make of it: good, skipped, malformed, invalid."""
    try:
        event: Any = decode(raw.value, list(raw.headers), reads=catalog.reads(service))
    except Malformed:
        return "malformed"
    except Invalid:
        return "invalid"
    if isinstance(event, UnknownType):
        return "skipped"
    return "good" if event.topic == raw.topic else "invalid"
