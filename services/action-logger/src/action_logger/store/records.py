"""Persons as documents: addresses encrypted, found by keyed hash.

Four kinds of documents share the collection `people`, so that one query answers for a batch:
the hash of an address (64 hex digits): person or tombstone; `portal/learner`: tombstone of a learner;
`portal/learner`, line end, hash: since when the two are seen together; `erasures`: how many there were.
"""

import secrets
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from action_logger.domain.people import Person, Pseudonym
from shared.keys import Keys
from shared.mongo import Document

ERASURES = "erasures"
SHAPE = 1
_NONCE_BYTES = 12
"""NIST SP 800-38D: 96 bits, random; far fewer than 2^32 addresses are encrypted under one key."""


class Records:
    """Between `Person` and its document. The hash is authenticated with the address: none can be moved to another."""

    def __init__(self, keys: Keys) -> None:
        self.hash = keys.address_hash
        self._cipher = AESGCM(keys.derive("action-logger: addresses"))

    def document(self, address_hash: str, person: Person, *, revision: int) -> Document:
        document: Document = {
            "_id": address_hash,
            "pseudonyms": [{"id": each.id, "after": each.after} for each in person.pseudonyms],
            "revision": revision,
            "shape": SHAPE,
        }
        if person.erased_at is not None:
            document["erased_at"] = person.erased_at
        if person.email is not None:
            nonce = secrets.token_bytes(_NONCE_BYTES)
            document["address"] = nonce + self._cipher.encrypt(nonce, person.email.encode(), address_hash.encode())
        return document

    def person(self, document: Document) -> Person:
        sealed: bytes | None = document.get("address")
        email = None
        if sealed is not None:
            associated = str(document["_id"]).encode()
            email = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated).decode()
        found: list[dict[str, Any]] = document["pseudonyms"]
        pseudonyms = tuple(Pseudonym(each["id"], each["after"]) for each in found)
        return Person(email, pseudonyms, document.get("erased_at"))


def sighting_id(learner: str, address_hash: str) -> str:
    return f"{learner}\n{address_hash}"


def sightings_of(learner: str, until: datetime) -> Document:
    """Select the addresses seen with a learner up to an instant."""
    return {"_id": {"$gt": f"{learner}\n", "$lt": f"{learner}\n~"}, "since": {"$lte": until}}


def new_pseudonym() -> str:
    return secrets.token_urlsafe(12)
