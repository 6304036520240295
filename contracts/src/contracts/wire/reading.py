"""In: a record as an envelope. One pass when all is well; a second, careful one when something is not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from contracts.envelope import Attributes, Envelope
from contracts.event import Event
from contracts.wire.careful import UnknownType, read_binary, read_structured
from contracts.wire.refusals import Malformed
from contracts.wire.writing import CONTENT_TYPE, MAX_BYTES, STRUCTURED

Headers = Sequence[tuple[str, bytes | None]]
Reads = Mapping[str, type[Event]]
Reader = Callable[[bytes], Envelope[Event]]

__all__ = ["UnknownType", "decode"]

_OURS = (CONTENT_TYPE, STRUCTURED)
_BACKSLASH, _I, _N = b"\\IN"


def decode(value: bytes | None, headers: Headers, *, reads: Reads) -> Envelope[Event] | UnknownType:
    """The event in a record, or `UnknownType` when its type is none of `reads`.

    Pass the same mapping every time, as `contracts.catalog.reads` gives it: it is compiled once.

    Raises:
        Malformed: Not a readable CloudEvent.
        Invalid: A known type with bad data.
    """
    if value is None:
        raise Malformed("value: null")
    if len(value) > MAX_BYTES:
        raise Malformed("value: too_large")
    if headers and headers[0] != _OURS and _is_binary(headers):
        return read_binary(value, headers, reads=reads)
    if not _is_suspicious(value):
        known = _READERS.get(id(reads))
        try:
            return (known[1] if known else _reader(reads))(value)
        except ValidationError:
            pass
    return read_structured(value, reads=reads)


def _is_binary(headers: Headers) -> bool:
    found = False
    for name, content in headers:
        if name == "ce_specversion":
            found = True
        elif (
            name.lower() == CONTENT_TYPE and content and content.strip().lower().startswith(b"application/cloudevents")
        ):
            return False
    return found


def _is_suspicious(value: bytes) -> bool:
    """Whether it may hold what the parser of the first pass lets through: NaN, Infinity, an escaped NUL.

    One character is looked for before the word, because that is ten times as fast.
    """
    return (
        (_N in value and b"NaN" in value)
        or (_I in value and b"Infinity" in value)
        or (_BACKSLASH in value and b"\\u0000" in value)
    )


_READERS: dict[int, tuple[Reads, Reader]] = {}
"""By identity; the mapping is kept beside its reader, so that its identity is not given to another."""

_MOST_READERS = 256


def _reader(reads: Reads) -> Reader:
    if len(_READERS) >= _MOST_READERS:
        _READERS.clear()
    validate = TypeAdapter[Envelope[Event]](Annotated[Any, _AnyOf(reads)]).validator.validate_json

    def read(value: bytes) -> Envelope[Event]:
        return validate(value, extra="ignore")

    _READERS[id(reads)] = (reads, read)
    return read


class _AnyOf:
    """Tells Pydantic to make envelopes, with `type` saying which class the data are of."""

    def __init__(self, reads: Reads):
        self.reads = reads

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: _envelope(event, handler) for name, event in self.reads.items()}
        return core_schema.tagged_union_schema(choices, discriminator="type", strict=True)


def _envelope(event: type[Event], handler: GetCoreSchemaHandler) -> CoreSchema:
    attributes = [
        core_schema.dataclass_field(name, _attribute(field.rebuild_annotation(), handler, needed=field.is_required()))
        for name, field in Attributes.model_fields.items()
    ]
    fields = [
        core_schema.dataclass_field("specversion", core_schema.literal_schema(["1.0"]), init_only=True),
        *attributes,
        core_schema.dataclass_field("data", handler.generate_schema(event)),
        core_schema.dataclass_field(
            "dropped", core_schema.with_default_schema(core_schema.any_schema(), default=()), init=False
        ),
    ]
    return core_schema.dataclass_schema(
        Envelope,
        core_schema.dataclass_args_schema("Envelope", fields),
        [*Attributes.model_fields, "data", "dropped"],
        slots=True,
        frozen=True,
        config=core_schema.CoreConfig(strict=True, extra_fields_behavior="ignore"),
    )


def _attribute(annotation: object, handler: GetCoreSchemaHandler, *, needed: bool) -> CoreSchema:
    schema = handler.generate_schema(annotation)
    return schema if needed else core_schema.with_default_schema(schema, default=None)
