"""A request without an answer may still be carried out later: a writer that stops reckons with that."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from salesforce_syncer.domain.objects import USER_ENROLLMENT, row_id
from tests.salesforce_syncer.stage import USER_ROWS, Someone, Stage, staged
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
