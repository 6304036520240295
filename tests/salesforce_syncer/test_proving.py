"""A proof takes minutes, and the writer goes on meanwhile: what it writes then is no drift, and is not undone."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from salesforce_syncer.app import NAME
from salesforce_syncer.domain.objects import USER, USER_ENROLLMENT
from salesforce_syncer.jobs.proving import Proving, listed
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.store.proofs import ProofStore
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Document
from tests.salesforce_syncer.desired import Rows
from tests.salesforce_syncer.inside import closed, shell_of
from tests.salesforce_syncer.stage import USER_ROWS, Someone, Stage, counters, of_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

stage = of_module()


@dataclass(frozen=True)
class Interrupted(ProofStore):
    """The store of a proof, in the midst of which something happens, once: `when` it asks for these rows."""

    when: str
    happens: Callable[[], Awaitable[None]]
    happened: list[str] = field(default_factory=list[str])

    async def _interrupt(self, now: str) -> None:
        if now == self.when and not self.happened:
            self.happened.append(now)
            await self.happens()

    async def rows(self, ids: Sequence[str]) -> dict[str, Document]:
        await self._interrupt(f"rows {ids[0].partition(':')[0]}" if ids else "")
        return await super().rows(ids)

    async def held(
        self, object_name: str, portals: Sequence[str] | None, size: int, **more: Any
    ) -> AsyncGenerator[list[Document]]:
        async for some in super().held(object_name, portals, size, **more):
            await self._interrupt(f"held {object_name}")
            yield some

    async def doom(self, rows: Sequence[Any], now: datetime) -> None:
        await self._interrupt("doom")
        await super().doom(rows, now)


@dataclass
class Proof:
    """A proof in a process of its own, as an operator runs it, that something interrupts."""

    stage: Stage
    folder: Path

    async def drift(self, *, when: str, happens: Callable[[], Awaitable[None]], repair: bool = False) -> Any:
        settings = {
            "mongo_uri": self.stage.world.mongo_uri,
            "salesforce_login_url": self.stage.standin.url,
        }
        async with shell_of(self.folder, self.stage.world.database_of(NAME), **settings) as shell:
            tables = Tables.of(shell.database)
            async with closed(Client(shell.settings, clock=shell.clock)) as client:
                store = Interrupted(tables, when, happens)
                proving = Proving(shell.settings, client, store, WritingStore(tables), shell.clock)
                found = await proving.run(portal_id=None, repair=repair)
            assert store.happened == [when]
        return [(each["object"], each["key"], each["drift"]) for each in listed(found.drift)]


@pytest.fixture
def proof(stage: Stage, tmp_path: Path) -> Proof:
    return Proof(stage, tmp_path)


async def settled(stage: Stage) -> None:
    with Rows(stage.world) as rows:
        await rows.written(seconds=40)


async def test_what_is_written_and_deleted_while_salesforce_is_read_back_is_no_drift(
    stage: Stage, proof: Proof
) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("changes", 1), someone.enrolled("goes", 1))
    await stage.shows(lambda: counters(stage.standin, USER, user), (2, 0, 0, 0, 2, 0))
    await settled(stage)

    async def work() -> None:
        await stage.tell(
            someone.enrolled("changes", 2, "passed"), someone.removed("goes", 2), someone.enrolled("comes", 1)
        )
        await stage.shows(lambda: counters(stage.standin, USER, user), (2, 1, 1, 0, 1, 0))
        await stage.shows(lambda: someone.key("goes") in stage.standin.rows(USER_ROWS), expected=False)
        await settled(stage)

    assert await proof.drift(when=f"rows {USER_ENROLLMENT}", happens=work) == []


async def test_a_profile_that_is_written_while_it_is_read_back_is_no_drift(stage: Stage, proof: Proof) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1))
    await stage.shows(lambda: counters(stage.standin, USER, user), (1, 0, 0, 0, 1, 0))
    await settled(stage)

    async def work() -> None:
        await stage.tell(someone.enrolled("e1", 2, "passed"))
        await stage.shows(lambda: counters(stage.standin, USER, user), (1, 1, 1, 0, 0, 0))
        await settled(stage)

    assert await proof.drift(when=f"held {USER}", happens=work) == []


async def test_a_repair_does_not_delete_a_row_that_is_desired_again_by_then(stage: Stage, proof: Proof) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("again", 1))
    await stage.shows(lambda: someone.key("again") in stage.standin.rows(USER_ROWS), expected=True)
    await stage.tell(someone.removed("again", 2))
    await stage.shows(lambda: someone.key("again") in stage.standin.rows(USER_ROWS), expected=False)
    await settled(stage)
    for thing in ("again", "new"):
        stage.standin.api("POST", f"/sobjects/{USER_ROWS}", {"Enrollment_Key__c": someone.key(thing)})

    async def work() -> None:
        await stage.tell(someone.enrolled("again", 3), someone.enrolled("new", 1))
        await stage.shows(lambda: counters(stage.standin, USER, user), (2, 0, 0, 0, 2, 0))
        await settled(stage)

    assert sorted(await proof.drift(when="doom", happens=work, repair=True)) == sorted(
        (USER_ROWS, someone.key(thing), "extra") for thing in ("again", "new")
    )
    await settled(stage)
    rows = stage.standin.rows(USER_ROWS)
    assert [rows.get(someone.key(thing), {}).get("Status__c") for thing in ("again", "new")] == ["in_progress"] * 2
    assert counters(stage.standin, USER, user) == (2, 0, 0, 0, 2, 0)
