"""Makes one MongoDB a replica set of one, and waits until it takes writes. Safe to run again."""

import os
import sys
import time

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

HOST = os.environ.get("MONGO_HOST", "mongo:27017")
WAIT_SECONDS = 90
NOT_YET_INITIALIZED = 94


def main() -> int:
    deadline = time.monotonic() + WAIT_SECONDS
    trouble = ""
    while time.monotonic() < deadline:
        try:
            with MongoClient[dict[str, object]](HOST, directConnection=True, serverSelectionTimeoutMS=3000) as client:
                _initiate(client)
                if client.admin.command("hello")["isWritablePrimary"]:
                    print("mongo: the replica set takes writes")
                    return 0
        except PyMongoError as error:
            trouble = type(error).__name__
        time.sleep(0.5)
    print(f"mongo: no primary within {WAIT_SECONDS} s ({trouble})", file=sys.stderr)
    return 1


def _initiate(client: "MongoClient[dict[str, object]]") -> None:
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        print("mongo: making the replica set")
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": HOST}]})


if __name__ == "__main__":
    sys.exit(main())
