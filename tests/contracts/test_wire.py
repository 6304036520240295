"""Records and envelopes: both modes, there and back, and what wins when a record says two things."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import (
    BulkActionRowsReported,
    Envelope,
    Event,
    LearnerChanged,
    LearnerErased,
    Record,
    ReportedRow,
    UnknownType,
    catalog,
    decode,
    encode,
    examples,
)
from contracts.wire import MAX_BYTES, Invalid, Malformed, TooLarge

AT = datetime(2026, 11, 22, 3, 4, 5, 678000, tzinfo=UTC)
EXAMPLES = [
    pytest.param(value, id=f"{name}/{file}")
    for name in catalog.EVENTS
    for file, value in examples.of(name).items()
    if file.startswith("valid-")
]
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def read(record: Record) -> Envelope[Event] | UnknownType:
    return decode(record.value, record.headers, reads=catalog.EVENTS)


def known(value: bytes | None, headers: list[tuple[str, bytes | None]] | None = None) -> Envelope[Event]:
    envelope = decode(value, headers or [], reads=catalog.EVENTS)
    assert isinstance(envelope, Envelope)
    return envelope


def a_learner() -> LearnerChanged:
    return LearnerChanged(portal_id="acme", learner_id="l-17", email="ann@example.org", version=3)


def an_envelope() -> Envelope[LearnerChanged]:
    return Envelope.of(a_learner(), source="/lms/acme", id="e-1", time=AT, traceparent=TRACE, correlationid="order-9")


def raw(**attributes: object) -> dict[str, Any]:
    """A record's value as a dict, with changes; None takes an attribute away."""
    content = json.loads(encode(an_envelope()).value) | attributes
    return {name: value for name, value in content.items() if value is not None}


def as_bytes(content: object) -> bytes:
    return json.dumps(content).encode()


