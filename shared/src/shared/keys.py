"""The key file, and what is derived from it: hashes of persons and addresses, keys for one purpose each."""

import hashlib
import hmac
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Keys:
    """Keys for one purpose each, derived (HKDF-SHA256) from 32 raw bytes of which nothing else is kept."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._person = self.derive("person in logs")
        self._address = self.derive("address look-up")

    @classmethod
    def read(cls, path: Path) -> "Keys":
        """Read the key file; its length is checked with the settings."""
        return cls(path.read_bytes())

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for this purpose; the same for the same key file, for ever."""
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"learnwire/{purpose}".encode()).derive(
            self._root
        )

    def person(self, text: str) -> str:
        """Return what a log line may say of a person: 16 hex digits of a keyed hash of an id or address."""
        return hmac.new(self._person, text.encode(), hashlib.sha256).hexdigest()[:16]

    def address_hash(self, normal_email: str) -> str:
        """Return the keyed hash (64 hex digits) by which an address is found, and which a tombstone may keep."""
        return hmac.new(self._address, normal_email.encode(), hashlib.sha256).hexdigest()
