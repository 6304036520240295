"""MongoDB: the connection, and what the driver's errors mean. The only module that knows the driver."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorCursor, AsyncIOMotorDatabase
from pymongo import (
    ASCENDING,
    DESCENDING,
    DeleteMany,
    DeleteOne,
    IndexModel,
    InsertOne,
    ReadPreference,
    ReplaceOne,
    ReturnDocument,
    UpdateMany,
    UpdateOne,
)
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WriteConcernError,
)
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from shared import failpoints
from shared.failures import Unavailable

Document = dict[str, Any]
Client = AsyncIOMotorClient[Document]
Database = AsyncIOMotorDatabase[Document]
Collection = AsyncIOMotorCollection[Document]
Cursor = AsyncIOMotorCursor[Document]

DUPLICATE_KEY = 11000
"""Server error code; MongoDB manual, "Error Codes"."""

_LATER = frozenset(
    {6, 7, 13, 18, 50, 63, 89, 91, 112, 133, 150, 189, 234, 262, 317, 358, 10107, 11600, 11602, 13435, 13436, 14031}
)
"""Codes after which the same write may work: connection, step-down, shutdown, time limits, write conflict, no disk
space, and missing rights (a person mends those; the records must not be lost meanwhile). Same source."""

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "BulkWriteError",
    "Client",
    "Collection",
    "Cursor",
    "Database",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "DuplicateKeyError",
    "ExecutionTimeout",
    "IndexModel",
    "InsertOne",
    "OperationFailure",
    "PyMongoError",
    "ReplaceOne",
    "ReturnDocument",
    "UpdateMany",
    "UpdateOne",
    "as_unavailable",
    "connect",
    "only_duplicates",
]


_WRITES = frozenset({"insert", "update", "delete", "findAndModify", "createIndexes"})


class _Writes(CommandListener):
    """Tells failpoints of every write; the driver calls it in the thread that writes."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Before the command is sent."""
        if event.command_name in _WRITES:
            name = f"mongodb {event.command_name} {event.command[event.command_name]}"
            self._names[event.request_id] = name
            failpoints.reach(f"{name} before")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """After the server has acknowledged it."""
        if event.request_id in self._names:
            failpoints.reach(f"{self._names.pop(event.request_id)} after")

    def failed(self, event: CommandFailedEvent) -> None:
        """It has not happened, as far as we know."""
        self._names.pop(event.request_id, None)


@asynccontextmanager
async def connect(uri: str, name: str) -> AsyncGenerator[Database]:
    """Open the database for as long as the block runs; nothing is sent before the first operation.

    Writes wait for the majority, instants come back aware (UTC), every wait is bounded: 5 s to find a server,
    30 s for an answer.
    """
    client: Client = AsyncIOMotorClient(
        uri,
        tz_aware=True,
        w="majority",
        retryWrites=True,
        readPreference="primary",
        connectTimeoutMS=5_000,
        serverSelectionTimeoutMS=5_000,
        socketTimeoutMS=30_000,
        appname="learnwire",
        event_listeners=[] if failpoints.ARMED is None else [_Writes()],
    )
    try:
        yield client.get_database(name, read_preference=ReadPreference.PRIMARY)
    finally:
        client.close()


def as_unavailable(error: BaseException) -> Unavailable | None:
    """Return what the driver's error means if waiting may help, else None."""
    match error:
        case Unavailable():
            return error
        case ConnectionFailure() | ExecutionTimeout() | WaitQueueTimeoutError() | WriteConcernError():
            return Unavailable("mongodb", type(error).__name__)
        case BulkWriteError() if _all_may_work_later(error.details or {}):
            return Unavailable("mongodb", "BulkWriteError")
        case OperationFailure() if error.code in _LATER or error.has_error_label("RetryableWriteError"):
            return Unavailable("mongodb", f"OperationFailure {error.code}")
        case ConfigurationError():
            return Unavailable("mongodb", "ConfigurationError")
        case _:
            return None


def _all_may_work_later(details: Mapping[str, Any]) -> bool:
    failed: list[Mapping[str, Any]] = [*(details.get("writeErrors") or ())]
    return all(each.get("code") in _LATER for each in failed) and bool(failed or details.get("writeConcernErrors"))


def only_duplicates(error: BulkWriteError) -> list[Mapping[str, Any]]:
    """Return the failed writes if each failed because its key exists already; else raise the error again."""
    details = error.details or {}
    failed: list[Mapping[str, Any]] = [*(details.get("writeErrors") or ())]
    if details.get("writeConcernErrors") or any(each.get("code") != DUPLICATE_KEY for each in failed):
        raise error
    return failed
