"""A newer last access waits for its time, by the clock of whoever writes now."""

from datetime import UTC, datetime, timedelta

from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERY = timedelta(minutes=15)


async def test_what_is_due_later_than_it_may_be_was_said_by_a_clock_ahead_and_is_due_now(database: Database) -> None:
    tables = Tables.of(database)
    due = {"passed": NOW, "waits": NOW + EVERY, "ahead": NOW + EVERY + timedelta(seconds=1)}
    await tables.rows.insert_many([{"_id": each, "state": "written", "accessed_due": at} for each, at in due.items()])
    await WritingStore(tables).promote(NOW, EVERY)
    dirty = {"state": "dirty", "dirty_since": NOW}
    assert [each async for each in tables.rows.find().sort("_id", 1)] == [
        {"_id": "ahead", **dirty},
        {"_id": "passed", **dirty},
        {"_id": "waits", "state": "written", "accessed_due": NOW + EVERY},
    ]
