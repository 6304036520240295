"""What a document owes is told at once, or by the sweep; never forgotten."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts import BulkActionStarted
from contracts.catalog import BULK_ACTIONS
from contracts.envelope import Envelope
from shared.kafka import Sender
from shared.mongo import Database, Document
from shared.outbox import Outbox
from shared.things import fold_into
from tests.shared.settings import some_settings
from tests.world import World

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def count(_key: str, document: Document | None, facts: Sequence[int]) -> Document | None:
    have = set(document["facts"]) if document else set[int]()
    if have.issuperset(facts):
        return None
    owes = [*(document or {}).get("owes", []), "counted"]
    return {"facts": sorted(have.union(facts)), "owes": owes}


def events(document: Document) -> list[Envelope[Any]]:
    data = BulkActionStarted(action_id=f"{document['_id']}-{len(document['facts'])}", started_at=NOW)
    return [Envelope.of(data, source="/test", id=f"{document['_id']}-{document['revision']}", time=NOW)]


@pytest.fixture
async def world(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[World]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        yield world


@pytest.fixture
async def sender(world: World) -> AsyncGenerator[Sender]:
    sender = Sender(some_settings(world.folder, kafka_bootstrap_servers=world.kafka, kafka_topic_prefix=world.prefix))
    yield sender
    await sender.close()


async def told(world: World) -> list[str]:
    return sorted(dict(each.headers)["ce_id"].decode() for each in await world.records(BULK_ACTIONS))


async def test_a_debt_is_told_and_cleared(world: World, sender: Sender, database: Database) -> None:
    outbox = Outbox(database["things"], sender, events, clock=lambda: NOW)
    await outbox.prepare()
    saved = await fold_into(database["things"], {"a": [1], "b": [2]}, count, shape=1, now=NOW)
    await outbox.settle(saved)
    assert await told(world) == ["a-1", "b-1"]
    assert await database["things"].count_documents({"owes": {"$exists": True}}) == 0


async def test_a_document_that_changed_meanwhile_goes_on_owing(
    world: World, sender: Sender, database: Database
) -> None:
    things = database["things"]

    async def change(_: Sequence[Document]) -> None:
        await fold_into(things, {"a": [2]}, count, shape=1, now=NOW)

    outbox = Outbox(things, sender, events, change, clock=lambda: NOW)
    saved = await fold_into(things, {"a": [1]}, count, shape=1, now=NOW)
    await outbox.settle(saved)
    assert await told(world) == ["a-1"]
    assert (await things.find_one({"_id": "a"}) or {})["owes"] == ["counted", "counted"]


async def test_the_sweep_tells_what_a_crash_left_and_leaves_fresh_debts_to_their_writer(
    world: World, sender: Sender, database: Database
) -> None:
    things = database["things"]
    await fold_into(things, {"old": [1]}, count, shape=1, now=NOW - timedelta(seconds=11))
    await fold_into(things, {"fresh": [1]}, count, shape=1, now=NOW - timedelta(seconds=9))
    outbox = Outbox(things, sender, events, clock=lambda: NOW)
    assert await outbox.sweep_once() == 1
    assert await told(world) == ["old-1"]
    assert await outbox.sweep_once() == 0
