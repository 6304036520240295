"""A copy of databases as files, and back: `databases.py dump|restore URI FOLDER DATABASE…`. Needs pymongo alone.

For installations without `mongodump`, and for rehearsals: a file of BSON documents for each collection, its indexes beside it.
It is no snapshot: documents are copied one after the other while services write. That is enough here, since all
that a service holds follows from the facts it has received: after a restore the facts since the copy was begun are read
again (docs/operating.md), and what is told twice changes nothing.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

AT_ONCE = 1_000

Documents = dict[str, Any]


def dump(database: Database[Documents], folder: Path) -> int:
    """Returns how many documents there were."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    for name in database.list_collection_names(
        filter={"type": "collection", "name": {"$not": {"$regex": r"^system\."}}}
    ):
        count += _write(folder / f"{name}.bson", database[name].find().sort("_id", 1))
        _write(folder / f"{name}.indexes.bson", iter(database[name].list_indexes()))
    return count


def _write(file: Path, documents: Any) -> int:
    count = 0
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        for each in documents:
            out.write(bson.encode(each))
            count += 1
    return count


def restore(database: Database[Documents], folder: Path) -> int:
    """What the database holds is replaced: collections that were not there at the time of the copy are gone, too."""
    for name in database.list_collection_names(filter={"name": {"$not": {"$regex": r"^system\."}}}):
        database.drop_collection(name)
    count = 0
    for file in sorted(folder.glob("*.bson")):
        if not file.name.endswith(".indexes.bson"):
            count += _read(file, database[file.stem])
    return count


def _read(file: Path, collection: Collection[Documents]) -> int:
    count = 0
    for some in _batches(file):
        collection.insert_many(some, ordered=True)
        count += len(some)
    with file.with_suffix(".indexes.bson").open("rb") as indexes:
        for each in bson.decode_file_iter(indexes):
            options = {name: value for name, value in each.items() if name not in {"v", "key", "ns"}}
            if options["name"] != "_id_":
                collection.create_index(list(each["key"].items()), **options)
    return count


def _batches(file: Path) -> Iterator[list[Documents]]:
    some: list[Documents] = []
    with file.open("rb") as documents:
        for each in bson.decode_file_iter(documents):
            some.append(each)
            if len(some) == AT_ONCE:
                yield some
                some = []
    if some:
        yield some


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("dump", "restore"))
    parser.add_argument("uri", help="an administrator's; @FILE reads it from a file")
    parser.add_argument("folder", type=Path)
    parser.add_argument("databases", nargs="+")
    asked = parser.parse_args()
    uri = Path(asked.uri[1:]).read_text().strip() if asked.uri.startswith("@") else asked.uri
    with MongoClient[Documents](uri, w="majority", tz_aware=False) as client:
        for name in asked.databases:
            step = dump if asked.what == "dump" else restore
            print(f"{asked.what}: {name}: {step(client[name], asked.folder / name)} documents")
    return 0


if __name__ == "__main__":
    sys.exit(main())
