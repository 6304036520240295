"""`learnwire explain` answers within two seconds, the start of the command included, with a million rows stored."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from action_logger.store.log import SET_BY_SERVER
from contracts.catalog import BULK_ACTIONS
from shared.mongo import Document, connect
from tests.journeys.test_explain import BAD, action, explained, said, says, upload
from tests.journeys.whole import Whole, portal, whole
from tests.world import eventually

ROWS = int(os.environ.get("EXPLAIN_ROWS", "1000000"))
AT_ONCE = 20_000
SECONDS = float(os.environ.get("EXPLAIN_SECONDS", "2"))
COLLECTIONS = {"action-logger": "log", "bulk-tracker": "actions"}


def copies(of: Document, count: int) -> Iterator[Document]:
    for _ in range(count):
        name = secrets.token_hex(8)
        copy: Document = {**of, "_id": f"/lms/other\n{name}"}
        if "inserted" in copy:
            copy["inserted"] = SET_BY_SERVER  # else all would stand behind the newest seal, at one instant
        if "history" in copy:
            changes: list[Document] = copy["history"]
            copy["history"] = [{**each, "origin": {"causationid": name}} for each in changes]
            copy["reference_key"] = name
        yield copy


async def fill(one: Whole) -> None:
    """Half of the rows are log rows, half bulk actions: the two collections that grow without end."""
    async with connect(one.world.mongo_uri, "admin") as admin:
        for service, name in COLLECTIONS.items():
            collection = admin.client[one.world.database_of(service)][name]
            like = await collection.find_one({})
            assert like is not None
            for _ in range(ROWS // len(COLLECTIONS) // AT_ONCE):
                await collection.insert_many(list(copies(like, AT_ONCE)), ordered=False)


@pytest.mark.long
async def test_a_good_a_doubled_and_a_dead_lettered_event_are_explained_in_time(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with whole(kafka, mongo_uri, used_prefixes, tmp_path) as one:
        await one.world.publish(portal(), said(action(), "good"), said(action(), "twice"), said(upload(), "e-up"))
        await one.world.publish(said(action(), "twice"))
        await one.world.publish_raw(BULK_ACTIONS, BAD, key=b"x")

        async def there() -> bool:
            stories: list[Any] = [await explained(one, each) for each in ("good", "twice", "e-up", "bad-1")]
            return all(each["kept"] for each in stories[:3]) and bool(stories[3]["dead_letters"])

        await eventually(there, "all to be stored", seconds=120)
        await fill(one)
        took: dict[str, float] = {}
        for each in ("good", "twice", "bad-1", "e-up", "BA-7F3K9-2QDX4", "acme/ada"):
            begun = time.monotonic()
            story = await explained(one, each)
            took[each] = round(time.monotonic() - begun, 2)
            assert story["kept"] or story["dead_letters"], each
            assert story["not_reached"] == {}
        assert says(await explained(one, "good"), "action-logger")
        print(took)  # noqa: T201  the figures are what this is for
        assert max(took.values()) < SECONDS, took
