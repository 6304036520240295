"""Instants, addresses and Salesforce ids: what is accepted, and in which form it is kept."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.types import (
    Count,
    EmailAddress,
    EventSource,
    Id,
    Instant,
    LaunchId,
    Lines,
    PortalId,
    Text,
    Version,
    instant,
    instant_text,
    normal_email,
    salesforce_id,
)


def accepts(annotation: Any, value: object) -> bool:
    adapter = TypeAdapter[object](annotation)
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-11-22T03:04:05.678Z", "2026-11-22T03:04:05.678Z"),
        ("2026-11-22T03:04:05Z", "2026-11-22T03:04:05.000Z"),
        ("2026-11-22T03:04:05.6789999Z", "2026-11-22T03:04:05.678Z"),
        ("2026-11-22T03:04:05.1Z", "2026-11-22T03:04:05.100Z"),
        ("2026-11-22T05:34:05.678901+02:30", "2026-11-22T03:04:05.678Z"),
        ("2026-11-21T22:04:05-05:00", "2026-11-22T03:04:05.000Z"),
        ("2026-11-22t03:04:05z", "2026-11-22T03:04:05.000Z"),
        ("2026-11-22T03:04:05-00:00", "2026-11-22T03:04:05.000Z"),
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_kept_in_utc_and_cut_to_milliseconds(text: str, kept: str):
    assert instant_text(instant(text)) == kept
    assert instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T03:04:05",  # naive
        "2026-11-22T03:04Z",  # no seconds
        "2026-11-22 03:04:05Z",
        "2026-11-22T03:04:05,678Z",
        "2026-11-22T03:04:05.Z",
        "2026-11-22T03:04:05+0200",
        "2026-11-22T03:04:05+02",
        "2026-11-22T03:04:05+02:00:30",
        "2026-W47-7T03:04:05.678Z",
        "2026-W4-7T03:04:05.678ZZ",
        "20261122T030405Z",
        "2026-11-22",
        "2026-02-30T03:04:05Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T03:04:60Z",
        "2026-11-22T03:04:05+25:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",  # before the year 1 in UTC
        "9999-12-31T23:59:59-01:00",
        "\u0662\u0660\u0662\u0666-11-22T03:04:05.678Z",
        "2026-11-22T03:04:05.6\u06678Z",
        "2026-11-22T03:04:05Z\n",
        "2026-11-22T03:04:05." + "0" * 60 + "Z",
        "1795316645",
        "now",
        "",
    ],
)
def test_what_is_no_instant_of_rfc_3339_with_an_offset_is_refused(text: str):
    assert not accepts(Instant, text)


@pytest.mark.parametrize("value", [1795316645, 1795316645.5, True, None, [], datetime(2026, 11, 22, 3, 4, 5)])  # noqa: DTZ001  naive on purpose
def test_numbers_and_naive_datetimes_are_no_instants(value: object):
    assert not accepts(Instant, value)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone.min])))
def test_an_instant_survives_being_written_and_read(value: datetime):
    try:
        kept = instant(value)
    except ValueError:
        assert value.year in (1, 9999)
        return
    assert timedelta(0) <= value - kept < timedelta(milliseconds=1)
    assert instant(instant_text(kept)) == kept
    assert len(instant_text(kept)) == 24


@given(st.from_regex(r"[0-9]{4}-[0-9W-]{2}-[0-9-]{2}T[0-9:]{2}:[0-9-]{2}:[0-9+]{2}\.[0-9Z+:.-]{3}Z", fullmatch=True))
def test_the_short_way_for_our_own_form_accepts_nothing_more(text: str):
    try:
        short = instant(text)
    except ValueError:
        return
    assert instant(text[:-1] + "+00:00") == short


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Ann@Example.ORG", "ann@example.org"),
        ("  ann+news@example.org\t", "ann+news@example.org"),
        ("Jose\u0301@example.org", "jos\u00e9@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("a.n.n@example.org", "a.n.n@example.org"),
    ],
)
def test_addresses_are_compared_trimmed_composed_and_case_folded(text: str, normal: str):
    assert normal_email(text) == normal


@given(st.text(st.characters(max_codepoint=0x24F), max_size=60))  # beyond Latin, casefold() can undo NFC
def test_the_normal_form_of_a_normal_form_is_itself(text: str):
    assert normal_email(normal_email(text)) == normal_email(text)


@pytest.mark.parametrize("text", ["a@b", " ann@example.org ", "ann smith@example.org", "ä@ö", "x" * 318 + "@y"])
def test_an_address_has_one_at_sign_with_something_on_both_sides(text: str):
    assert accepts(EmailAddress, text)


@pytest.mark.parametrize(
    "text", ["", "ab", "abc", "a@b@c", "@bc", "ab@", " @b", "a@b\n", "a@b\0", "a\x7f@b", "x" * 319 + "@y", "a@\ud800"]
)
def test_what_is_no_address_is_refused(text: str):
    assert not accepts(EmailAddress, text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("003D000000QV9n2", "003D000000QV9n2IAD"),
        ("003D000000QV9n2IAD", "003D000000QV9n2IAD"),
        ("005000000000000", "005000000000000AAA"),
        ("005ZZZZZZZZZZZZ", "005ZZZZZZZZZZZZY55"),
    ],
)
def test_a_salesforce_id_is_kept_with_18_characters(text: str, kept: str):
    assert salesforce_id(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "003D000000QV9n",
        "003D000000QV9n2I",
        "003D000000QV9n2IAC",
        "003D000000QV9n2iad",
        "003D000000QV9n2IAD ",
        "003D000000QV9n\u0662",
    ],
)
def test_a_salesforce_id_of_another_length_or_checksum_is_refused(text: str):
    with pytest.raises(ValueError, match="Not a Salesforce id"):
        salesforce_id(text)


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (Id, ["x", "a" * 128, "ü-7", "go1:17", "a/b"], ["", "a" * 129, "a b", "a\tb", "a\u00a0b", "a\u2028b", "a\0", "\x85", 7, None, b"x"]),
        (PortalId, ["acme", "A.b_c-9", "p" * 40], ["", "p" * 41, "a/b", "a b", "ä", "acme\n"]),
        (LaunchId, ["launch-1", "Go1:1", "xgo1:1"], ["go1:1", "go1:", ""]),
        (Text, [" ", "a" * 1000, "🦊 «fox»"], ["", "a" * 1001, "a\nb", "a\tb", "\0", "\x7f", "\x9f", "\ud83e"]),
        (Lines, ["a\nb\r\n\tc"], ["", "a\0b", "a\x0bb", "a\x1bb", "a" * 1001]),
        (EventSource, ["/lms/acme", "https://lms.example/a?b=c#d", "urn:x:y", "/ä"], ["", "/l ms", "<x>", "/" * 257, "/\n"]),
        (Count, [0, 2**63 - 1], [-1, 2**63, 1.0, "1", True, None]),
        (Version, [1, 2**63 - 1], [0, -1, 2**63, 1.5, "1", True]),
    ],
)  # fmt: skip
def test_each_kind_of_value_has_its_limits(annotation: Any, good: list[object], bad: list[object]):
    assert [value for value in good if not accepts(annotation, value)] == []
    assert [value for value in bad if accepts(annotation, value)] == []
