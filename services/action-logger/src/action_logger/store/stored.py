"""A row's place and name read out of its bytes: all that a seal needs beside the bytes themselves.

Rows lie in MongoDB as `store.log` has written them, `_id`, `inserted`, `time`, `timestamp` first and in this order, and
decoding the dozen fields behind these was two thirds of what sealing cost (measured alone, 2026-11-22). A row that lies
otherwise, as one that somebody has forged may, is decoded whole.
"""

import struct
from datetime import UTC, datetime, timedelta

from bson import Timestamp, decode  # pyright: ignore[reportUnknownVariableType]  an overload takes arrays

from action_logger.domain.seals import Place
from shared.mongo import Document

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = struct.Struct("<4x5sI")
"""BSON (bsonspec.org): the document's size; type 2, text, and the field's name; the text's size with the byte that ends it."""
_REST = struct.Struct("<10sII6sq11sq")
"""Type 17, MongoDB's own clock: increment, then seconds. Type 9, an instant: milliseconds since 1970."""
_FIRST, _INSERTED, _TIME, _TIMESTAMP = b"\x02_id\0", b"\x11inserted\0", b"\x09time\0", b"\x09timestamp\0"


Head = tuple[str, Place | None, int]
"""A row's `_id`; its place, None where that is no instant of the server's; its timestamp, in milliseconds since 1970, 0 where it has none."""


def read(raw: bytes) -> Head:
    """Read the bytes of a row."""
    if len(raw) > _NAME.size:
        name, size = _NAME.unpack_from(raw)
        end = _NAME.size + size
        if name == _FIRST and len(raw) >= end + _REST.size:
            inserted, increment, seconds, time, _, timestamp, milliseconds = _REST.unpack_from(raw, end)
            if (inserted, time, timestamp) == (_INSERTED, _TIME, _TIMESTAMP):
                return raw[_NAME.size : end - 1].decode(), (seconds, increment), milliseconds
    return _decoded(raw)


def instant(milliseconds: int) -> datetime:
    """Return the instant, in UTC, of a timestamp as it is read here."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _decoded(raw: bytes) -> Head:
    fields: Document = decode(raw)
    inserted, timestamp = fields.get("inserted"), fields.get("timestamp")
    place = (inserted.time, inserted.inc) if isinstance(inserted, Timestamp) else None
    since = timestamp.replace(tzinfo=UTC) - _EPOCH if isinstance(timestamp, datetime) else timedelta(0)
    return fields["_id"], place, since // timedelta(milliseconds=1)
