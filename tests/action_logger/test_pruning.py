"""Retention: addresses go with the last row that needs them, and nothing that runs beside it is misled."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from action_logger.domain.seals import Place
from action_logger.jobs.commands import prune_command, verify_command
from action_logger.jobs.prune import Pruned
from action_logger.jobs.verify import verify
from action_logger.settings import Settings
from action_logger.store.people import People
from action_logger.store.records import Records
from action_logger.store.releases import Releases
from action_logger.store.seals import Seals
from shared.mongo import Database
from tests.action_logger.histories import at
from tests.action_logger.stores import KEYS, Store
from tests.action_logger.test_races import held
from tests.action_logger.test_sealing import a_sealer, pruned, verdict_on
from tests.action_logger.test_store import addresses, an_erasure, an_event
from tests.world import WAIT_SECONDS

OLD, NEW, BETWEEN = (datetime(year, 1, 1, tzinfo=UTC) for year in (2024, 2026, 2025))


def releases_of(database: Database) -> Releases:
    return Releases(database, People(database, Records(KEYS)))


async def a_log(database: Database) -> Store:
    """Ada has an old and a new row, Bob an old one."""
    store = await Store(database).prepare()
    await store.take([an_event(1, timestamp=OLD), an_event(2, timestamp=OLD, email="bob@example.org")])
    assert await a_sealer(database).seal() == 2
    await store.take([an_event(3, timestamp=NEW)])
    assert await a_sealer(database).seal() == 1
    return store


async def kept(store: Store) -> list[str]:
    people = store.database["people"].find({"address": {"$exists": True}})
    return sorted([str(store.records.person(each).email) async for each in people])


async def test_addresses_go_with_the_last_row_that_needs_them(database: Database) -> None:
    store = await a_log(database)
    assert await pruned(database, BETWEEN) == Pruned(seals=1, rows=2, persons=1)
    assert await kept(store) == ["Ada@example.org"]
    assert await addresses(store) == {"e3": "ada@example.org"}
    assert (await verdict_on(database)).findings == []
    assert await releases_of(database).release() == 0


async def test_a_person_whose_rows_went_begins_afresh(database: Database) -> None:
    store = await a_log(database)
    await pruned(database, BETWEEN)
    await store.take([an_event(4, email="bob@example.org"), an_event(5, email="BOB@example.org")])
    assert await addresses(store) == {"e3": "ada@example.org", "e4": "bob@example.org", "e5": "bob@example.org"}


async def test_a_batch_in_flight_keeps_the_person_that_retention_would_take(database: Database) -> None:
    """Looked up before the release and stored after it."""
    store, other = await a_log(database), Store(database)
    log = held(store)
    async with asyncio.timeout(WAIT_SECONDS):
        batch = asyncio.create_task(store.take([an_event(4, email="bob@example.org")]))
        await log.reached.wait()
        await pruned(database, BETWEEN)
        assert await kept(other) == ["Ada@example.org"]
        log.let_go.set()
        await batch
    assert await addresses(other) == {"e3": "ada@example.org", "e4": "bob@example.org"}


async def test_releasing_while_rows_stream_in_loses_no_address(database: Database) -> None:
    store, other = await Store(database).prepare(), Store(database)
    done = asyncio.Event()

    async def stream(into: Store, offset: int) -> None:
        for batch in range(15):
            people = [f"p{(batch + each) % 30}@example.org" for each in range(10)]
            await into.take([an_event(offset + 10 * batch + each, email=one) for each, one in enumerate(people)])

    async def release() -> None:
        while not done.is_set():
            await releases_of(database).release()

    releasing = asyncio.create_task(release())
    await asyncio.gather(stream(store, 0), stream(other, 1000))
    done.set()
    await releasing
    shown = await addresses(store)
    assert (len(shown), "erased" in shown.values()) == (300, False)


async def test_a_release_that_ended_halfway_shows_what_was_shown_and_can_be_repeated(database: Database) -> None:
    store = await a_log(database)
    await database["people"].update_many(
        {"pseudonyms.id": {"$exists": True}},
        {"$set": {"pseudonyms.0.after": datetime(1, 1, 1, tzinfo=UTC)}, "$inc": {"revision": 1}},
    )
    assert await addresses(store) == {"e1": "ada@example.org", "e2": "bob@example.org", "e3": "ada@example.org"}
    await Store(database).take([an_event(4, email="bob@example.org")])
    assert await releases_of(database).release() == 0
    assert await addresses(store) == {
        "e1": "ada@example.org",
        "e2": "bob@example.org",
        "e3": "ada@example.org",
        "e4": "bob@example.org",
    }


async def test_an_erasure_after_half_a_release_takes_all_that_it_should(database: Database) -> None:
    store = await a_log(database)
    await database["people"].update_many(
        {"pseudonyms.id": {"$exists": True}},
        {"$set": {"pseudonyms.0.after": datetime(1, 1, 1, tzinfo=UTC)}, "$inc": {"revision": 1}},
    )
    await store.take([an_erasure(5, email="bob@example.org")])
    await releases_of(database).release()
    assert await kept(store) == ["Ada@example.org"]


class PrunedBeside(Seals):
    """Retention runs to its end between what verify has read of the prunings and the rows that it reads."""

    async def stored(self, ids: Sequence[str]) -> dict[str, tuple[bytes, Place | None]]:
        await pruned(self._database, BETWEEN)
        return await super().stored(ids)


async def test_verify_beside_a_prune_does_not_take_it_for_tampering(database: Database) -> None:
    await a_log(database)
    found = await verify(PrunedBeside(database, KEYS), expect=None, progress=lambda _: None)
    assert (found.findings, found.number, found.rows) == ([], 2, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--before", "2026-13-01"], "'2026-13-01' is no date; give one like 2026-01-31"),
        (["--before", "last week"], "'last week' is no date"),
        (["--before", "2999-01-01"], "2999-01-01 has yet to come: that would remove the whole log"),
        ([], "the following arguments are required: --before"),
        (["--before", "2025-01-01", "now"], "unrecognized arguments: now"),
    ],
)
def test_prune_tells_what_is_wrong_with_its_arguments(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        prune_command(Settings.model_construct, arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["7", "7:", "x:" + "a" * 64, "7:" + "g" * 64, "7:" + "a" * 63, "-1:" + "a" * 64])
def test_verify_tells_how_a_seal_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        verify_command(Settings.model_construct, [f"--expect={name}"])
    assert ended.value.code == 2
    assert "give NUMBER:HMAC as verify prints it" in capsys.readouterr().err


async def test_rows_of_one_person_keep_it_in_whichever_seal_they_are(database: Database) -> None:
    store = await Store(database).prepare()
    await store.take([an_event(1, timestamp=OLD), an_event(2, timestamp=NEW)])
    await a_sealer(database).seal()
    assert await pruned(database, BETWEEN) == Pruned(0, 0, 0)
    assert await addresses(store) == {"e1": "ada@example.org", "e2": "ada@example.org"}
    assert at(1) > OLD
