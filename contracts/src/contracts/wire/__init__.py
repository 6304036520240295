"""Events as Kafka records, both ways: CloudEvents 1.0 in structured JSON, and in binary mode for who sends that.

`decode` answers with an envelope or with `UnknownType`; whatever the bytes are, it raises nothing but `Malformed`
(not a readable CloudEvent) and `Invalid` (a known type with bad data).
"""

from contracts.wire.reading import UnknownType, decode
from contracts.wire.refusals import MAX_DETAIL, Invalid, Malformed
from contracts.wire.writing import MAX_BYTES, Record, TooLarge, encode, encode_plain

__all__ = [
    "MAX_BYTES",
    "MAX_DETAIL",
    "Invalid",
    "Malformed",
    "Record",
    "TooLarge",
    "UnknownType",
    "decode",
    "encode",
    "encode_plain",
]
