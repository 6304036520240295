"""Is the key file the one that this database was written with? With another one nobody would be found any more."""

from cryptography.exceptions import InvalidTag

from action_logger.domain.seals import is_whole
from action_logger.store.records import Records
from action_logger.store.seals import Seals
from shared.mongo import Database, Document

WRONG = "LEARNWIRE_PII_KEY_FILE: not the key that this database was written with"
LOOKED_AT = 5
"""Addresses: one that opens is proof enough, and a record that was tampered with keeps no service from starting."""


async def trouble(database: Database, records: Records, seals: Seals) -> str | None:
    """Return what is wrong with the key, judged by some addresses, else by the newest seal; None where there is neither."""
    found = await database["people"].find({"address": {"$exists": True}}).to_list(LOOKED_AT)
    if found:
        return None if any(_opens(each, records) for each in found) else WRONG
    newest = await seals.newest()
    if newest is None or is_whole(seals.key, newest, number=newest.number, previous=newest.previous):
        return None
    return WRONG


def _opens(document: Document, records: Records) -> bool:
    try:
        records.person(document)
    except InvalidTag:
        return False
    return True
