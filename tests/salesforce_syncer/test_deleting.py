"""Deletes: a row in doubt is looked for twice, and none passes the guard since it came while others were counted."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from salesforce_syncer.domain.objects import USER_ENROLLMENT, row_id
from salesforce_syncer.jobs.brakes import Brakes
from salesforce_syncer.jobs.deleting import Deleting
from salesforce_syncer.jobs.sending import LATER, Sending
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Document
from tests.salesforce_syncer.inside import closed, shell_of
from tests.salesforce_syncer.standin import running

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GUARDED = 64
"""More than the fifty that the guard lets through."""


def to_be_deleted(name: str, **known: Any) -> Document:
    return {
        "_id": row_id(USER_ENROLLMENT, f"acme:{name}"),
        "object": USER_ENROLLMENT,
        "key": f"acme:{name}",
        "portal_id": "acme",
        "version": 2,
        "deleted": True,
        "state": "dirty",
        "dirty_since": NOW,
        **known,
    }


@dataclass(frozen=True)
class Overtaken(WritingStore):
    """Rows come in when those before have been counted."""

    async def to_delete(self, portals: Sequence[str], **asked: Any) -> list[Document]:
        if await self.tables.rows.count_documents({}) < GUARDED:
            written = {"written": {"hash": "", "accessed": None}}
            await self.tables.rows.insert_many([to_be_deleted(f"late{n}", **written) for n in range(GUARDED - 1)])
        return await super().to_delete(portals, **asked)


@asynccontextmanager
async def deleting(
    folder: Path, mongo_uri: str, database_name: str, store_class: type[WritingStore], clock: list[datetime]
) -> AsyncGenerator[tuple[Deleting, Tables]]:
    """The part that deletes, beside a stand-in that holds no rows."""
    with running(folder) as standin:
        settings = {"mongo_uri": mongo_uri, "salesforce_login_url": standin.url}
        async with shell_of(folder, database_name, **settings) as shell:
            tables = Tables.of(shell.database)
            store, orgs, brakes = store_class(tables), OrgStore(tables), Brakes(lambda: clock[0])
            async with closed(Client(shell.settings, clock=shell.clock)) as client:
                sending = Sending(client, store, orgs, lambda: clock[0])
                yield Deleting(shell.settings, client, store, orgs, sending, brakes, lambda: clock[0]), tables


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
    async with deleting(tmp_path, mongo_uri, database_name, WritingStore, clock) as (part, tables):
        await tables.rows.insert_one(to_be_deleted("e1", **known))
        states: list[str] = []
        for seconds in (0.0, LATER.total_seconds() - 1, LATER.total_seconds()):
            clock[0] = NOW + timedelta(seconds=seconds)
            await part.one_pass(["acme"], fence=1, limit=10)
            row = await tables.rows.find_one({"_id": row_id(USER_ENROLLMENT, "acme:e1")})
            states.append((row or {})["state"])
    assert states == expected


async def test_deletes_that_come_while_others_are_counted_do_not_pass_the_guard(
    mongo_uri: str, database_name: str, tmp_path: Path
) -> None:
    async with deleting(tmp_path, mongo_uri, database_name, Overtaken, [NOW]) as (part, tables):
        await tables.rows.insert_one(to_be_deleted("e1", written={"hash": "", "accessed": None}))
        await part.one_pass(["acme"], fence=1, limit=1_000)
        assert await tables.rows.count_documents({"state": "dirty"}) == GUARDED
        assert list(await part.orgs.guards()) == ["acme"]
