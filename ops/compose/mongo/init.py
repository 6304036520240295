"""Brings MongoDB's replica set, users and rights to what is written here and in the password files. Safe to run again.

Runs in a container that shares mongod's loopback: the very first user may be made from there and from nowhere else, so no
first password exists. Every user belongs to one service's database; a root user is there for backups and for this script.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

PASSWORDS = Path("/run/users")
ROLES = Path(__file__).parents[2] / "roles"
HOST = "mongo:27017"
LOOPBACK = {
    "host": "127.0.0.1",
    "port": 27017,
    "directConnection": True,
    "tls": True,
    "tlsCAFile": "/run/secrets/ca.crt",
    "serverSelectionTimeoutMS": 3000,
}
WAIT_SECONDS = 90
NOT_YET_INITIALIZED, EXISTS_ROLE, AUTHENTICATION_FAILED, UNAUTHORIZED = 94, 51002, 18, 13
SERVICES = ("salesforce-syncer", "go1-stats-processor", "action-logger", "bulk-tracker")
KEPT_BY_OPERATORS = ("dead_letters_settled", "leases")
"""What `learnwire dead-letters` writes into a service's database."""

Client = MongoClient[dict[str, Any]]


def main() -> int:
    _make_replica_set_and_root()
    with Client(**LOOPBACK, username="root", password=_password("root")) as client:
        _until_it_takes_writes(client)
        for service in SERVICES:
            database = service.replace("-", "_")
            roles = _own_roles(client, database, service) or [{"role": "readWrite", "db": database}]
            _user(client, database, service, roles[:1])
            if len(roles) > 1:
                _user(client, database, f"{service}-pruner", roles[1:])
            _role(client, "admin", f"learnwire-operator-{service}", _operator_rights(database))
        _user(client, "admin", "operator", [{"role": f"learnwire-operator-{each}", "db": "admin"} for each in SERVICES])
    return 0


def _password(user: str) -> str:
    return (PASSWORDS / f"{user}.password").read_text().strip()


def _make_replica_set_and_root() -> None:
    """Where nobody exists yet, loopback may do this; later, root's password alone."""
    deadline = time.monotonic() + WAIT_SECONDS
    trouble = "no answer"
    while time.monotonic() < deadline:
        try:
            if _root_is_known() or _root_was_exchanged():
                return
            _first_start()
        except PyMongoError as error:
            trouble = f"{type(error).__name__} {getattr(error, 'code', '')}"
        time.sleep(0.5)
    sys.exit(f"mongo: not ready within {WAIT_SECONDS} s ({trouble})")


def _root_is_known() -> bool:
    return _signs_in(_password("root"))


def _root_was_exchanged() -> bool:
    """`make rotate SECRET=mongo/root.password` keeps the one before for this moment."""
    previous = (PASSWORDS / "root.previous").read_text().strip()
    if not previous or not _signs_in(previous):
        return False
    with Client(**LOOPBACK, username="root", password=previous) as client:
        client.admin.command("updateUser", "root", pwd=_password("root"))
    print("mongo: root has the new password")
    return True


def _signs_in(password: str) -> bool:
    try:
        with Client(**LOOPBACK, username="root", password=password) as client:
            client.admin.command("ping")
    except OperationFailure as error:
        if error.code != AUTHENTICATION_FAILED:
            raise
        return False
    return True


def _first_start() -> None:
    with Client(**LOOPBACK) as client:
        try:
            client.admin.command("replSetGetStatus")
        except OperationFailure as error:
            if error.code == NOT_YET_INITIALIZED:
                print("mongo: making the replica set")
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": HOST}]})
            elif error.code != UNAUTHORIZED:
                raise
        if client.admin.command("hello").get("isWritablePrimary"):
            client.admin.command("createUser", "root", pwd=_password("root"), roles=["root"])
            print("mongo: made root")


def _until_it_takes_writes(client: Client) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not client.admin.command("hello")["isWritablePrimary"]:
        if time.monotonic() > deadline:
            sys.exit(f"mongo: no primary within {WAIT_SECONDS} s")
        time.sleep(0.5)


def _own_roles(client: Client, database: str, service: str) -> list[dict[str, str]]:
    """The roles of `ops/mongo/roles/SERVICE.json`, where a service has them: first its own, then its pruner's."""
    file = ROLES / f"{service}.json"
    if not file.exists():
        return []
    by_role: dict[str, dict[str, list[str]]] = json.loads(file.read_text())
    for role, collections in by_role.items():
        _role(client, database, role, [_right(database, name, actions) for name, actions in collections.items()])
    return [{"role": role, "db": database} for role in by_role]


def _operator_rights(database: str) -> list[dict[str, Any]]:
    kept = [_right(database, each, ["find", "insert", "update", "remove"]) for each in KEPT_BY_OPERATORS]
    return [_right(database, "", ["find", "listCollections", "listIndexes", "collStats", "dbStats"]), *kept]


def _right(database: str, collection: str, actions: list[str]) -> dict[str, Any]:
    return {"resource": {"db": database, "collection": collection}, "actions": actions}


def _role(client: Client, database: str, role: str, privileges: list[dict[str, Any]]) -> None:
    try:
        client[database].command("createRole", role, privileges=privileges, roles=[])
    except OperationFailure as error:
        if error.code != EXISTS_ROLE:
            raise
        client[database].command("updateRole", role, privileges=privileges, roles=[])


def _user(client: Client, database: str, name: str, roles: list[dict[str, str]]) -> None:
    known = client[database].command("usersInfo", name)["users"]
    client[database].command("updateUser" if known else "createUser", name, pwd=_password(name), roles=roles)
    print(f"mongo: the user {name} of {database} is as the files say")


if __name__ == "__main__":
    sys.exit(main())
