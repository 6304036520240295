"""Whatever the bytes are, decoding says which kind of bad they are, and shows nothing of them."""

import json

import pytest

from contracts import Envelope, catalog, decode, encode, examples
from contracts.wire import MAX_BYTES, MAX_DETAIL
from tests.contracts.verdicts import Headers, Verdict, verdict

LEARNER = examples.of("learnwire.learner.changed.v1")["valid-full.json"]
CONTENT = json.loads(LEARNER)
CHARACTERS = len(LEARNER.decode())
CIRCUMFLEX = "ê".encode()


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in CONTENT.items() if key != name}).encode()


def with_(**attributes: object) -> bytes:
    return json.dumps(CONTENT | attributes).encode()


def data(**fields: object) -> bytes:
    return json.dumps(CONTENT | {"data": CONTENT["data"] | fields}).encode()


def text(old: str, new: str) -> bytes:
    changed = json.dumps(CONTENT).replace(old, new)
    assert changed != json.dumps(CONTENT)
    return changed.encode()


NESTED = b"[" * 100_000
DEEP = '"version": ' + "[" * 300 + "]" * 300

CORPUS: dict[str, tuple[bytes | None, Verdict]] = {
    # not JSON
    "null value": (None, ("malformed", "value: null")),
    "empty value": (b"", ("malformed", "value: bad_json at character 0")),
    "text": (b"hello", ("malformed", "value: bad_json at character 0")),
    "binary": (b"\x00\xff\xfe\x80", ("malformed", "value: not_utf8 at byte 1")),
    "cut off": (LEARNER[:-5], ("malformed", f"value: bad_json at character {CHARACTERS - 5}")),
    "two values": (LEARNER + LEARNER, ("malformed", f"value: bad_json at character {CHARACTERS}")),
    "byte order mark": (b"\xef\xbb\xbf" + LEARNER, ("malformed", "value: bad_json at character 0")),
    "utf-16": (LEARNER.decode().encode("utf-16"), ("malformed", "value: not_utf8 at byte 0")),
    "utf-16 without mark": (LEARNER.decode().encode("utf-16-le"), ("malformed", f"value: not_utf8 at byte {2 * LEARNER.index(CIRCUMFLEX)}")),
    "latin-1": (LEARNER.decode().encode("latin-1"), ("malformed", f"value: not_utf8 at byte {LEARNER.index(CIRCUMFLEX)}")),
    "surrogate bytes": (b'{"a": "\xed\xa0\x80"}', ("malformed", "value: not_utf8 at byte 7")),
    "single quotes": (LEARNER.replace(b'"', b"'"), ("malformed", "value: bad_json at character 4")),
    "trailing comma": (b'{"id": "1",}', ("malformed", "value: bad_json at character 11")),
    "raw control character": (b'{"a": "\n"}', ("malformed", "value: bad_json at character 7")),
    "nested brackets": (NESTED, ("malformed", "value: too_deep")),
    "nested objects": (b'{"a":' * 40_000, ("malformed", "value: too_deep")),
    "nested and closed": (b"[" * 900 + b"]" * 900, ("malformed", "value: too_deep")),
    "nested in data": (text('"version": 4', DEEP), ("malformed", "value: too_deep")),
    "number of 5000 digits": (text('"version": 4', '"version": ' + "9" * 5000), ("malformed", "value: bad_json")),
    "nan": (text('"version": 4', '"version": NaN'), ("malformed", "value: bad_json")),
    "nan in an unknown field": (text('"version": 4', '"version": 4, "x": NaN'), ("malformed", "value: bad_json")),
    "minus infinity": (text('"version": 4', '"version": 4, "x": -Infinity'), ("malformed", "value: bad_json")),
    "over-size": (LEARNER.ljust(MAX_BYTES + 1), ("malformed", "value: too_large")),
    # not an object
    "null": (b"null", ("malformed", "value: not_an_object")),
    "number": (b"1", ("malformed", "value: not_an_object")),
    "huge number": (b"9" * 400, ("malformed", "value: not_an_object")),
    "list of events": (b"[" + LEARNER + b"]", ("malformed", "value: not_an_object")),
    # not an envelope
    "empty object": (
        b"{}",
        ("malformed", "specversion: missing; type: missing; id: missing; source: missing; time: missing"),
    ),
    "specversion missing": (without("specversion"), ("malformed", "specversion: missing")),
    "specversion as number": (with_(specversion=1.0), ("malformed", "specversion: not_1.0")),
    "specversion of the past": (with_(specversion="0.3"), ("malformed", "specversion: not_1.0")),
    "id missing": (without("id"), ("malformed", "id: missing")),
    "id null": (with_(id=None), ("malformed", "id: string_type")),
    "id as number": (with_(id=7), ("malformed", "id: string_type")),
    "id empty": (with_(id=""), ("malformed", "id: string_too_short")),
    "id too long": (with_(id="x" * 129), ("malformed", "id: string_too_long")),
    "id with a control character": (with_(id="a\x00b"), ("malformed", "id: string_pattern_mismatch")),
    "id with a lone surrogate": (with_(id="a\ud800"), ("malformed", "id: string_unicode")),
    "source missing": (without("source"), ("malformed", "source: missing")),
    "source with a space": (with_(source="/lms acme"), ("malformed", "source: string_pattern_mismatch")),
    "source too long": (with_(source="/" * 257), ("malformed", "source: string_too_long")),
    "type missing": (without("type"), ("malformed", "type: missing")),
    "type null": (with_(type=None), ("malformed", "type: string_type")),
    "type as list": (with_(type=[CONTENT["type"]]), ("malformed", "type: string_type")),
    "type empty": (with_(type=""), ("malformed", "type: not_a_type")),
    "type with NUL": (with_(type=CONTENT["type"] + "\x00"), ("malformed", "type: not_a_type")),
    "type with a lone surrogate": (with_(type="\udfff"), ("malformed", "type: not_a_type")),
    "time missing": (without("time"), ("malformed", "time: missing")),
    "time as number": (with_(time=1795316645), ("malformed", "time: instant")),
    "time naive": (with_(time="2026-11-16T09:30:00"), ("malformed", "time: instant")),
    "data missing": (without("data"), ("malformed", "data: missing")),
    "data null": (with_(data=None), ("malformed", "data: not_an_object")),
    "data as text": (with_(data="{}"), ("malformed", "data: not_an_object")),
    "data as list": (with_(data=[CONTENT["data"]]), ("malformed", "data: not_an_object")),
    "many things": (
        with_(id="", source=1, time=None),
        ("malformed", "id: string_too_short; source: string_type; time: instant"),
    ),
    # a type that is not known
    "unknown type": (with_(type="learnwire.learner.promoted.v1"), ("skipped", "learnwire.learner.promoted.v1")),
    "type in capitals": (with_(type=CONTENT["type"].upper()), ("skipped", CONTENT["type"].upper())),
    # bad data of a known type
    "data empty": (
        with_(data={}),
        (
            "invalid",
            "data.portal_id: missing; data.learner_id: missing; data.email: missing; data.version: missing",
        ),
    ),
    "huge version": (text('"version": 4', '"version": ' + "9" * 400), ("invalid", "data.version: less_than_equal")),
    "version above 64 bits": (data(version=2**63), ("invalid", "data.version: less_than_equal")),
    "version as fraction": (data(version=4.0), ("invalid", "data.version: int_type")),
    "version as 1e999": (text('"version": 4', '"version": 1e999'), ("invalid", "data.version: int_type")),
    "version as bool": (data(version=True), ("invalid", "data.version: int_type")),
    "email as object": (data(email={"$ne": None}), ("invalid", "data.email: string_type")),
    "NUL in a field": (data(first_name="In\x00s"), ("invalid", "data.first_name: forbidden_character")),
    "NUL in an unknown field": (data(x="\x00"), ("invalid", "data.*: forbidden_character")),
    "NUL in a name": (data(**{"a\x00b": 1}), ("invalid", "data.*: forbidden_character")),
    "lone surrogate in a field": (data(first_name="In\udcffs"), ("invalid", "data.first_name: forbidden_character")),
    "lone surrogate deep down": (data(x=[{"y": ["\ud83e"]}]), ("invalid", "data.*[0].*[0]: forbidden_character")),
    "surrogates the wrong way round": (data(last_name="\udd8a\ud83e"), ("invalid", "data.last_name: forbidden_character")),
    "escape character": (data(last_name="\x1b[31m"), ("invalid", "data.last_name: string_pattern_mismatch")),
}  # fmt: skip


