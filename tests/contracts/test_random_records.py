"""Events changed and damaged at random: decoding always answers, always alike, and never shows what it read."""

import json
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import Envelope, catalog, decode, encode, examples
from contracts.wire import MAX_DETAIL
from contracts.wire.careful import read_structured
from tests.contracts.verdicts import Headers, outcome, verdict

VALID = [value for name in catalog.EVENTS for file, value in examples.of(name).items() if file.startswith("valid-")]

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**400), max_value=10**400)
    | st.floats()
    | st.text(st.characters(), max_size=30)
    | st.sampled_from(["", "\x00", "\ud800", "2026-11-22T03:04:05.678Z", "a@b", "go1:1", "1.0", "\u2028"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


Place = tuple[dict[Any, Any] | list[Any], Any]


def places(content: object) -> list[Place]:
    """Every container in a JSON value with each key in it."""
    found: list[Place] = []
    if isinstance(content, dict):
        fields = cast("dict[Any, Any]", content)
        found = [(fields, key) for key in fields]
    elif isinstance(content, list):
        items = cast("list[Any]", content)
        found = [(items, at) for at in range(len(items))]
    return found + [place for container, key in found for place in places(container[key])]


@st.composite
def changed_events(draw: st.DrawFn) -> bytes:
    content = json.loads(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        container, key = draw(st.sampled_from(places(content)))
        if draw(st.booleans()) and isinstance(container, dict):
            container[draw(st.text(st.characters(), max_size=10))] = draw(ANYTHING)
        else:
            container[key] = draw(ANYTHING)
    return json.dumps(content, ensure_ascii=True).encode()


@st.composite
def damaged_events(draw: st.DrawFn) -> bytes:
    value = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        at = draw(st.integers(min_value=0, max_value=len(value) - 1))
        value[at : at + draw(st.integers(min_value=0, max_value=3))] = draw(st.binary(max_size=3))
    return bytes(value)


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_traceparent", "content-type", "Content-Type"])
        | st.text(max_size=5),
        st.none()
        | st.binary(max_size=20)
        | st.sampled_from([b"1.0", b"/lms", b"2026-11-22T03:04:05Z", b"learnwire.learner.changed.v1", b"application/cloudevents+json"]),
    ),
    max_size=9,
)  # fmt: skip


@settings(max_examples=500)
@given(changed_events() | damaged_events() | st.binary(), HEADERS)
def test_nothing_but_malformed_and_invalid_is_ever_raised(value: bytes, headers: Headers):
    kind, detail = verdict(value, headers)
    assert len(detail) <= MAX_DETAIL
    assert kind in {"accepted", "skipped", "malformed", "invalid"}


@settings(max_examples=500)
@given(changed_events())
def test_both_passes_accept_the_same_and_read_the_same(value: bytes):
    careful = outcome(lambda: read_structured(value, reads=catalog.EVENTS))
    assert verdict(value) == careful
    if careful[0] == "accepted":
        assert decode(value, [], reads=catalog.EVENTS) == read_structured(value, reads=catalog.EVENTS)


@settings(max_examples=500)
@given(changed_events())
def test_what_was_accepted_can_be_written_and_read_again(value: bytes):
    if verdict(value)[0] != "accepted":
        return
    envelope = decode(value, [], reads=catalog.EVENTS)
    assert isinstance(envelope, Envelope)
    record = encode(envelope)
    again = decode(record.value, record.headers, reads=catalog.EVENTS)
    assert isinstance(again, Envelope)
    assert encode(again) == record


@settings(max_examples=300)
@given(st.sampled_from(VALID), st.data())
def test_a_detail_shows_no_value(value: bytes, data: st.DataObject):
    secret = "ann.secret@example.org\u0007"  # bad wherever it stands
    content = json.loads(value)
    container, key = data.draw(st.sampled_from(places(content)))
    if isinstance(container, dict) and data.draw(st.booleans()):
        container[secret] = {secret: secret}
    container[key] = secret
    kind, detail = verdict(json.dumps(content).encode())
    assert "secret" not in detail
    assert "skipped" not in kind
