# pyright: basic
# Why: pymongo of the peers' environments is not the product's.
"""What a peer does with a batch of Go1's facts where it keeps state: one document a pair, read, changed, written back."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import MongoClient, ReplaceOne

from bench.go1_document import COLLECTION, by_pair, changed
from bench.heat import Heat


class Pairs:
    """The documents of a database, by pymongo."""

    def __init__(self, heat: Heat) -> None:
        self._collection = MongoClient[dict[str, Any]](heat.mongo_uri, w="majority")[heat.database][COLLECTION]

    def take(self, events: Iterable[Mapping[str, Any]]) -> None:
        pairs = by_pair(each["data"] for each in events)
        found = self._collection.find({"_id": {"$in": list(pairs)}})
        documents = changed(pairs, found)
        self._collection.bulk_write(
            [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents], ordered=False
        )
