"""Batches in flight beside each other and beside erasures: what comes of it is what the facts say."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from action_logger import handlers
from action_logger.domain.rows import Reference
from action_logger.store.log import Log, Stored
from action_logger.store.people import People
from shared.mongo import Database, Document
from tests.action_logger.histories import at
from tests.action_logger.stores import KEYS, NOW, Store
from tests.action_logger.test_store import addresses, an_erasure, an_event
from tests.world import WAIT_SECONDS


class HeldLog(Log):
    """Stops where people are looked up and rows are not stored yet, until it is let go."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.database, store.people, KEYS)
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()
        self.documents: list[Document] = []

    async def _insert(self, documents: Sequence[Document]) -> dict[Reference, Stored]:
        self.documents = list(documents)
        self.reached.set()
        await self.let_go.wait()
        return await super()._insert(documents)


def held(store: Store) -> HeldLog:
    log = HeldLog(store)
    store.use(handlers.handlers(log, store.people, lambda: NOW))
    return log


async def test_an_erasure_between_looking_up_and_storing_takes_the_earlier_rows_alone(database: Database) -> None:
    store, other = await Store(database).prepare(), Store(database)
    seen: dict[str, Any] = {"portal_id": "acme", "learner_id": "ada"}
    await other.take([an_event(1, **seen)])
    log = held(store)
    async with asyncio.timeout(WAIT_SECONDS):
        batch = asyncio.create_task(
            store.take(
                [
                    an_event(2, minute=2, **seen),
                    an_event(8, minute=8, **seen),
                    an_event(9, minute=3, email="ada@new.example", **seen),
                ]
            )
        )
        await log.reached.wait()
        await other.take([an_erasure(5)])
        log.let_go.set()
        await batch
    assert await addresses(other) == {"e1": "erased", "e2": "erased", "e8": "ada@example.org", "e9": "erased"}


async def test_a_batch_that_is_told_again_after_a_crash_gives_its_later_rows_back_their_person(
    database: Database,
) -> None:
    """The process ended after storing and before confirming; the erasure ran in between."""
    store, other = await Store(database).prepare(), Store(database)
    log = held(store)
    async with asyncio.timeout(WAIT_SECONDS):
        batch = asyncio.create_task(store.take([an_event(1), an_event(8, minute=8)]))
        await log.reached.wait()
        await other.take([an_erasure(5, email="ada@example.org")])
        batch.cancel()
        await asyncio.gather(batch, return_exceptions=True)
    await database["log"].insert_many(log.documents)
    assert await addresses(other) == {"e1": "erased", "e8": "erased"}
    await Store(database).take([an_event(1), an_event(8, minute=8)])
    assert await addresses(other) == {"e1": "erased", "e8": "ada@example.org"}


async def test_erasing_while_rows_stream_in_loses_no_later_address_and_keeps_no_earlier_one(database: Database) -> None:
    """Two replicas insert, a third erases, all at once: the fate of each row is a function of its time."""
    replicas = [Store(database) for _ in range(3)]
    await replicas[0].prepare()

    async def insert(store: Store, offset: int) -> None:
        for batch in range(12):
            events = [
                an_event(
                    offset + 10 * batch + number,
                    minute=(batch + number) % 12,
                    email=f"p{number % 3}@example.org",
                    portal_id="acme",
                    learner_id=f"p{number % 3}",
                )
                for number in range(10)
            ]
            await store.take(events)

    async def erase(store: Store) -> None:
        for minute in range(6):
            for number in range(3):
                await store.take([an_erasure(minute, learner_id=f"p{number}")])

    await asyncio.gather(insert(replicas[0], 0), insert(replicas[1], 1000), erase(replicas[2]))
    shown = [(row.time, address) for row, address in (await replicas[0].view()).values()]
    assert {time > at(5) for time, address in shown if address != "erased"} == {True}
    assert {time <= at(5) for time, address in shown if address == "erased"} == {True}
    assert len(shown) == 240


class TornPeople(People):
    """Its first insertion finds no primary."""

    torn = False

    async def _insert(self, documents: Mapping[str, Document]) -> set[str]:
        if documents and not self.torn:
            self.torn = True
            raise AutoReconnect("primary stepped down")
        return await super()._insert(documents)


async def test_a_person_whom_nobody_could_write_is_not_taken_for_written_when_the_batch_comes_again(
    database: Database,
) -> None:
    store = await Store(database).prepare()
    people = TornPeople(database, store.records)
    store.use(handlers.handlers(Log(database, people, KEYS), people, lambda: NOW))
    with pytest.raises(AutoReconnect):
        await store.take([an_event(1)])
    assert await store.take([an_event(1)]) == []
    assert await addresses(store) == {"e1": "ada@example.org"}
