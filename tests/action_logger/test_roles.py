"""MongoDB itself holds the service to adding: with its role no row and no seal can be changed or removed."""

import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from action_logger.jobs.prune import Pruned
from contracts import Envelope, LearnerErased
from learnwire_local.mongo import Mongo
from shared.mongo import Database, OperationFailure, connect
from tests.action_logger.histories import at
from tests.action_logger.stores import Store
from tests.action_logger.test_sealing import a_sealer, pruned, verdict_on
from tests.action_logger.test_store import an_event

ROLES = Path(__file__).parents[2] / "ops/mongo/roles.py"
NOT_ALLOWED = 13


class GuardedMongo(Mongo):
    """One that asks who one is."""

    def arguments(self) -> Sequence[str]:
        key = self.directory / "key"
        key.write_text("k" * 60)
        key.chmod(0o600)
        return [*super().arguments(), "--keyFile", str(key)]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    mongo = GuardedMongo(tmp_path_factory.mktemp("mongo"))
    mongo.start()
    local = f"mongodb://127.0.0.1:{mongo.port}/"
    with MongoClient[dict[str, Any]](local, directConnection=True) as client:
        client.admin.command("createUser", "root", pwd="root", roles=["root"])
    root = local.replace("//", "//root:root@") + "?authSource=admin&directConnection=true"
    for _ in range(2):
        subprocess.run([sys.executable, "-P", ROLES, root, "log", "action-logger"], check=True, capture_output=True)
    with MongoClient[dict[str, Any]](root) as client:
        client["log"].command("createUser", "service", pwd="p", roles=["action-logger"])
        client["log"].command("createUser", "pruner", pwd="p", roles=["action-logger-pruner"])
    yield mongo
    mongo.close()


@asynccontextmanager
async def opened(mongo: Mongo, user: str) -> AsyncGenerator[Database]:
    async with connect(f"mongodb://{user}:p@127.0.0.1:{mongo.port}/?authSource=log&replicaSet=rs0", "log") as database:
        yield database


async def test_the_service_takes_in_seals_erases_and_verifies_and_can_change_no_row(guarded: Mongo) -> None:
    async with opened(guarded, "service") as database:
        store = await Store(database).prepare()
        old = datetime(2025, 1, 1, tzinfo=UTC)
        seen: dict[str, Any] = {"portal_id": "acme", "learner_id": "ada"}
        others = an_event(3, timestamp=old, email="bob@example.org")
        await store.take([an_event(1, timestamp=old), an_event(2, timestamp=old, **seen), others])
        assert await a_sealer(database).seal() == 3
        erased = LearnerErased(portal_id="acme", learner_id="ada", erased_at=at(60))
        await store.take([an_event(1, timestamp=old), Envelope.of(erased, source="/lms/acme", time=at(60))])
        assert {address for _, address in (await store.view()).values()} == {"erased", "bob@example.org"}
        assert (await verdict_on(database)).findings == []
        for attempt in (
            database["log"].update_one({}, {"$set": {"type": "x"}}),
            database["log"].replace_one({"_id": "/lms/acme\ne1"}, {"type": "x"}),
            database["log"].delete_one({}),
            database["log"].drop(),
            database["seals"].update_one({}, {"$set": {"count": 1}}),
            database["seals"].delete_one({}),
            pruned(database, datetime(2026, 1, 1, tzinfo=UTC)),
        ):
            with pytest.raises(OperationFailure) as refused:
                await attempt
            assert refused.value.code == NOT_ALLOWED
        assert (await verdict_on(database)).rows == 3
    async with opened(guarded, "pruner") as database:
        assert await pruned(database, datetime(2026, 1, 1, tzinfo=UTC)) == Pruned(1, 3, 1)
    async with opened(guarded, "service") as database:
        assert (await verdict_on(database)).findings == []
