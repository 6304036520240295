"""Two replicas on one database: what one of them does while the other stands between two of its writes."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from go1_stats_processor.store.debts import KEPT, Debt
from go1_stats_processor.store.flow import Flow
from shared.mongo import Database
from tests.go1_stats_processor import events
from tests.go1_stats_processor.stores import SAID, Clock, a_flow, intake, rows, told
from tests.world import World

ERASED_AT = SAID + timedelta(days=4)
LATER = timedelta(seconds=61)


async def test_the_second_look_takes_away_a_row_that_was_shown_after_its_learner_was_erased(
    world: World, database: Database
) -> None:
    clock = Clock()
    async with a_flow(world, database, clock) as slow, a_flow(world, database, clock) as other:
        await other.take(intake(events.course(), events.launched("2026-02-01 09:00", "L9", learner_id="bob")))
        launches = intake(events.launched("2026-02-01 09:00"), events.launched("2026-02-02 09:00", "L2"))
        written = await slow.groups.take(launches.groups, titles={}, causes={})
        await other.take(intake(events.erased(ERASED_AT), said=ERASED_AT))
        await slow.groups.tell(written)
        afresh = intake(events.launched("2026-03-08 09:00", "L3"), said=ERASED_AT + timedelta(days=3))
        await other.take(afresh)
        assert await of_people(database) == ["L1", "L2", "L3", "L9"]
        clock.ahead = LATER
        await other.erase_again()
    assert await of_people(database) == ["L3", "L9"]
    assert await database["attempts"].count_documents({"erased": True, "course_id": "C1"}) == 2
    assert await database["attempts"].count_documents({}) == 4


async def test_a_row_shown_too_late_goes_where_a_later_attempt_at_the_course_stays(
    world: World, database: Database
) -> None:
    clock = Clock()
    async with a_flow(world, database, clock) as slow, a_flow(world, database, clock) as other:
        early = intake(events.launched("2026-02-01 09:00"))
        written = await slow.groups.take(early.groups, titles={}, causes={})
        afresh = intake(events.launched("2026-03-08 09:00", "L3"), said=ERASED_AT + timedelta(days=3))
        await other.take(afresh)
        await other.take(intake(events.erased(ERASED_AT), said=ERASED_AT))
        assert await of_people(database) == ["L3"]
        await slow.groups.tell(written)
        assert await of_people(database) == ["L1", "L3"]
        clock.ahead = LATER
        await other.erase_again()
    assert await of_people(database) == ["L3"]


class Frozen:
    """Stops a replica between its note and its write, until it is let go."""

    def __init__(self, flow: Flow, patch: pytest.MonkeyPatch) -> None:
        self.reached, self.let_go = asyncio.Event(), asyncio.Event()
        self._note = flow.groups.debts.note
        patch.setattr(flow.groups.debts, "note", self.note)

    async def note(self, groups: Iterable[str], at: datetime) -> Debt:
        debt = await self._note(groups, at)
        self.reached.set()
        await self.let_go.wait()
        return debt


async def test_what_is_written_after_the_sweep_has_looked_is_told_though_its_writer_dies(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    some = intake(events.launched("2026-02-01 09:00"), events.launched("2026-02-02 09:00", "L2", learner_id="bob"))
    async with a_flow(world, database, clock) as slow, a_flow(world, database, clock) as other:
        await other.groups.tell(await other.groups.take(some.groups, titles={}, causes={}))
        more = intake(events.launched("2026-02-03 09:00", "L3"))
        frozen = Frozen(slow, monkeypatch)
        async with asyncio.timeout(20):
            writing = asyncio.create_task(slow.groups.take(more.groups, titles={}, causes={}))
            await frozen.reached.wait()
            clock.ahead += timedelta(seconds=20)
            assert await other.groups.debts.outbox.sweep_once() == 1
            assert sorted(await told(world)) == once("L1", "L2")
            frozen.let_go.set()
            await writing  # and dies
        await other.take(more)
        assert sorted(await told(world)) == once("L1", "L2")
        clock.ahead += timedelta(seconds=60)
        assert await other.groups.debts.outbox.sweep_once() == 1
        assert sorted(await told(world)) == once("L1", "L2", "L3")
        assert await rows(database) == [("L1", "in_progress"), ("L2", "in_progress"), ("L3", "in_progress")]


async def test_a_note_that_nobody_strikes_off_tells_nothing_twice_and_goes_at_last(
    world: World, database: Database
) -> None:
    clock = Clock()
    async with a_flow(world, database, clock) as flow:
        await flow.groups.take(intake(events.launched("2026-02-01 09:00")).groups, titles={}, causes={})
        looks = 0
        while await database["debts"].count_documents({}):
            clock.ahead += timedelta(minutes=1)
            looks += await flow.groups.debts.outbox.sweep_once()
            assert clock.ahead < 3 * KEPT
        assert sorted(await told(world)) == once("L1")
        assert clock.ahead >= KEPT
        assert looks < 20


async def test_who_thaws_strikes_off_what_the_sweep_has_looked_at(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    async with a_flow(world, database, clock) as slow, a_flow(world, database, clock) as other:
        frozen = Frozen(slow, monkeypatch)
        async with asyncio.timeout(20):
            writing = asyncio.create_task(slow.take(intake(events.launched("2026-02-01 09:00"))))
            await frozen.reached.wait()
            clock.ahead += timedelta(seconds=20)
            assert await other.groups.debts.outbox.sweep_once() == 1
            frozen.let_go.set()
            await writing
        assert await database["debts"].count_documents({}) == 0
        assert sorted(await told(world)) == once("L1")


def once(*attempts: str) -> list[tuple[str, str, int, str]]:
    return [(each, "opened", 1, "activity.launched") for each in attempts]


async def of_people(database: Database) -> list[str]:
    found = database["attempts"].find({"learner_id": {"$exists": True}})
    return sorted([each["attempt_id"] async for each in found])
