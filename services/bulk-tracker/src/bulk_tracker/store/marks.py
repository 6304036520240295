"""Marks: keyed hashes under which persons are found again without being named."""

import hashlib

from bulk_tracker.domain.erasure import mentions
from contracts.types import normal_email
from shared.keys import Keys

_BYTES = 12


class Marks:
    """Makes marks. A mark of an id and one of an address never meet."""

    def __init__(self, keys: Keys) -> None:
        self._key = keys.derive("bulk-tracker marks")

    def of_id(self, learner_id: str) -> str:
        return self._mark("id", learner_id)

    def of_address(self, address: str) -> str:
        """Return the mark of an address, whatever form it has."""
        return self._mark("address", normal_email(address))

    def of_row(self, *, identifier: str, texts: tuple[str, ...]) -> list[str]:
        """Return the marks of everybody whom a row may name."""
        marks = {self.of_id(identifier)}
        if "@" in identifier:
            marks.add(self.of_address(identifier))
        for text in texts:
            if "@" in text:
                marks |= {self.of_address(address) for _, _, address in mentions(text)}
        return sorted(marks)

    def row_id(self, identity: bytes) -> bytes:
        """Return the key of a row; keyed too, or what was erased could be guessed."""
        return hashlib.blake2b(identity, key=self._key, digest_size=16, person=b"row").digest()

    def _mark(self, kind: str, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=_BYTES, person=kind.encode()).hexdigest()
