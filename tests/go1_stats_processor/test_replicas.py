"""Two replicas on one database: what one of them does while the other stands between two of its writes."""

from datetime import timedelta

from shared.mongo import Database
from tests.go1_stats_processor import events
from tests.go1_stats_processor.stores import SAID, Clock, a_flow, intake
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


async def of_people(database: Database) -> list[str]:
    found = database["attempts"].find({"learner_id": {"$exists": True}})
    return sorted([each["attempt_id"] async for each in found])
