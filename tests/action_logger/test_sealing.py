"""Seals prove the log: what was changed, removed, added or exchanged is found, and erasing is not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from action_logger.jobs import sealing
from action_logger.jobs.prune import Pruned, prune
from action_logger.jobs.sealing import Sealer
from action_logger.jobs.verify import Verdict, verify
from action_logger.store import seals as store
from action_logger.store.people import People
from action_logger.store.records import Records
from action_logger.store.releases import Releases
from action_logger.store.seals import Seals
from contracts import Envelope, LearnerErased
from shared.leases import Lease
from shared.mongo import Database
from tests.action_logger.histories import at
from tests.action_logger.stores import KEYS, Store
from tests.action_logger.test_store import an_event

Tamper = Callable[[Database], Awaitable[object]]


def seals_of(database: Database) -> Seals:
    """Without grace: rows of this very moment are sealed."""
    return Seals(database, KEYS, grace_seconds=-60)


def a_sealer(database: Database, holder: str = "one") -> Sealer:
    return Sealer(seals_of(database), Lease(database, "sealing", holder=holder, seconds=30))


async def pruned(database: Database, before: datetime) -> Pruned:
    releases = Releases(database, People(database, Records(KEYS)))
    return await prune(seals_of(database), releases, before=before, progress=lambda _done, _of: None)


async def verdict_on(database: Database, expect: tuple[int, str] | None = None) -> Verdict:
    return await verify(seals_of(database), expect=expect, progress=lambda _: None)


async def sealed(database: Database, *batches: int) -> Store:
    """A log with one seal for each batch of rows."""
    log = await Store(database).prepare()
    number = 0
    for rows in batches:
        await log.take([an_event(number + each, email=f"p{each}@example.org") for each in range(rows)])
        number += rows
        assert await a_sealer(database).seal() == rows
    return log


async def test_rows_are_sealed_once_and_the_chain_holds(database: Database) -> None:
    log = await sealed(database, 3, 2)
    assert await a_sealer(database).seal() == 0
    await log.take([an_event(10)])
    found = await verdict_on(database)
    assert (found.findings, found.number, found.rows, found.unsealed) == ([], 2, 5, 1)
    newest = await seals_of(database).newest()
    assert newest is not None
    assert found.line == f"sealed 2:{newest.hmac.hex()} rows 5 unsealed 1"


async def test_an_empty_log_is_intact(database: Database) -> None:
    assert (await verdict_on(database)).line == f"sealed 0:{'0' * 64} rows 0 unsealed 0"


async def test_a_large_backlog_becomes_several_seals(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_ROWS", 4)
    monkeypatch.setattr(sealing, "MOST_ROWS", 4)
    log = await Store(database).prepare()
    await log.take([an_event(each) for each in range(10)])
    assert await a_sealer(database).seal() == 10
    assert [each.count async for each in seals_of(database).after(0)] == [4, 4, 2]
    assert (await verdict_on(database)).findings == []


async def test_young_rows_wait_for_the_next_round(database: Database) -> None:
    log = await Store(database).prepare()
    await log.take([an_event()])
    lease = Lease(database, "sealing", holder="one", seconds=30)
    assert await Sealer(Seals(database, KEYS), lease).seal() == 0


async def test_only_the_holder_of_the_lease_seals(database: Database) -> None:
    log = await Store(database).prepare()
    await log.take([an_event(1)])
    assert await a_sealer(database, "one").seal() == 1
    await log.take([an_event(2)])
    assert await a_sealer(database, "two").seal() == 0
    assert await a_sealer(database, "one").seal() == 1


async def test_sealing_twice_at_once_under_load_seals_each_row_once(database: Database) -> None:
    """Two runners, as if a lease were held twice, while rows stream in."""
    log = await Store(database).prepare()
    done = asyncio.Event()

    async def stream() -> None:
        for batch in range(20):
            await log.take([an_event(100 * batch + each, email=f"p{each}@example.org") for each in range(20)])
        done.set()

    async def keep_sealing(holder: str) -> None:
        sealer = Sealer(seals_of(database), Lease(database, holder, holder=holder, seconds=30))
        while not done.is_set():
            await sealer.seal()
        await sealer.seal()

    await asyncio.gather(stream(), keep_sealing("one"), keep_sealing("two"))
    rows = [row.id async for each in seals_of(database).after(0) for row in each.rows or ()]
    assert (len(rows), len(set(rows))) == (400, 400)
    assert (await verdict_on(database)).findings == []


async def test_a_row_that_its_seal_passed_by_is_sealed_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await sealed(database, 2, 2)
    late = (await log.documents())[0]
    await database["log"].insert_one({**late, "_id": "/lms/acme\nlate"})
    assert (await verdict_on(database)).findings == ["row late of /lms/acme was inserted among sealed rows (seal 1)"]
    monkeypatch.setattr(sealing, "RECHECK_AFTER", timedelta(0))
    sealer = a_sealer(database)
    assert [await sealer.seal(), await sealer.seal(), await a_sealer(database).seal()] == [1, 0, 0]
    found = await verdict_on(database)
    assert (found.findings, found.number, found.rows) == ([], 3, 5)


async def _edit(database: Database) -> None:
    await database["log"].update_one({"_id": "/lms/acme\ne1"}, {"$set": {"content_title": "Another"}})


async def _edit_person(database: Database) -> None:
    await database["log"].update_one({"_id": "/lms/acme\ne1"}, {"$set": {"person": "somebody"}})


async def _delete(database: Database) -> None:
    await database["log"].delete_one({"_id": "/lms/acme\ne1"})


async def _copy(database: Database) -> None:
    row = await database["log"].find_one({"_id": "/lms/acme\ne1"})
    assert row is not None
    await database["log"].insert_one({**row, "_id": "/lms/acme\nforged"})


async def _insert_without_place(database: Database) -> None:
    row = await database["log"].find_one({"_id": "/lms/acme\ne1"})
    assert row is not None
    del row["inserted"]
    await database["log"].insert_one({**row, "_id": "/lms/acme\nforged"})


async def _exchange(database: Database) -> None:
    one = await database["log"].find_one({"_id": "/lms/acme\ne1"})
    other = await database["log"].find_one({"_id": "/lms/acme\ne2"})
    assert one is not None
    assert other is not None
    await database["log"].replace_one({"_id": one["_id"]}, {**other, "_id": one["_id"]})
    await database["log"].replace_one({"_id": other["_id"]}, {**one, "_id": other["_id"]})


async def _edit_with_its_seal(database: Database) -> None:
    await _edit(database)
    await database["seals"].update_one({"_id": 1}, {"$set": {"macs": bytes(32 * 3)}})


async def _forget_in_its_seal(database: Database) -> None:
    await _delete(database)
    seal = await database["seals"].find_one({"_id": 1})
    assert seal is not None
    kept = [
        (row, seal["macs"][32 * at : 32 * at + 32]) for at, row in enumerate(seal["rows"]) if not row.endswith("e1")
    ]
    changed = {"rows": [row for row, _ in kept], "macs": b"".join(mac for _, mac in kept), "count": 2}
    await database["seals"].update_one({"_id": 1}, {"$set": changed})


async def _delete_seal(database: Database) -> None:
    await database["seals"].delete_one({"_id": 1})


async def _pretend_pruning(database: Database) -> None:
    await _delete(database)
    now = datetime.now(UTC)
    forged = {"_id": 1, "before": now, "seals": [1], "rows": 3, "at": now, "hmac": bytes(32), "shape": 1}
    await database["prunings"].insert_one(forged)


@pytest.mark.parametrize(
    ("tamper", "first"),
    [
        (_edit, "row e1 of /lms/acme was changed (seal 1)"),
        (_edit_person, "row e1 of /lms/acme was changed (seal 1)"),
        (_delete, "row e1 of /lms/acme is missing (seal 1)"),
        (_copy, "row forged of /lms/acme was inserted among sealed rows (seal 1)"),
        (_insert_without_place, "row forged of /lms/acme was not inserted by this service: it has no place"),
        (_exchange, "row e1 of /lms/acme was changed (seal 1)"),
        (_edit_with_its_seal, "seal 1 was changed"),
        (_forget_in_its_seal, "seal 1 was changed"),
        (_delete_seal, "seal 1 is missing"),
        (_pretend_pruning, "pruning 1 was changed"),
    ],
)
async def test_tampering_is_found(database: Database, tamper: Tamper, first: str) -> None:
    await sealed(database, 3, 2)
    await tamper(database)
    assert (await verdict_on(database)).findings[0] == first


async def test_a_chain_cut_off_at_its_end_is_found_by_who_kept_the_last_seal(database: Database) -> None:
    await sealed(database, 3, 2)
    before = await verdict_on(database)
    expect = (before.number, before.hmac.hex())
    assert (await verdict_on(database, expect)).findings == []
    rows = await database["seals"].find_one({"_id": 2})
    assert rows is not None
    await database["seals"].delete_one({"_id": 2})
    await database["log"].delete_many({"_id": {"$in": rows["rows"]}})
    assert (await verdict_on(database)).findings == []
    assert (await verdict_on(database, expect)).findings == ["seal 2 is not there: the chain was cut off"]
    await Store(database).take([an_event(77)])
    await a_sealer(database).seal()
    assert (await verdict_on(database, expect)).findings == ["seal 2 is another than the one expected"]


async def test_erasing_persons_changes_nothing_that_is_sealed_and_leaves_no_trace_of_them(database: Database) -> None:
    log = await Store(database).prepare()
    people = [f"canary{number}@example.org" for number in range(40)]
    await log.take([an_event(number, email=each) for number, each in enumerate(people)])
    await a_sealer(database).seal()
    erased = [
        LearnerErased(portal_id="acme", learner_id=f"l{number}", email=each, erased_at=at(60))
        for number, each in enumerate(people[:20])
    ]
    await log.take([Envelope.of(each, source="/lms/acme", time=at(60)) for each in erased])
    assert (await verdict_on(database)).findings == []
    dump = "".join(
        [repr(each) for name in await database.list_collection_names() async for each in database[name].find()]
    )
    kept = [log.records.person(each).email async for each in database["people"].find({"address": {"$exists": True}})]
    assert not [word for word in ("canary", "example.org") if word in dump]
    assert sorted(filter(None, kept)) == sorted(people[20:])


async def test_pruning_takes_whole_seals_and_leaves_the_rest_verifiable(database: Database) -> None:
    log = await Store(database).prepare()
    old, new = datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    for number, timestamps in enumerate([(old, old), (old, new), (new, new)]):
        await log.take([an_event(10 * number + each, timestamp=when) for each, when in enumerate(timestamps)])
        await a_sealer(database).seal()
    expect = await verdict_on(database)
    assert await pruned(database, datetime(2026, 1, 1, tzinfo=UTC)) == Pruned(1, 2, 0)
    assert [each["_id"] for each in await log.documents()] == [f"/lms/acme\ne{each}" for each in (10, 11, 20, 21)]
    found = await verdict_on(database, (expect.number, expect.hmac.hex()))
    assert (found.findings, found.number, found.rows, found.unsealed) == ([], 3, 4, 0)
    assert await pruned(database, datetime(2026, 1, 1, tzinfo=UTC)) == Pruned(0, 0, 0)
    await _delete_row(database, "/lms/acme\ne20")
    assert (await verdict_on(database)).findings == ["row e20 of /lms/acme is missing (seal 3)"]


async def _delete_row(database: Database, row: str) -> None:
    await database["log"].delete_one({"_id": row})


async def test_sealing_and_reading_never_change_a_row(database: Database) -> None:
    log = await sealed(database, 3)
    before = await log.documents()
    await log.take([an_event(number, email=f"p{number}@example.org") for number in range(3)])
    await a_sealer(database).seal()
    await verdict_on(database)
    assert await log.documents() == before