def binary(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    headers: dict[str, bytes | None] = dict(encode(an_envelope(), binary=True).headers)
    return [*(headers | {f"ce_{name}": value for name, value in changes.items()}).items()]


DATA = encode(an_envelope(), binary=True).value


def test_a_record_in_structured_mode_is_this():
    assert encode(an_envelope()) == Record(
        topic="learnwire.learners.v1",
        key=b"acme/l-17",
        value=(
            b'{"specversion":"1.0","id":"e-1","source":"/lms/acme","type":"learnwire.learner.changed.v1",'
            b'"time":"2026-11-22T03:04:05.678Z","partitionkey":"acme/l-17",'
            b'"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","correlationid":"order-9",'
            b'"data":{"portal_id":"acme","learner_id":"l-17","email":"ann@example.org","active":true,"version":3}}'
        ),
        headers=[
            ("content-type", b"application/cloudevents+json; charset=utf-8"),
            ("ce_specversion", b"1.0"),
            ("ce_id", b"e-1"),
            ("ce_source", b"/lms/acme"),
            ("ce_type", b"learnwire.learner.changed.v1"),
            ("ce_time", b"2026-11-22T03:04:05.678Z"),
            ("ce_partitionkey", b"acme/l-17"),
            ("ce_traceparent", TRACE.encode()),
            ("ce_correlationid", b"order-9"),
        ],
    )


def test_a_record_in_binary_mode_has_the_data_alone_as_value():
    structured, record = encode(an_envelope()), encode(an_envelope(), binary=True)
    assert record.value == (
        b'{"portal_id":"acme","learner_id":"l-17","email":"ann@example.org","active":true,"version":3}'
    )
    assert record.headers == [("content-type", b"application/json"), *structured.headers[1:]]


@pytest.mark.parametrize("value", EXAMPLES)
def test_an_event_comes_back_byte_for_byte_in_both_modes(value: bytes):
    envelope = known(value)
    for binary in (False, True):
        record = encode(envelope, binary=binary)
        again = read(record)
        assert isinstance(again, Envelope)
        assert encode(again, binary=binary) == record
        assert again.data == envelope.data


def test_an_envelope_comes_back_as_it_was():
    assert read(encode(an_envelope())) == an_envelope() == read(encode(an_envelope(), binary=True))


def test_an_envelope_knows_its_type_topic_and_key():
    envelope = an_envelope()
    assert (envelope.type, envelope.topic, envelope.key, envelope.partitionkey) == (
        "learnwire.learner.changed.v1",
        "learnwire.learners.v1",
        "acme/l-17",
        "acme/l-17",
    )


def test_ids_and_times_are_made_when_not_given():
    one, other = (Envelope.of(a_learner(), source="/lms/acme") for _ in range(2))
    assert one.id != other.id
    assert one.id[14] == "7"
    assert abs((one.time - datetime.now(UTC)).total_seconds()) < 60
    assert one.time.microsecond % 1000 == 0


@pytest.mark.parametrize("bad", [{"source": ""}, {"source": "/x", "id": ""}, {"source": "/x", "traceparent": "x"}])
def test_an_envelope_with_bad_attributes_is_not_made(bad: dict[str, Any]):
    with pytest.raises(ValueError, match="validation error"):
        Envelope.of(a_learner(), **bad)


def test_headers_are_not_needed_in_structured_mode():
    assert known(as_bytes(raw())) == an_envelope()


def test_the_body_holds_where_headers_differ():
    record = encode(an_envelope())
    headers = [(name, b"other" if name != "content-type" else value) for name, value in record.headers]
    assert decode(record.value, headers, reads=catalog.EVENTS) == an_envelope()


@pytest.mark.parametrize(
    "content_type",
    [b"application/cloudevents+json", b"Application/CloudEvents+JSON; charset=utf-8", b" application/cloudevents"],
)
def test_a_cloudevents_content_type_means_structured_mode_whatever_the_headers(content_type: bytes):
    headers: list[tuple[str, bytes | None]] = [("ce_specversion", b"1.0"), ("Content-Type", content_type)]
    assert known(as_bytes(raw()), headers) == an_envelope()


@pytest.mark.parametrize("content_type", [b"application/json", b"text/plain", b"", None, b"\xff"])
def test_a_specversion_header_with_another_content_type_means_binary_mode(content_type: bytes | None):
    headers = [("content-type", content_type), *binary()[1:]]
    assert known(DATA, headers) == an_envelope()
    assert known(DATA, headers[1:]) == an_envelope()


def test_without_a_specversion_header_the_body_must_hold_the_attributes():
    headers = [each for each in binary() if each[0] != "ce_specversion"]
    with pytest.raises(Malformed) as refused:
        decode(DATA, headers, reads=catalog.EVENTS)
    assert refused.value.detail == ("specversion: missing; type: missing; id: missing; source: missing; time: missing")


def test_of_headers_said_twice_the_last_holds():
    headers = [("ce_id", b"e-0"), *binary()]
    assert known(DATA, headers).id == "e-1"


BAD_OPTIONAL: dict[str, list[object]] = {
    "partitionkey": ["", 7, [], "a\u0000", "x" * 1001],
    "traceparent": ["", "x", 7, TRACE.upper(), TRACE.replace("00-4", "ff-4"), f"00-{'0' * 32}-00f067aa0ba902b7-01"],
    "tracestate": ["", 7, "a=\u00e9", "x" * 1025],
    "correlationid": ["", 7, {}, "x" * 129, "a\nb", "\ud800"],
    "causationid": ["", True, "x" * 129],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD_OPTIONAL.items() for value in values]
)
def test_a_bad_optional_attribute_is_dropped_and_named(name: str, value: object):
    envelope = known(as_bytes(raw(**{name: value})))
    assert envelope.dropped == (name,)
    assert getattr(envelope, name) is None
    assert envelope.data == a_learner()


def test_several_bad_optional_attributes_are_all_named_and_the_good_ones_kept():
    envelope = known(as_bytes(raw(causationid=1, tracestate="", partitionkey=None)))
    assert envelope.dropped == ("tracestate", "causationid")
    assert (envelope.correlationid, envelope.traceparent) == ("order-9", TRACE)


@pytest.mark.parametrize("value", [b"\xff", b"", b"x" * 129, b"a\0"])
def test_a_bad_optional_header_is_dropped_in_binary_mode(value: bytes):
    assert known(DATA, binary(correlationid=value)).dropped == ("correlationid",)


