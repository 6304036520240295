"""In: a record as an envelope. One pass when all is well; a second, careful one when something is not."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from contracts.envelope import NEEDED, Attributes, Envelope
from contracts.event import Event
from contracts.wire.careful import UnknownType, is_suspicious, is_type, read_binary, read_structured
from contracts.wire.refusals import Malformed
from contracts.wire.writing import CONTENT_TYPE, MAX_BYTES, STRUCTURED

Headers = Sequence[tuple[str, bytes | None]]
Reads = Mapping[str, type[Event]]
Read = Envelope[Event] | UnknownType
Reader = Callable[[bytes], Read]

__all__ = ["UnknownType", "decode"]

_OURS = (CONTENT_TYPE, STRUCTURED)


def decode(value: bytes | None, headers: Headers, *, reads: Reads) -> Read:
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
    if not is_suspicious(value):
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


_READERS: dict[int, tuple[Reads, Reader]] = {}
"""By identity; the mapping is kept beside its reader, so that its identity is not given to another."""

_MOST_READERS = 256


def _reader(reads: Reads) -> Reader:
    if len(_READERS) >= _MOST_READERS:
        _READERS.clear()
    read = partial(TypeAdapter[Read](Annotated[Any, _AnyOf(reads)]).validator.validate_json, extra="ignore")
    _READERS[id(reads)] = (reads, read)
    return read


class _AnyOf:
    """Tells Pydantic to make envelopes, with `type` saying which class the data are of."""

    def __init__(self, reads: Reads):
        self.reads = reads

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: _envelope(event, handler) for name, event in self.reads.items()}
        known = core_schema.tagged_union_schema(choices, discriminator="type", strict=True)
        return core_schema.union_schema([known, self._unknown(handler)], mode="left_to_right")

    def _unknown(self, handler: GetCoreSchemaHandler) -> CoreSchema:
        """What other types must show to be skipped; a service may see more of them than of its own."""
        name = core_schema.no_info_after_validator_function(self._is_other, core_schema.str_schema())
        needed = [each for each in _attributes(handler) if each["name"] in NEEDED]
        fields = [*needed, core_schema.dataclass_field("type", name)]
        for each in needed:
            each["init_only"] = True
        return _dataclass(UnknownType, fields, ["type"])

    def _is_other(self, name: str) -> str:
        if name in self.reads or not is_type(name):
            raise ValueError
        return name


def _envelope(event: type[Event], handler: GetCoreSchemaHandler) -> CoreSchema:
    fields = [
        *_attributes(handler),
        core_schema.dataclass_field("data", handler.generate_schema(event)),
        core_schema.dataclass_field(
            "dropped", core_schema.with_default_schema(core_schema.any_schema(), default=()), init=False
        ),
    ]
    return _dataclass(Envelope, fields, [*Attributes.model_fields, "data", "dropped"])


def _dataclass(
    made: type[object], fields: list[core_schema.DataclassField], kept: list[str]
) -> core_schema.DataclassSchema:
    version = core_schema.dataclass_field("specversion", core_schema.literal_schema(["1.0"]), init_only=True)
    return core_schema.dataclass_schema(
        made,
        core_schema.dataclass_args_schema(made.__name__, [version, *fields]),
        kept,
        slots=True,
        frozen=True,
        config=core_schema.CoreConfig(strict=True, extra_fields_behavior="ignore"),
    )


def _attributes(handler: GetCoreSchemaHandler) -> list[core_schema.DataclassField]:
    return [
        core_schema.dataclass_field(name, _attribute(field.rebuild_annotation(), handler, needed=name in NEEDED))
        for name, field in Attributes.model_fields.items()
    ]


def _attribute(annotation: object, handler: GetCoreSchemaHandler, *, needed: bool) -> CoreSchema:
    schema = handler.generate_schema(annotation)
    return schema if needed else core_schema.with_default_schema(schema, default=None)
