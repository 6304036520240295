"""A row is derived from what was read; what Salesforce answered between the reading and the writing counts all the same."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts import Envelope
from contracts.event import Event
from salesforce_syncer.domain.objects import USER_ENROLLMENT, row_id
from salesforce_syncer.jobs.sending import as_written
from salesforce_syncer.store import answers
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.rows import Derivation
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared.consumer import Fact
from shared.kafka import Sender
from shared.mongo import Database, Document
from tests.salesforce_syncer.sharing import EVERY, NO_RECORD, NOW
from tests.salesforce_syncer.stage import Someone
from tests.shared.settings import some_settings

SALESFORCE_ID = "a0Bxx0000000001AAA"


@dataclass(frozen=True)
class Interrupted(Derivation):
    """Derives, and when it has read for the first time something happens."""

    happens: list[Callable[[], Awaitable[None]]] = field(default_factory=list["Callable[[], Awaitable[None]]"])

    async def _read(self, keys: Sequence[str]) -> Any:
        read = await super()._read(keys)
        while self.happens:
            await self.happens.pop()()
        return read


@dataclass
class Interrupting:
    """A learner with one enrollment, and the writer that is faster than who derives."""

    tables: Tables
    facts: FactStore
    derivation: Interrupted
    someone: Someone

    @property
    def name(self) -> str:
        return row_id(USER_ENROLLMENT, self.someone.key("e1"))

    async def take(self, *told: tuple[float, Event]) -> None:
        facts = [Fact(Envelope.of(data, source="/lms/acme"), NO_RECORD) for _, data in told]
        await self.facts.learners({f"acme/{self.someone.id}": facts})

    async def row(self) -> Document:
        found = await self.tables.rows.find_one({"_id": self.name})
        assert found is not None
        return found

    async def written(self) -> None:
        """As the writer does it, from the mark to the answer."""
        row, writing = await self.row(), WritingStore(self.tables)
        await writing.mark_in_doubt([row], 1)
        await writing.save([answers.written(as_written(row, SALESFORCE_ID), NOW)])

    async def deleted(self) -> None:
        row, writing = await self.row(), WritingStore(self.tables)
        await writing.mark_in_doubt([row], 1)
        await writing.save([answers.deleted(row, NOW)])


async def interrupting(database: Database, folder: Path) -> Interrupting:
    tables = Tables.of(database)
    derivation = Interrupted(tables, True, EVERY)  # noqa: FBT003  as it is
    facts = FactStore(tables, derivation, Sender(some_settings(folder)), lambda: NOW)
    made = Interrupting(tables, facts, derivation, Someone())
    await made.take(made.someone.linked(1, "005xx0000000001AAA"), made.someone.enrolled("e1", 1))
    return made


async def test_a_row_that_is_written_while_its_removal_is_derived_is_deleted(
    database: Database, tmp_path: Path
) -> None:
    made = await interrupting(database, tmp_path)
    made.derivation.happens.append(made.written)
    await made.take(made.someone.removed("e1", 2))
    row = await made.row()
    assert (row["deleted"], row["state"], row["salesforce_id"], "dirty_since" in row) == (
        True,
        "dirty",
        SALESFORCE_ID,
        True,
    )


async def test_a_row_that_is_deleted_while_it_is_desired_anew_is_written(database: Database, tmp_path: Path) -> None:
    made = await interrupting(database, tmp_path)
    await made.written()
    await made.take(made.someone.removed("e1", 2))
    made.derivation.happens.append(made.deleted)
    await made.take(made.someone.enrolled("e1", 3))
    row = await made.row()
    assert (row["deleted"], row["state"], "salesforce_id" in row, "dirty_since" in row) == (False, "dirty", False, True)
