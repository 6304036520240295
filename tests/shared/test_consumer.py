"""The consumer on a real Kafka: nothing lost, poison aside one by one, nothing committed that is not written."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts import BulkActionStarted
from contracts.catalog import BULK_ACTIONS, dead_letters, reads
from shared.consumer import Consumer, Fact, Handler, Refusal, Work
from shared.failures import Rejected, Unavailable
from shared.kafka import Sender
from shared.service import utc_now
from tests.shared.settings import some_settings
from tests.world import WAIT_SECONDS, World, eventually

SERVICE = "bulk-tracker"


def started(number: int) -> BulkActionStarted:
    return BulkActionStarted(action_id=f"a{number}", started_at=utc_now())


@pytest.fixture
async def world(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[World]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        yield world


@asynccontextmanager
async def consuming(world: World, handler: Handler, *, window: int = 1, **settings: Any) -> AsyncGenerator[Consumer]:
    some = some_settings(
        world.folder,
        kafka_bootstrap_servers=world.kafka,
        kafka_topic_prefix=world.prefix,
        kafka_group_id=f"{world.prefix}group",
        **settings,
    )
    sender = Sender(some)
    work = Work(
        service=SERVICE,
        version="1",
        reads=reads(SERVICE),
        handlers={BULK_ACTIONS: handler},
        dead_letter_topic=dead_letters(SERVICE),
        topic_prefix=world.prefix,
        clock=utc_now,
    )
    consumer = Consumer(some, work, sender, window=window)
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.stop()
        await asyncio.wait_for(running, WAIT_SECONDS)
        await sender.close()


class Seen:
    """A handler that remembers; `fail` may raise for a batch."""

    def __init__(self, fail: Any = None) -> None:
        self.ids: list[str] = []
        self.calls = 0
        self._fail = fail

    async def __call__(self, facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        self.calls += 1
        refusals = self._fail(self, facts) if self._fail else ()
        self.ids += [each.data.action_id for each in facts]
        return refusals or ()


async def until_seen(seen: Seen, count: int) -> None:
    async def look() -> int:
        return len(set(seen.ids))

    await eventually(look, f"{count} facts", until=lambda found: found >= count)


async def test_all_events_arrive_once_when_nothing_fails_and_none_again_after_a_restart(world: World) -> None:
    await world.publish(*(started(n) for n in range(500)))
    seen = Seen()
    async with consuming(world, seen, window=4):
        await until_seen(seen, 500)
    assert sorted(seen.ids) == sorted(f"a{n}" for n in range(500))

    await world.publish(started(500))
    again = Seen()
    async with consuming(world, again):
        await until_seen(again, 1)
    assert again.ids == ["a500"]


async def test_poison_goes_to_dead_letters_one_by_one_with_its_bytes_untouched(world: World) -> None:
    bad: list[tuple[bytes | None, str]] = [
        (b"\xff\x00 not json", "malformed"),
        (None, "malformed"),
        (b"[" * 5000, "malformed"),
        (_value(1).replace(b'"a1"', b"7"), "invalid"),
    ]
    for value, _ in bad:
        await world.publish(started(1))
        await world.publish_raw(BULK_ACTIONS, value, key=b"\xfe", headers=[("h", b"\xff"), ("h", b"2")])
    await world.publish(*(started(n) for n in range(2, 5)))
    seen = Seen()
    async with consuming(world, seen):
        await until_seen(seen, 4)
        letters = await eventually(
            lambda: world.dead_letters(SERVICE), "dead letters", until=lambda found: len(found) >= len(bad)
        )
    assert sorted(set(seen.ids)) == ["a1", "a2", "a3", "a4"]
    assert {(each.value, dict(each.headers)["dlq-reason"].decode()) for each in letters} == set(bad)
    for each in letters:
        headers = dict(each.headers)
        assert each.key == b"\xfe"
        assert each.headers[:2] == (("h", b"\xff"), ("h", b"2"))
        assert headers["dlq-topic"].decode() == world.prefix + BULK_ACTIONS
        assert headers["dlq-service"] == b"bulk-tracker"
        assert headers["dlq-attempts"] == b"1"
        assert set(headers) == {"h", *(f"dlq-{name}" for name in NAMES)}


NAMES = ("reason", "detail", "service", "version", "attempts", "topic", "partition", "offset", "at")


async def test_a_type_that_is_not_ours_is_skipped_and_one_on_a_foreign_topic_is_set_aside(world: World) -> None:
    envelope = {"specversion": "1.0", "id": "1", "source": "/x", "time": "2026-11-22T00:00:00Z"}
    unknown = json.dumps(envelope | {"type": "org.example.other.v1", "data": {}}).encode()
    erased = {"portal_id": "acme", "learner_id": "l1", "erased_at": "2026-11-22T00:00:00Z"}
    foreign = json.dumps(envelope | {"type": "learnwire.learner.erased.v1", "data": erased}).encode()
    await world.publish_raw(BULK_ACTIONS, unknown)
    await world.publish_raw(BULK_ACTIONS, foreign)
    await world.publish(started(1))
    seen = Seen()
    async with consuming(world, seen):
        await until_seen(seen, 1)
        letters = await eventually(lambda: world.dead_letters(SERVICE), "a dead letter")
    assert [(each.value, dict(each.headers)["dlq-reason"]) for each in letters] == [(foreign, b"invalid")]


async def test_while_a_dependency_is_down_nothing_is_lost_or_set_aside(world: World) -> None:
    def down_at_first(seen: Seen, _: Sequence[Fact[Any]]) -> None:
        if seen.calls < 4:
            raise Unavailable("mongodb", "test")

    await world.publish(*(started(n) for n in range(50)))
    seen = Seen(down_at_first)
    async with consuming(world, seen) as consumer:
        await until_seen(seen, 50)
        # It is noted when the handler has returned, a moment after its last fact was seen.
        await eventually(lambda: _is(consumer.dependencies.down == {}), "it to be up again")
    assert sorted(set(seen.ids)) == sorted(f"a{n}" for n in range(50))
    assert await world.dead_letters(SERVICE) == []


async def test_an_unexpected_error_costs_one_record_after_three_tries(world: World) -> None:
    tries: list[int] = []

    def bug(_: Seen, facts: Sequence[Fact[Any]]) -> None:
        if any(each.data.action_id == "a7" for each in facts):
            tries.append(len(facts))
            raise KeyError("a bug")

    await world.publish(*(started(n) for n in range(100)))
    seen = Seen(bug)
    async with consuming(world, seen):
        await until_seen(seen, 99)
        letters = await eventually(lambda: world.dead_letters(SERVICE), "a dead letter")
    assert [json.loads(each.value or b"")["data"]["action_id"] for each in letters] == ["a7"]
    headers = dict(letters[0].headers)
    assert (headers["dlq-reason"], headers["dlq-detail"], headers["dlq-attempts"]) == (b"unexpected", b"KeyError", b"3")
    assert tries[-3:] == [1, 1, 1]


async def test_what_a_handler_refuses_is_set_aside_with_its_reason(world: World) -> None:
    def refuse(_: Seen, facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        return [Refusal(each, "conflict", "other content") for each in facts if each.data.action_id == "a3"]

    def reject(_: Seen, facts: Sequence[Fact[Any]]) -> None:
        if len(facts) == 1 and facts[0].data.action_id == "a5":
            raise Rejected("never")
        if any(each.data.action_id == "a5" for each in facts):
            raise Rejected("one of these")

    await world.publish(*(started(n) for n in range(10)))

    def both(seen: Seen, facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        reject(seen, facts)
        return refuse(seen, facts)

    seen = Seen(both)
    async with consuming(world, seen):
        letters = await eventually(
            lambda: world.dead_letters(SERVICE), "dead letters", until=lambda found: len(found) >= 2
        )
    reasons = {json.loads(each.value or b"")["data"]["action_id"]: dict(each.headers)["dlq-reason"] for each in letters}
    assert reasons == {"a3": b"conflict", "a5": b"refused"}


async def test_ten_unexpected_errors_in_a_row_stop_the_partition_and_the_rest_stays_unread(world: World) -> None:
    for n in range(40):
        await world.publish_raw(BULK_ACTIONS, _value(n), key=b"same")
    partition = {each.partition for each in await world.records(BULK_ACTIONS)}
    assert len(partition) == 1
    number = partition.pop()

    def on_that(_: Seen, facts: Sequence[Fact[Any]]) -> None:
        if any(each.record.partition == number for each in facts):
            raise KeyError("a bad deploy")

    seen = Seen(on_that)
    async with consuming(world, seen) as consumer:
        await eventually(lambda: _is(bool(consumer.halt.reasons)), "the breaker to open")
        assert consumer.halt.reasons == {(world.prefix + BULK_ACTIONS, number): "unexpected errors in a row"}
        await eventually(lambda: _is(consumer.last_progress > 0), "the batch")
    assert len(await world.dead_letters(SERVICE)) == 10

    mended = Seen()
    async with consuming(world, mended):
        await until_seen(mended, 30)
    assert sorted(mended.ids) == sorted(f"a{n}" for n in range(10, 40))


async def test_more_than_a_fifth_invalid_among_a_thousand_stop_the_partition(world: World) -> None:
    for n in range(1_100):
        value = _value(n) if n % 4 else _value(n).replace(b'"action_id"', b'"action"')
        await world.publish_raw(BULK_ACTIONS, value, key=b"same", wait=False)
    await world.flush()
    seen = Seen()
    async with consuming(world, seen) as consumer:
        await eventually(lambda: _is(bool(consumer.halt.reasons)), "the breaker to open")
        assert list(consumer.halt.reasons.values()) == ["too many invalid records"]
        await eventually(lambda: _is(len(seen.ids) >= 749), "the records before it")
    assert len(seen.ids) == 749
    assert len(await world.dead_letters(SERVICE)) == 250


async def test_stopping_in_the_middle_and_starting_again_loses_nothing(world: World) -> None:
    await world.publish(*(started(n) for n in range(3_000)))
    seen = Seen()
    for _ in range(3):
        async with consuming(world, seen, window=4):
            await until_seen(seen, min(3_000, len(set(seen.ids)) + 200))
    async with consuming(world, seen, window=4):
        await until_seen(seen, 3_000)
    assert set(seen.ids) == {f"a{n}" for n in range(3_000)}


async def test_a_second_consumer_takes_over_half_and_nothing_is_lost(world: World) -> None:
    await world.publish(*(started(n) for n in range(1_000)))
    seen, other = Seen(), Seen()
    async with consuming(world, seen) as first:
        await until_seen(seen, 1_000)
        async with consuming(world, other) as second:
            await eventually(lambda: _is(len(first.progress) == 3 and len(second.progress) == 3), "a share for each")
            await world.publish(*(started(n) for n in range(1_000, 2_000)))
            await eventually(lambda: _is(len(set(seen.ids) | set(other.ids)) >= 2_000), "all events")
    assert set(seen.ids) | set(other.ids) == {f"a{n}" for n in range(2_000)}
    assert other.ids


async def _is(value: bool) -> bool:  # noqa: FBT001  what is waited for
    return value


def _value(number: int) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/x",
            "type": "learnwire.bulk-action.started.v1",
            "time": "2026-11-22T00:00:00Z",
            "data": {"action_id": f"a{number}", "started_at": "2026-11-22T00:00:00Z"},
        }
    ).encode()
