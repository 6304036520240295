"""A request without an answer may still be carried out later: whoever stops, or deletes, reckons with that."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from salesforce_syncer.domain.objects import USER_ENROLLMENT, row_id
from salesforce_syncer.jobs.brakes import Brakes
from salesforce_syncer.jobs.deleting import Deleting
from salesforce_syncer.jobs.sending import LATER, Sending
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from tests.salesforce_syncer.inside import closed, shell_of
from tests.salesforce_syncer.stage import USER_ROWS, Someone, Stage, staged
from tests.salesforce_syncer.standin import running
from tests.world import eventually

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STOPPED_SECONDS = 25.0


async def stopped_in_a_request(stage: Stage, *, seconds: float) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Stop the syncer while Salesforce takes so long over a row; the row, and the writer's lease, as they are then."""
    someone = Someone()
    stage.standin.fault("slow", calls=["collections.upsert"], objects=[USER_ROWS], seconds=seconds)
    with MongoClient[dict[str, Any]](stage.world.mongo_uri) as mongo:
        database = mongo[stage.world.database_of("salesforce-syncer")]
        named = {"_id": row_id(USER_ENROLLMENT, someone.key("e1"))}
        await stage.tell(someone.linked(1, stage.standin.user()), someone.enrolled("e1", 1))

        async def is_asked() -> bool:
            return stage.standin.admin("GET", "/faults")["faults"][0]["fired"] == 1

        await eventually(is_asked, "the request to be under way")
        assert stage.syncer.terminate(within_seconds=STOPPED_SECONDS) == 0
        return database["rows"].find_one(named) or {}, database["leases"].find_one({"_id": "writer"}) or {}


async def test_a_writer_that_stops_waits_for_the_answer_and_gives_its_lease_up(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path) as stage:
        row, lease = await stopped_in_a_request(stage, seconds=3.0)
        held = stage.standin.rows(USER_ROWS)[row["key"]]
        assert (row["state"], row["salesforce_id"], "in_doubt" in row) == ("written", held["Id"], False)
        assert lease["holder"] is None


async def test_a_writer_that_gets_no_answer_leaves_its_lease_to_run_out(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path) as stage:
        row, lease = await stopped_in_a_request(stage, seconds=30.0)
        assert (row["state"], "salesforce_id" in row, "in_doubt" in row) == ("dirty", False, True)
        assert lease["holder"] is not None


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"in_doubt": 1}, ["dirty", "dirty", "deleted"]),
        ({"written": {"hash": "", "accessed": None}}, ["deleted", "deleted", "deleted"]),
    ],
    ids=["in doubt", "answered for"],
)
async def test_a_row_in_doubt_that_is_not_there_is_looked_for_again_before_it_counts_as_deleted(
    mongo_uri: str, database_name: str, tmp_path: Path, known: Mapping[str, Any], expected: Sequence[str]
) -> None:
    clock = [NOW]
    with running(tmp_path) as standin:
        settings = {"mongo_uri": mongo_uri, "salesforce_login_url": standin.url}
        async with shell_of(tmp_path, database_name, **settings) as shell:
            tables = Tables.of(shell.database)
            store, orgs, brakes = WritingStore(tables), OrgStore(tables), Brakes(lambda: clock[0])
            async with closed(Client(shell.settings, clock=shell.clock)) as client:
                sending = Sending(client, store, orgs, lambda: clock[0])
                deleting = Deleting(shell.settings, client, store, orgs, sending, brakes, lambda: clock[0])
                await tables.rows.insert_one(
                    {
                        "_id": row_id(USER_ENROLLMENT, "acme:e1"),
                        "object": USER_ENROLLMENT,
                        "key": "acme:e1",
                        "portal_id": "acme",
                        "version": 2,
                        "deleted": True,
                        "state": "dirty",
                        "dirty_since": NOW,
                        **known,
                    }
                )
                states: list[str] = []
                for seconds in (0.0, LATER.total_seconds() - 1, LATER.total_seconds()):
                    clock[0] = NOW + timedelta(seconds=seconds)
                    await deleting.one_pass(["acme"], fence=1, limit=10)
                    row = await tables.rows.find_one({"_id": row_id(USER_ENROLLMENT, "acme:e1")})
                    states.append((row or {})["state"])
                assert states == expected
