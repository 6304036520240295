"""The kinds of values that events are made of: what is accepted, and the one form in which it is kept.

Patterns are written so that Rust, ECMAScript and Python read them alike: they go into the JSON Schemas as they are.
"""

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_CONTROL_BUT_LINES = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_INT64 = 2**63 - 1
_INT32 = 2**31 - 1

_NO_CONTROL = StringConstraints(pattern=f"^[^{_CONTROL}]+$")
_NO_SPACE = StringConstraints(pattern=rf"^[^\s{_CONTROL}]+$")

Id = Annotated[str, Field(min_length=1, max_length=128), _NO_SPACE]
"""An id that a publisher gives: 1 to 128 characters without white space or control characters."""

DerivedId = Annotated[str, Field(min_length=1, max_length=320), _NO_SPACE]
"""An id that Learnwire makes of others (`go1:…`): as `Id`, but longer."""

PortalId = Annotated[str, Field(min_length=1, max_length=40), StringConstraints(pattern="^[A-Za-z0-9._-]+$")]
"""Narrower than other ids, so that keys which begin with it are unambiguous."""

Text = Annotated[str, Field(min_length=1, max_length=1000), _NO_CONTROL]
"""One line of text, 1 to 1,000 characters."""

Lines = Annotated[str, Field(min_length=1, max_length=1000), StringConstraints(pattern=f"^[^{_CONTROL_BUT_LINES}]+$")]
"""As `Text`; line ends and tabs are allowed too."""

EmailAddress = Annotated[
    str,
    Field(min_length=3, max_length=320),
    StringConstraints(
        pattern=rf"^[^@{_CONTROL}]*[^@\s{_CONTROL}][^@{_CONTROL}]*@[^@{_CONTROL}]*[^@\s{_CONTROL}][^@{_CONTROL}]*$"
    ),
]
"""An address as received, with exactly one `@`; compare by `normal_email`."""

Count = Annotated[int, Field(ge=0, le=_INT64)]
Version = Annotated[int, Field(ge=1, le=_INT64)]
"""Raised by its publisher with every change of the thing."""

Whole = Annotated[int, Field(ge=1, le=_INT32)]
"""A whole number above nought that still fits a duration: minutes, seconds, steps."""

Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]

EventId = Annotated[str, Field(min_length=1, max_length=128), _NO_CONTROL]
"""`id` of an envelope: printable, spaces included."""

EventSource = Annotated[
    str, Field(min_length=1, max_length=256), StringConstraints(pattern=rf'^[^\s<>"{{}}|\\^`{_CONTROL}]+$')
]
"""`source` of an envelope: a URI reference, such as `/lms/acme`."""


def _launch_id(text: str) -> str:
    if text.startswith("go1:"):
        raise PydanticCustomError("launch_id", "A launch_id never begins with go1:")
    return text


LaunchId = Annotated[Id, AfterValidator(_launch_id), Field(json_schema_extra={"not": {"pattern": "^go1:"}})]
"""As `Id`; `go1:` is kept for the attempts that Learnwire names itself."""


_INSTANT = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_reads_as_instant = re.compile(_INSTANT).fullmatch
_LONGEST_INSTANT = 64


def instant(value: object) -> datetime:
    """An instant in UTC, cut to milliseconds, of an aware datetime or of RFC 3339 text with seconds and an offset.

    Raises:
        PydanticCustomError: It is something else, naive, or outside the years 1 to 9999 in UTC.
    """
    if isinstance(value, str):
        # Our own form is told by its punctuation and needs no more than this; most of what is read has it.
        if len(value) == _OUR_LENGTH and value[4:20:3] == "--T::." and value[-1] == "Z":
            return _datetime(value)
        if len(value) > _LONGEST_INSTANT or not _reads_as_instant(value):
            raise _no_instant()
        value = _datetime(value.upper())
    if not isinstance(value, datetime) or value.tzinfo is None or value.utcoffset() is None:
        raise _no_instant()
    try:
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:
        raise _no_instant() from None
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000) if in_utc.microsecond % 1000 else in_utc


_OUR_LENGTH = len("2026-11-22T03:04:05.678Z")


def _datetime(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _no_instant() from None


def _no_instant() -> PydanticCustomError:
    return PydanticCustomError("instant", "Not an instant: RFC 3339 with seconds and an offset is needed")


_LENGTH_WITHOUT_OFFSET = _OUR_LENGTH - len("Z")


@lru_cache(4096)  # what is published of one thing names the same few instants again and again
def instant_text(value: datetime) -> str:
    """The one way an instant is written: `2026-11-22T03:04:05.678Z`."""
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[:_LENGTH_WITHOUT_OFFSET] + "Z"


Instant = Annotated[
    datetime,
    PlainValidator(instant),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "maxLength": _LONGEST_INSTANT, "pattern": f"^{_INSTANT}$"}
    ),
]


def normal_email(text: str) -> str:
    """The form in which addresses are compared: trimmed, NFC, case folded; no tricks with dots or plus signs."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFC", text.strip()).casefold()


_SALESFORCE_ID = re.compile("[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_SALESFORCE_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def salesforce_id(text: str) -> str:
    """The 18 characters of a Salesforce id of 15 or 18.

    Raises:
        PydanticCustomError: Another length, other characters, or a checksum that does not fit.
    """
    if not _SALESFORCE_ID.fullmatch(text):
        raise PydanticCustomError("salesforce_id", "Not a Salesforce id: 15 or 18 letters and digits are needed")
    whole = text[:15] + _salesforce_suffix(text[:15])
    if not whole.startswith(text):
        raise PydanticCustomError("salesforce_id_checksum", "Not a Salesforce id: its last three characters do not fit")
    return whole


def _salesforce_suffix(text: str) -> str:
    """Three characters, each telling which of five are capitals: first character in the lowest bit."""
    fives = (text[0:5], text[5:10], text[10:15])
    return "".join(_SALESFORCE_CHECK[sum(1 << i for i, c in enumerate(five) if "A" <= c <= "Z")] for five in fives)


SalesforceId = Annotated[
    str,
    AfterValidator(salesforce_id),
    Field(json_schema_extra={"pattern": "^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$"}),
]
"""15 or 18 characters, kept as 18."""
