"""Seals: a chain of HMACs over rows, so that what was in the log can be proved later.

A seal names its rows and holds a MAC of each, so that the first bad one can be named; its own HMAC is over these and the
seal before. Rows are taken as they are stored, byte for byte: they hold no personal data, so erasing persons changes
nothing here, and pruning a seal's rows leaves the digest of its names and MACs, which keeps the chain whole.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.types import instant_text

NO_HMAC = bytes(32)
"""Stands before the first seal."""

Place = tuple[int, int]
"""Seconds and increment of MongoDB's clock when a row was inserted: the order in which rows are sealed."""

BEFORE_ALL: Place = (0, 0)


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row's `_id` and the MAC of its bytes."""

    id: str
    mac: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """`last`: place of its last row; `late`: how many of its rows have a place that an earlier seal had passed."""

    number: int
    previous: bytes
    rows: tuple[SealedRow, ...] | None
    """None once they were pruned."""
    content: bytes
    count: int
    late: int
    last: Place
    newest: datetime
    """Latest timestamp among its rows: what retention goes by."""
    sealed_at: datetime
    hmac: bytes = NO_HMAC


def row_mac(key: bytes, stored: bytes) -> bytes:
    return hmac.digest(key, b"row\n" + stored, "sha256")


def content_of(rows: Sequence[SealedRow]) -> bytes:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.id}\n\n".encode() + row.mac)
    return digest.digest()


def seal(key: bytes, unsigned: Seal) -> Seal:
    return replace(unsigned, hmac=seal_hmac(key, unsigned))


def seal_hmac(key: bytes, unsigned: Seal) -> bytes:
    said = "\n".join(
        (
            "seal",
            str(unsigned.number),
            unsigned.previous.hex(),
            unsigned.content.hex(),
            str(unsigned.count),
            str(unsigned.late),
            "{}.{}".format(*unsigned.last),
            instant_text(unsigned.newest),
            instant_text(unsigned.sealed_at),
        )
    )
    return hmac.digest(key, said.encode(), "sha256")


def is_whole(key: bytes, found: Seal, *, number: int, previous: bytes) -> bool:
    """Whether this is the seal with this number, unchanged, and follows the one before."""
    if (found.number, found.previous) != (number, previous):
        return False
    if found.rows is not None and (len(found.rows), content_of(found.rows)) != (found.count, found.content):
        return False
    return hmac.compare_digest(seal_hmac(key, found), found.hmac)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not as it was sealed."""

    id: str
    what: str


def first_bad(key: bytes, rows: Sequence[SealedRow], stored: Mapping[str, bytes], *, pruned: bool) -> BadRow | None:
    """Return the first row that was changed, or is missing though its seal was not pruned."""
    for row in rows:
        bytes_ = stored.get(row.id)
        if bytes_ is None:
            if not pruned:
                return BadRow(row.id, "is missing")
        elif not hmac.compare_digest(row_mac(key, bytes_), row.mac):
            return BadRow(row.id, "was changed")
    return None


@dataclass(frozen=True, slots=True)
class Pruning:
    """Says that these seals' rows were removed on purpose; signed, so that a deletion cannot pass for one."""

    number: int
    before: datetime
    seals: tuple[int, ...]
    rows: int
    at: datetime
    hmac: bytes = NO_HMAC


def pruning_hmac(key: bytes, pruning: Pruning) -> bytes:
    said = "\n".join(
        (
            "pruning",
            str(pruning.number),
            instant_text(pruning.before),
            ",".join(map(str, pruning.seals)),
            str(pruning.rows),
            instant_text(pruning.at),
        )
    )
    return hmac.digest(key, said.encode(), "sha256")
