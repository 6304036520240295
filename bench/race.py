"""The ground that is the same for all: the collection and its indexes are the product's."""

from action_logger.store import indexes
from bench.heat import BATCH_RECORDS, COLLECTION, Clock, Heat
from shared.mongo import Collection, Database

__all__ = ["BATCH_RECORDS", "COLLECTION", "Clock", "Heat", "the_same_indexes"]


async def the_same_indexes(database: Database) -> Collection:
    """The collection that bare variants write into, with the indexes that the product has."""
    collection = database[COLLECTION]
    await collection.create_indexes([*indexes.LOG])
    return collection
