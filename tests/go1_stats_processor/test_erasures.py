"""The right to be forgotten, where facts and erasures come by different topics: who is late must not undo it."""

from datetime import datetime, timedelta

import pytest

from contracts.attempts import AttemptChanged
from contracts.envelope import Envelope
from contracts.wire import decode
from go1_stats_processor.domain.groups import Published, republished
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.store.telling import record_of
from shared.mongo import Database
from tests.action_logger.stores import Store
from tests.go1_stats_processor import events
from tests.go1_stats_processor.builders import RECORDED, completion, facts, launch, resume
from tests.go1_stats_processor.stores import SAID, a_flow, intake, published
from tests.world import World

ERASED_AT = SAID + timedelta(days=4)
AFTERWARDS = ERASED_AT + timedelta(days=1)
LOGGED = ("acme:L1:course_started", "acme:E1:course_completed")


async def logged(store: Store) -> dict[str, str]:
    return {event.id: email for event, (_, email) in (await store.view()).items()}


@pytest.mark.parametrize("completion_said_at", [SAID, AFTERWARDS])
async def test_what_is_worked_out_after_an_erasure_from_facts_before_it_brings_no_address_back(
    world: World, database: Database, completion_said_at: datetime
) -> None:
    """The services share no database; here they do, their collections being others."""
    logger = await Store(database).prepare()
    erasure = Envelope.of(events.erased(ERASED_AT), source="/lms/acme", time=ERASED_AT)
    await logger.take([erasure])
    async with a_flow(world, database) as flow:
        await flow.take(intake(events.course(), events.learner(), events.launched("2026-02-01 09:00")))
        await flow.take(intake(events.completed("2026-02-01 10:00"), said=completion_said_at))
        await logger.take(await published(world))
        assert await logged(logger) == dict.fromkeys(LOGGED, "erased")
        await flow.take(intake(erasure.data, said=ERASED_AT))
        await logger.take(await published(world))
    assert await logged(logger) == dict.fromkeys(LOGGED, "erased")
    assert [each async for each in database["people"].find({"address": {"$exists": True}})] == []


async def test_what_follows_from_facts_after_an_erasure_keeps_its_address(world: World, database: Database) -> None:
    logger = await Store(database).prepare()
    erasure = Envelope.of(events.erased(ERASED_AT), source="/lms/acme", time=ERASED_AT)
    async with a_flow(world, database) as flow:
        await flow.take(intake(erasure.data, said=ERASED_AT))
        await flow.take(intake(events.course(), events.launched("2026-03-08 09:00"), said=AFTERWARDS))
        await logger.take([erasure, *await published(world)])
    assert await logged(logger) == {"acme:L1:course_started": "ada@example.com"}


def test_a_publication_is_dated_by_the_earliest_of_the_facts_that_it_is_made_of() -> None:
    later = RECORDED + timedelta(days=9)
    some = [launch("2026-02-01 09:00"), resume("2026-02-01 09:30"), completion("2026-02-01 10:00")]
    for number, each in enumerate(some):
        told = [one._replace(recorded_at=RECORDED if one is each else later) for one in some]
        (attempt,) = republished((), facts(*told), Rules(), course_title=None, now=later).attempts
        assert dated(attempt) == RECORDED, number


def test_what_was_published_before_publications_were_dated_by_facts_keeps_its_date() -> None:
    later = RECORDED + timedelta(days=9)
    (new,) = republished((), facts(completion("2026-02-01 09:00")), Rules(), course_title=None, now=later).attempts
    old = {name: value for name, value in new.items() if name != "recorded_at"}
    (same,) = republished([old], facts(completion("2026-02-01 09:00")), Rules(), course_title=None, now=later).attempts
    (gone,) = republished([old], facts(), Rules(), course_title=None, now=later).attempts
    assert same == old
    assert [dated(new), dated(same), dated(gone)] == [RECORDED, later, later]


def dated(attempt: Published) -> datetime:
    group = {"_id": "acme ada C1", "portal_id": "acme", "learner_id": "ada", "course_id": "C1"}
    record = record_of(group, attempt, (), source="/learnwire/go1-stats-processor")
    event = decode(record.value, record.headers, reads={AttemptChanged.TYPE: AttemptChanged})
    assert isinstance(event, Envelope)
    return event.time


async def test_what_an_erasure_leaves_shows_what_its_facts_say(world: World, database: Database) -> None:
    """The launch was said twice: as before the erasure, which counts until then, and as after it."""
    before = events.launched("2026-02-01 10:00", email="ada@former.example")
    after = events.launched("2026-02-01 09:00", email="ada@example.com")
    async with a_flow(world, database) as flow:
        await flow.take(intake(events.course(), before, events.resumed("2026-02-01 11:00")))
        await flow.take(intake(after, said=AFTERWARDS))
        await flow.take(intake(events.erased(ERASED_AT), said=ERASED_AT))
        (group,) = [each async for each in database["groups"].find()]
        (row,) = [each async for each in database["attempts"].find()]
        newest = max(await published(world), key=lambda each: each.data.version)
    at = after.launched_at
    for each in (*group["attempts"], row, vars(newest.data)):
        assert (each["email"], each["started_at"], each["last_activity_at"]) == ("ada@example.com", at, at)
    assert newest.time == AFTERWARDS


async def test_what_was_said_again_after_an_erasure_is_published_again_as_of_after_it(
    world: World, database: Database
) -> None:
    """Readers dropped what was published as of before the erasure; here it was already, when its launch was said again."""
    launched = events.launched("2026-02-01 09:00")
    async with a_flow(world, database) as flow:
        await flow.take(intake(events.course(), launched))
        await flow.take(intake(launched, said=AFTERWARDS))
        await flow.take(intake(events.erased(ERASED_AT), said=ERASED_AT))
        await flow.erase_again()
        found = sorted(await published(world), key=lambda each: each.data.version)
    assert [(each.data.version, each.time) for each in found] == [(1, SAID), (2, AFTERWARDS)]
    assert [each["version"] async for each in database["attempts"].find()] == [2]
