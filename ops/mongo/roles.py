"""Makes the roles of one service, which MongoDB then holds it to: `roles.py URI DATABASE SERVICE`. Safe to run again.

The URI is an administrator's. `roles/SERVICE.json` says by role and collection what may be done; for action-logger that
is no changing and no removing in the log and its seals, and a role of its own for who prunes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

ROLE_EXISTS = 51002


def main() -> int:
    uri, database, service = sys.argv[1:]
    rights: dict[str, dict[str, list[str]]] = json.loads((Path(__file__).parent / f"roles/{service}.json").read_text())
    with MongoClient[dict[str, Any]](uri) as client:
        for role, collections in rights.items():
            privileges = [
                {"resource": {"db": database, "collection": collection}, "actions": actions}
                for collection, actions in collections.items()
            ]
            try:
                client[database].command("createRole", role, privileges=privileges, roles=[])
            except OperationFailure as error:
                if error.code != ROLE_EXISTS:
                    raise
                client[database].command("updateRole", role, privileges=privileges, roles=[])
            print(f"mongo: the role {role} of {database} is made")
    return 0


if __name__ == "__main__":
    sys.exit(main())
