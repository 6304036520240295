"""One document per thing: folded, guarded, raced for."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from shared.mongo import Database, Document
from shared.things import fold_into

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def add(_key: str, document: Document | None, facts: Sequence[int]) -> Document | None:
    """A set of numbers; whoever adds a number owes to tell it."""
    have: list[int] = document["numbers"] if document else []
    new = sorted({*have, *facts})
    if new == have:
        return None
    return {"numbers": new, "owes": [*(document or {}).get("owes", []), "numbers"]}


async def test_new_things_are_inserted_and_known_ones_replaced(database: Database) -> None:
    things = database["things"]
    await fold_into(things, {"a": [1], "b": [2]}, add, shape=1, now=NOW)
    changed = await fold_into(things, {"a": [3], "b": [2]}, add, shape=1, now=NOW)
    assert changed == [
        {"_id": "a", "numbers": [1, 3], "owes": ["numbers", "numbers"], "owed_since": NOW, "shape": 1, "revision": 2}
    ]
    assert [each async for each in things.find().sort("_id")] == [
        *changed,
        {"_id": "b", "numbers": [2], "owes": ["numbers"], "owed_since": NOW, "shape": 1, "revision": 1},
    ]


async def test_many_writers_of_one_thing_lose_nothing(database: Database) -> None:
    things = database["things"]
    await asyncio.gather(*(fold_into(things, {"a": [n], "b": [n + 100]}, add, shape=1, now=NOW) for n in range(12)))
    assert {each["_id"]: each["numbers"] async for each in things.find()} == {
        "a": list(range(12)),
        "b": list(range(100, 112)),
    }
