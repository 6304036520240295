"""The watchdog: exact across replicas, and blind to time in which we have not read."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from bulk_tracker.jobs.reading import Reading
from bulk_tracker.jobs.tidying import Tidying
from bulk_tracker.settings import Settings
from bulk_tracker.store.documents import to_action
from contracts.topics import BULK_ACTIONS
from shared.leases import Lease
from tests.bulk_tracker.conftest import Tracker, stores_of
from tests.bulk_tracker.facts import at, finished, progressed, rows_reported, started, submitted
from tests.world import World


async def commit(world: World, group_id: str) -> None:
    """What a consumer of the group does that has handled everything."""
    records = await world.records(BULK_ACTIONS)
    client = AIOKafkaConsumer(bootstrap_servers=world.kafka, group_id=group_id, enable_auto_commit=False)
    await client.start()
    ends = {TopicPartition(each.topic, each.partition): each.offset + 1 for each in records}
    client.assign(list(ends))
    await client.commit(ends)
    await client.stop()


async def test_time_stands_still_while_records_wait_unread(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path, tracker_settings: Settings
) -> None:
    group_id = f"{topic_prefix}group"
    moment = datetime(2036, 11, 22, tzinfo=UTC)
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        settings = tracker_settings.model_copy(
            update={"kafka_bootstrap_servers": kafka, "kafka_topic_prefix": topic_prefix}
        )
        reading = Reading(settings, group_id=group_id, clock=lambda: moment)
        nothing_there = await reading.known_until()
        await world.publish(*(started(1, action_id=f"a-{each}") for each in range(20)))
        later = moment
        moment += timedelta(minutes=1)
        waiting = await reading.known_until()
        await commit(world, group_id)
        moment += timedelta(minutes=1)
        read = await reading.known_until()
        await world.publish(started(1))
        moment += timedelta(minutes=1)
        again = await reading.known_until()
        await reading.close()
    assert (nothing_there, waiting) == (later, later)
    assert read == again == later + timedelta(minutes=2)


async def test_two_watchdogs_at_once_move_each_action_once(tracker: Tracker) -> None:
    await tracker.told(
        *(event for each in range(40) for event in (submitted(action_id=f"a-{each}"), started(1, f"a-{each}")))
    )
    tracker.now = at(70)
    one, two = stores_of(tracker), stores_of(tracker)
    await asyncio.gather(*(each.actions.judge_due(known_until=tracker.now) for each in (one, two)))
    documents = [each async for each in tracker.database["actions"].find()]
    changes = [[change.status.value for change in to_action(each).history] for each in documents]
    assert changes == [["not_started", "in_progress", "timeout"]] * 40


async def test_a_heartbeat_that_waited_in_kafka_prevents_the_timeout(tracker: Tracker) -> None:
    await tracker.told(submitted(), started(1))
    tracker.now = at(300)
    stores = stores_of(tracker)
    assert await stores.actions.any_silent()
    assert await stores.actions.judge_due(known_until=at(60)) == []
    await tracker.told(progressed(299))
    assert not await stores.actions.any_silent()
    assert await stores.actions.judge_due(known_until=at(300)) == []


async def test_rows_of_expired_reports_are_really_deleted_and_actions_after_their_retention(tracker: Tracker) -> None:
    stores = stores_of(tracker)
    lease = Lease(tracker.database, "tidying", holder="here", seconds=60)
    await tracker.told(submitted(), rows_reported(1), finished(4), submitted(action_id="b"))
    tidying = Tidying(stores, lease, retention=timedelta(days=30))
    tracker.now = at(4) + timedelta(days=7)
    await tidying.tick()
    assert await tracker.database["rows"].count_documents({}) == 1
    tracker.now += timedelta(hours=1)
    await tidying.tick()
    assert await tracker.database["rows"].count_documents({}) == 0
    assert (await tracker.get("/v1/actions/a-1/error-report")).status_code == 410
    tracker.now = at(5) + timedelta(days=30)
    await tidying.tick()
    assert [each["_id"] async for each in tracker.database["actions"].find({}, {"_id": 1})] == ["b"]
