"""The second look at a record: slower, and able to say what is wrong with it."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from pydantic import ValidationError

from contracts.envelope import OPTIONAL, Attributes, Envelope
from contracts.event import Event
from contracts.wire.refusals import Invalid, Malformed, join, path, say

_DEEPEST = 200
"""As deep as the parser of the first pass goes."""

_LONGEST_TYPE = 256


@dataclass(frozen=True, slots=True)
class UnknownType:
    """An event of a type that this service does not read: to be skipped and counted."""

    type: str


def read_structured(value: bytes, *, reads: Mapping[str, type[Event]]) -> Envelope[Event] | UnknownType:
    """An event whose attributes stand in the value beside `data`."""
    content = _parse(value)
    if not isinstance(content, dict):
        raise Malformed("value: not_an_object")
    raw = cast("dict[str, object]", content)
    attributes, dropped = _attributes(raw)
    name = cast("str", raw["type"])
    if name not in reads:
        return UnknownType(name)
    if "data" not in raw:
        raise Malformed("data: missing")
    data = _data(raw["data"], reads[name])
    return Envelope(data=data, dropped=dropped, **vars(attributes))


def read_binary(
    value: bytes, headers: Sequence[tuple[str, bytes | None]], *, reads: Mapping[str, type[Event]]
) -> Envelope[Event] | UnknownType:
    """An event whose attributes stand in `ce_*` headers; the value is `data`."""
    raw = {name[3:]: _text(content) for name, content in headers if name.startswith("ce_")}
    attributes, dropped = _attributes(raw)
    name = cast("str", raw["type"])
    if name not in reads:
        return UnknownType(name)
    return Envelope(data=_data_alone(value, reads[name]), dropped=dropped, **vars(attributes))


def _data_alone(value: bytes, event: type[Event]) -> Event:
    if not is_suspicious(value):
        with suppress(ValidationError):
            return event.model_validate_json(value, extra="ignore")
    return _data(_parse(value), event)


def is_suspicious(value: bytes) -> bool:
    """Whether it may hold what the parser of the first pass lets through: NaN, Infinity, an escaped NUL.

    One character is looked for before the word, because that is ten times as fast.
    """
    return (
        (_N in value and b"NaN" in value)
        or (_I in value and b"Infinity" in value)
        or (_BACKSLASH in value and b"\\u0000" in value)
    )


_BACKSLASH, _I, _N = b"\\IN"


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return "\0"  # present, and bad whatever attribute it is


def _parse(value: bytes) -> object:
    try:
        content: object = json.loads(value.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Malformed(f"value: not_utf8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"value: bad_json at character {error.pos}") from None
    except ValueError:  # a constant that JSON does not have, or a number of thousands of digits
        raise Malformed("value: bad_json") from None
    except RecursionError:
        raise Malformed("value: too_deep") from None
    _refuse_depth(content)
    return content


def _no_constant(_name: str) -> NoReturn:
    raise ValueError


def _refuse_depth(content: object) -> None:
    level = [content]
    for _ in range(_DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise Malformed("value: too_deep")


def _inside(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return cast("list[object]", value) if isinstance(value, list) else ()


def _attributes(raw: Mapping[str, object]) -> tuple[Attributes, tuple[str, ...]]:
    """The attributes, and the names of optional ones that were bad."""
    wrong = [*_wrong_version(raw), *_wrong_type(raw)]
    known = {name: raw[name] for name in Attributes.model_fields if name in raw}
    dropped: tuple[str, ...] = ()
    try:
        attributes = Attributes.model_validate(known)
    except ValidationError as error:
        bad = {str(each["loc"][0]) for each in error.errors(include_url=False, include_input=False)}
        if wrong or not bad <= set(OPTIONAL):
            raise Malformed(join([*wrong, say(error)])) from None
        dropped = tuple(name for name in OPTIONAL if name in bad)
        attributes = Attributes.model_validate({name: value for name, value in known.items() if name not in bad})
    if wrong:
        raise Malformed(join(wrong))
    return attributes, dropped


def _wrong_version(raw: Mapping[str, object]) -> Sequence[str]:
    if "specversion" not in raw:
        return ("specversion: missing",)
    return () if raw["specversion"] == "1.0" else ("specversion: not_1.0",)


def _wrong_type(raw: Mapping[str, object]) -> Sequence[str]:
    if "type" not in raw:
        return ("type: missing",)
    name = raw["type"]
    if not isinstance(name, str):
        return ("type: string_type",)
    return () if is_type(name) else ("type: not_a_type",)


def is_type(name: str) -> bool:
    """Whether it can be the name of a type at all."""
    return 0 < len(name) <= _LONGEST_TYPE and name.isprintable()


def _data(raw: object, event: type[Event]) -> Event:
    if not isinstance(raw, dict):
        raise Malformed("data: not_an_object")
    data = cast("dict[str, object]", raw)
    _refuse_characters(data, event.TYPE)
    try:
        return event.model_validate_json(json.dumps(data), extra="ignore")
    except ValidationError as error:
        raise Invalid(say(error, under="data"), event_type=event.TYPE) from None


def _refuse_characters(data: Mapping[str, object], event_type: str) -> None:
    """NUL and lone surrogates are refused in unknown fields too: they break databases and other readers."""
    waiting: list[tuple[tuple[int | str, ...], Any]] = [((), data)]
    while waiting:
        location, value = waiting.pop()
        if isinstance(value, str):
            if not _is_clean(value):
                raise Invalid(f"{path(location, under='data')}: forbidden_character", event_type=event_type)
        elif isinstance(value, dict):
            for key, inner in cast("dict[str, object]", value).items():
                waiting += [((*location, "*"), key), ((*location, key), inner)]
        elif isinstance(value, list):
            waiting += [((*location, at), inner) for at, inner in enumerate(cast("list[object]", value))]


def _is_clean(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))