@pytest.mark.parametrize("name", CORPUS)
def test_a_bad_record_is_told_apart(name: str):
    value, expected = CORPUS[name]
    assert verdict(value) == expected


def in_binary_mode(**changes: bytes | None) -> Headers:
    envelope = decode(LEARNER, [], reads=catalog.EVENTS)
    assert isinstance(envelope, Envelope)
    headers: dict[str, bytes | None] = dict(encode(envelope, binary=True).headers)
    return [*(headers | {f"ce_{name}": value for name, value in changes.items()}).items()]


DATA = json.dumps(CONTENT["data"]).encode()

BINARY: dict[str, tuple[bytes | None, Headers, Verdict]] = {
    "all well": (DATA, in_binary_mode(), ("accepted", "")),
    "null value": (None, in_binary_mode(), ("malformed", "value: null")),
    "not json": (b"<xml/>", in_binary_mode(), ("malformed", "value: bad_json at character 0")),
    "not an object": (b"[]", in_binary_mode(), ("malformed", "data: not_an_object")),
    "over-size": (DATA.ljust(MAX_BYTES + 1), in_binary_mode(), ("malformed", "value: too_large")),
    "id null": (DATA, in_binary_mode(id=None), ("malformed", "id: string_type")),
    "id not utf-8": (DATA, in_binary_mode(id=b"\xff\xfe"), ("malformed", "id: string_pattern_mismatch")),
    "time not utf-8": (DATA, in_binary_mode(time=b"\xff"), ("malformed", "time: instant")),
    "type null": (DATA, in_binary_mode(type=None), ("malformed", "type: string_type")),
    "type not utf-8": (DATA, in_binary_mode(type=b"\xff"), ("malformed", "type: not_a_type")),
    "specversion null": (DATA, in_binary_mode(specversion=None), ("malformed", "specversion: not_1.0")),
    "specversion not utf-8": (DATA, in_binary_mode(specversion=b"\xff"), ("malformed", "specversion: not_1.0")),
    "headers alone": (
        DATA,
        [("ce_specversion", b"1.0")],
        ("malformed", "type: missing; id: missing; source: missing; time: missing"),
    ),
    "bad data": (b'{"version": "4"}', in_binary_mode(), (
        "invalid",
        "data.portal_id: missing; data.learner_id: missing; data.email: missing; data.version: int_type",
    )),
    "unknown type": (b"anything", in_binary_mode(type=b"other"), ("skipped", "other")),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_a_bad_record_in_binary_mode_is_told_apart(name: str):
    value, headers, expected = BINARY[name]
    assert verdict(value, headers) == expected


def test_a_detail_fits_a_header_however_much_is_wrong():
    rows = [{"row": -1, "status": "x", "identifier": "", "issue": "", "resolution": ""}] * 1000
    content = json.loads(examples.of("learnwire.bulk-action.rows-reported.v1")["valid-full.json"])
    kind, detail = verdict(json.dumps(content | {"data": content["data"] | {"rows": rows}}).encode())
    assert (kind, len(detail)) == ("invalid", MAX_DETAIL)
