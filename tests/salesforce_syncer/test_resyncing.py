"""A resync is told whatever Salesforce says of its rows, and while it cannot be told, writing goes on."""

from pathlib import Path
from typing import Any

from contracts import BulkActionFinished, BulkActionProgressed, BulkActionRowsReported, Envelope
from contracts.catalog import BULK_ACTIONS
from contracts.commands import SalesforceResyncRequested
from contracts.wire import decode
from salesforce_syncer.app import NAME
from salesforce_syncer.domain.objects import CONTACT_PATH, USER_ENROLLMENT, row_id, row_key
from salesforce_syncer.jobs.resyncing import Resyncing
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.resyncs import Resyncs
from salesforce_syncer.store.rows import Derivation
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared.consumer import Fact
from shared.service import Shell
from tests.salesforce_syncer.inside import shell_of
from tests.salesforce_syncer.sharing import EVERY, NO_RECORD, NOW
from tests.salesforce_syncer.stage import Someone, a_portal, at
from tests.salesforce_syncer.standin import running
from tests.world import World, eventually

READS = {each.TYPE: each for each in (BulkActionProgressed, BulkActionRowsReported, BulkActionFinished)}
NOBODY = "127.0.0.1:9"
LONGEST = "\U0001d4b3" * 500
"""What we keep of a sentence of Salesforce's, in characters of four bytes."""


def facts_of(shell: Shell[Settings]) -> FactStore:
    tables = Tables.of(shell.database)
    return FactStore(tables, Derivation(tables, mirror_go1=True, accessed_every=EVERY), shell.sender, shell.clock)


def asked(request_id: str) -> SalesforceResyncRequested:
    requester: Any = {"id": "operator:ann", "name": "ann", "role": "admin"}
    return SalesforceResyncRequested(request_id=request_id, portal_id="acme", requester=requester, requested_at=at(5))


def refused(number: int) -> dict[str, Any]:
    key = row_key("a" * 40, f"{number}-" + "x" * 128)
    error = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "field": None, "message": LONGEST}
    return {
        "_id": row_id(CONTACT_PATH, key),
        "object": CONTACT_PATH,
        "key": key,
        "portal_id": "acme",
        "state": "rejected",
        "deleted": False,
        "error": error,
        "resync": "r-1",
    }


async def test_refused_rows_are_all_reported_however_long_the_sentences_of_salesforce_are(
    kafka: str, mongo_uri: str, topic_prefix: str, database_name: str, tmp_path: Path
) -> None:
    settings = {
        "kafka_bootstrap_servers": kafka,
        "kafka_topic_prefix": topic_prefix,
        "mongo_uri": mongo_uri,
        "salesforce_login_url": f"http://{NOBODY}",
    }
    async with (
        World(kafka, mongo_uri, topic_prefix, tmp_path) as world,
        shell_of(tmp_path, database_name, **settings) as shell,
    ):
        tables = Tables.of(shell.database)
        resyncs = Resyncs(tables)
        await resyncs.take([(asked("r-1"), {})])
        await resyncs.update("r-1", state="running", total=1_200)
        await tables.rows.insert_many([refused(number) for number in range(1_200)])
        resyncing = Resyncing(
            shell.settings, resyncs, facts_of(shell), WritingStore(tables), shell.sender, shell.source, lambda: NOW
        )
        await resyncing.run()
        records = await world.records(BULK_ACTIONS)
        found = [decode(each.value or b"", [*each.headers], reads=READS) for each in records]
        told = [each.data for each in found if isinstance(each, Envelope)]
        rows = [row for each in told if isinstance(each, BulkActionRowsReported) for row in each.rows]
        assert [each.row for each in rows] == list(range(1, 1_201))
        assert {each.issue for each in rows} == {f"FIELD_CUSTOM_VALIDATION_EXCEPTION: {LONGEST}"}
        assert isinstance(told[-1], BulkActionFinished)
        assert await resyncs.open() == []


async def test_while_kafka_does_not_take_a_resyncs_events_salesforce_is_written_all_the_same(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    someone = Someone()
    with running(tmp_path) as standin:
        async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
            settings = {"mongo_uri": mongo_uri, "salesforce_login_url": standin.url}
            async with shell_of(tmp_path, world.database_of(NAME), **settings) as shell:
                facts, resyncs = facts_of(shell), Resyncs(Tables.of(shell.database))
                told = [someone.linked(1, standin.user()), someone.enrolled("e1", 1)]
                await facts.portals({"acme": [Fact(Envelope.of(a_portal("acme"), source="/lms/acme"), NO_RECORD)]})
                await facts.learners(
                    {f"acme/{someone.id}": [Fact(Envelope.of(data, source="/lms/acme"), NO_RECORD) for _, data in told]}
                )
                await resyncs.take([(asked("r-1"), {})])
                syncer = world.service(NAME, **standin.settings(), KAFKA_BOOTSTRAP_SERVERS=NOBODY)

                async def written() -> bool:
                    return someone.key("e1") in standin.rows(USER_ENROLLMENT)

                async def delayed() -> list[Any]:
                    return [
                        (each["job"], each["dependency"]) for each in syncer.log() if each["event"] == "job.delayed"
                    ]

                await eventually(written, "the row to be written", seconds=60)
                assert ("resync", "kafka") in await eventually(delayed, "the resync to say that it waits")
                assert {each[0] for each in await delayed()} == {"resync"}
                assert [each["state"] for each in await resyncs.open()] == ["asked"]