def test_a_null_says_the_same_as_an_optional_attribute_left_out():
    content = raw() | {"correlationid": None}
    assert known(as_bytes(content)) == known(as_bytes(raw(correlationid=None)))
    assert known(DATA, binary(correlationid=None)).correlationid is None


def test_attributes_that_it_does_not_know_are_ignored():
    ours: dict[str, object] = {
        "datacontenttype": "application/json",
        "dropped": ["x"],
        "type_": 1,
        "sequence": {"a": []},
        "topic": "x",
    }
    assert known(as_bytes(raw(**ours))) == an_envelope()
    assert known(DATA, [*binary(), ("ce_dropped", b"x"), ("other", None), ("ce_", b"")]) == an_envelope()


def test_fields_of_data_that_it_does_not_know_are_ignored():
    content = raw()
    content["data"] |= {"shoe_size": 43, "deep": [{"a": [1e999, -1, "x"]}]}
    assert known(json.dumps(content, allow_nan=True).replace("Infinity", "1e999").encode()) == an_envelope()


def test_a_type_that_is_not_read_is_skipped():
    record = encode(an_envelope())
    assert decode(record.value, record.headers, reads=catalog.reads("bulk-tracker")) == UnknownType(
        "learnwire.learner.changed.v1"
    )
    assert decode(DATA, binary(), reads=catalog.reads("bulk-tracker")) == UnknownType("learnwire.learner.changed.v1")


@pytest.mark.parametrize("data", [None, {"anything": "\ud800"}, "text", 7])
def test_the_data_of_a_type_that_is_not_read_are_not_looked_at(data: object):
    content = raw(type="learnwire.learner.changed.v2", data=data)
    assert decode(as_bytes(content), [], reads=catalog.EVENTS) == UnknownType("learnwire.learner.changed.v2")


def test_a_value_of_256_kib_is_read_and_one_byte_more_is_not():
    value = as_bytes(raw())
    assert known(value.ljust(MAX_BYTES)) == an_envelope()
    with pytest.raises(Malformed) as refused:
        decode(value.ljust(MAX_BYTES + 1), [], reads=catalog.EVENTS)
    assert refused.value.detail == "value: too_large"


def test_an_event_above_256_kib_is_not_encoded():
    row = ReportedRow(row=1, status="error", identifier="x", issue="\u00e9" * 1000, resolution="y")
    rows = BulkActionRowsReported(action_id="b-1", reported_at=AT, rows=(row,) * 200)
    with pytest.raises(TooLarge):
        encode(Envelope.of(rows, source="/lms/acme"))


def test_of_names_said_twice_the_last_holds_in_both_passes():
    text = as_bytes(raw()).decode()
    twice = text.replace('"id": "e-1"', '"id": "e-0", "id": "e-1"').replace(
        '"version": 3', '"version": 9, "version": 3'
    )
    twice = twice.replace('{"spec', '{"type": "learnwire.learner.erased.v1", "spec', 1)
    assert known(twice.encode()) == an_envelope()
    careful = twice[:-1] + ', "tracestate": 7}'
    assert known(careful.encode()).data == a_learner()


def test_readers_of_different_types_do_not_mix():
    erased = encode(
        Envelope.of(LearnerErased(portal_id="acme", learner_id="l-1", erased_at=AT), source="/lms/acme", time=AT)
    )
    for _ in range(300):  # more mappings than are kept compiled
        only: dict[str, type[Event]] = {LearnerErased.TYPE: LearnerErased}
        assert isinstance(decode(erased.value, [], reads=only), Envelope)
        assert decode(as_bytes(raw()), [], reads=only) == UnknownType(LearnerChanged.TYPE)


def test_an_error_in_data_is_invalid_and_one_in_the_envelope_is_malformed():
    both = raw(time="yesterday")
    both["data"]["version"] = 0
    with pytest.raises(Malformed) as malformed:
        decode(as_bytes(both), [], reads=catalog.EVENTS)
    with pytest.raises(Invalid) as invalid:
        decode(as_bytes(both | {"time": "2026-11-22T03:04:05Z"}), [], reads=catalog.EVENTS)
    assert (malformed.value.detail, invalid.value.detail) == ("time: instant", "data.version: greater_than_equal")
