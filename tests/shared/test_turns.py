"""Where order matters, facts of one thing are handled in the order in which they were read, whatever else is waited for."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from action_logger.handlers import FIRST_STAYS
from contracts import ContentActionRecorded, Envelope, LearnerErased
from contracts.catalog import CONTENT_ACTIONS, LEARNERS, reads
from contracts.event import Event
from contracts.wire import encode
from shared.consumer import Fact, Refusal, Work
from shared.consumer.batch import Batch, Halt, process
from shared.consumer.breaker import Breaker
from shared.consumer.handling import Abandoned, Dependencies
from shared.consumer.offsets import Slice
from shared.consumer.turns import Turns
from shared.dead_letters import Raw
from shared.failures import Unavailable
from shared.kafka import Sender
from tests.shared.settings import some_settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PARTITIONS = [(CONTENT_ACTIONS, 0), (LEARNERS, 0)]


def an_action(event_id: str, title: str) -> Envelope[Event]:
    data = ContentActionRecorded(
        email="ada@example.org",
        content_type="course",
        content_title=title,
        type="status_change",
        source="course_started",
        timestamp=NOW,
    )
    return Envelope.of(data, source="/lms/acme", id=event_id, time=NOW)


def an_erasure() -> Envelope[Event]:
    return Envelope.of(LearnerErased(portal_id="acme", learner_id="l1", erased_at=NOW), source="/lms/acme", time=NOW)


class Line:
    """A consumer's batches without its Kafka: taken through as it does it, each a task of its own."""

    def __init__(self, folder: Path) -> None:
        self.titles: list[str] = []
        self.erasing, self.erased = asyncio.Event(), asyncio.Event()
        self.down = 0
        self._sender = Sender(some_settings(folder))
        self._turns, self._dependencies, self._offset = Turns(), Dependencies(), 0
        handlers = {CONTENT_ACTIONS: self._actions, LEARNERS: self._learners}
        self._work = Work("action-logger", "1", reads("action-logger"), handlers, "dead", "", lambda: NOW, FIRST_STAYS)

    async def _learners(self, _: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        self.erasing.set()
        await self.erased.wait()
        return ()

    async def _actions(self, facts: Sequence[Fact[Any]]) -> Sequence[Refusal]:
        if self.down:
            self.down -= 1
            raise Unavailable("mongodb", "no primary")
        self.titles += [each.data.content_title for each in facts]
        return ()

    def take(self, *events: Envelope[Event]) -> tuple[Batch, "asyncio.Task[Any]"]:
        batch = Batch([self._raw(each) for each in events], {each: Slice(0, 1) for each in PARTITIONS})
        handling = process(
            batch,
            self._work,
            sender=self._sender,
            breakers={each: Breaker(in_a_row=10, percent=20) for each in PARTITIONS},
            halt=Halt(),
            dependencies=self._dependencies,
            turns=self._turns,
        )
        return batch, asyncio.create_task(handling)

    def _raw(self, event: Envelope[Event]) -> Raw:
        record = encode(event)
        self._offset += 1
        return Raw(
            topic=record.topic,
            partition=0,
            offset=self._offset,
            timestamp=0,
            timestamp_type=0,
            key=record.key,
            value=record.value,
            checksum=None,
            serialized_key_size=-1,
            serialized_value_size=-1,
            headers=tuple(record.headers),
        )


async def test_a_fact_waits_for_an_earlier_one_of_its_thing_whose_batch_is_busy_with_another_topic(
    tmp_path: Path,
) -> None:
    line = Line(tmp_path)
    _, first = line.take(an_erasure(), an_action("e1", "first"))
    _, other = line.take(an_action("e1", "second"))
    _, third = line.take(an_action("e2", "of another thing"))
    await line.erasing.wait()
    await third
    assert line.titles == ["of another thing"]
    line.erased.set()
    await asyncio.gather(first, other)
    assert line.titles == ["of another thing", "first", "second"]


async def test_a_fact_waits_for_an_earlier_one_that_is_tried_again(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.down = 1
    _, first = line.take(an_action("e1", "first"))
    _, other = line.take(an_action("e1", "second"))
    await asyncio.gather(first, other)
    assert line.titles == ["first", "second"]


async def test_where_an_earlier_fact_is_given_up_the_later_one_is_given_up_too(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.down = 1_000
    batch, first = line.take(an_action("e1", "first"))
    _, other = line.take(an_action("e1", "second"))
    await asyncio.sleep(0)  # both stand in line
    batch.abandoned.set()
    for each in (first, other):
        with pytest.raises(Abandoned):
            await each
    line.down = 0
    _, again = line.take(an_action("e1", "first"))
    _, last = line.take(an_action("e1", "second"))
    await asyncio.gather(again, last)
    assert line.titles == ["first", "second"]
