"""One batch on its way: decode, handle, set aside. What it may commit comes out."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from logging import DEBUG
from typing import Any

import structlog

from contracts.event import Event
from shared import metrics, tracing
from shared.consumer.breaker import Breaker
from shared.consumer.facts import Handler, InOrder, Things
from shared.consumer.handling import Dependencies, handle, patiently
from shared.consumer.offsets import Slice
from shared.consumer.sorting import Sorted, by_partition
from shared.consumer.turns import Turns
from shared.dead_letters import DeadLetter, Raw, as_record
from shared.kafka import Sender

log = structlog.stdlib.get_logger()

TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Work:
    """What a service wants done: its events, its handlers (by topic without prefix), where its dead letters go."""

    service: str
    version: str
    reads: Mapping[str, type[Event]]
    handlers: Mapping[str, Handler]
    dead_letter_topic: str
    topic_prefix: str
    clock: Callable[[], datetime]
    in_order: InOrder = field(default_factory=dict[str, Things])


@dataclass(slots=True, eq=False)
class Batch:
    """Records taken together; `abandoned` is set when they are no longer ours to finish."""

    records: Sequence[Raw]
    slices: dict[TopicPartition, Slice]
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


@dataclass(slots=True)
class Halt:
    """Partitions that stand still because too much failed on them, and why."""

    reasons: dict[TopicPartition, str] = field(default_factory=dict[TopicPartition, str])

    def stop(self, partition: TopicPartition, *, offset: int, reason: str) -> None:
        """Stand still from this offset on, and say so once."""
        if partition in self.reasons:
            return
        self.reasons[partition] = reason
        metrics.open_breakers.set(len(self.reasons))
        log.error(
            "breaker.opened",
            topic=partition[0],
            partition=partition[1],
            offset=offset,
            reason=reason,
            next_step="look at the newest dead letters; after the mend restart the service: it goes on where it stopped",
        )


async def process(
    batch: Batch,
    work: Work,
    *,
    sender: Sender,
    breakers: Mapping[TopicPartition, Breaker],
    halt: Halt,
    dependencies: Dependencies,
    turns: Turns,
) -> dict[TopicPartition, int]:
    """Take a batch through; what a partition may commit if it is less than its slice. Raises `Abandoned`."""
    begun = time.perf_counter()
    cut: dict[TopicPartition, int] = {}
    sorted_ = _sort(batch, work, breakers, cut)
    for partition, offset in cut.items():
        halt.stop(partition, offset=offset, reason="too many invalid records")
    # Nothing is waited for until here, so that batches stand in the order in which they were read.
    with turns.stand(_things(sorted_, work.in_order)) as turn:
        await turn.come()
        await _take_through(
            batch, work, sorted_, cut, begun, sender=sender, breakers=breakers, halt=halt, dependencies=dependencies
        )
    return cut


def _things(sorted_: Sorted, in_order: InOrder) -> AbstractSet[Hashable]:
    return {
        (topic, thing) for topic, of in in_order.items() for each in sorted_.facts.get(topic, ()) for thing in of(each)
    }


async def _take_through(
    batch: Batch,
    work: Work,
    sorted_: Sorted,
    cut: dict[TopicPartition, int],
    begun: float,
    *,
    sender: Sender,
    breakers: Mapping[TopicPartition, Breaker],
    halt: Halt,
    dependencies: Dependencies,
) -> None:
    facts = sorted_.count
    types = Counter(each.event.type for some in sorted_.facts.values() for each in some)
    traceparents = _traceparents(sorted_) if tracing.current() is not None else ()
    dead: list[DeadLetter] = []
    for topic, some in sorted_.facts.items():
        if not some:
            continue
        outcome = await handle(
            work.handlers[topic],
            some,
            row_of=lambda name, number: breakers[name, number],
            abandoned=batch.abandoned,
            dependencies=dependencies,
        )
        dead += outcome.dead
        for partition, offset in outcome.stopped_at.items():
            halt.stop(partition, offset=offset, reason="unexpected errors in a row")
            cut[partition] = min(offset, cut.get(partition, offset))
    for partition, offset in cut.items():
        sorted_.without(*partition, offset)
    if log.is_enabled_for(DEBUG):
        _tell_each(sorted_, dead)
    dead += sorted_.dead
    await _set_aside(dead, batch, work, sender, dependencies)
    seconds = time.perf_counter() - begun
    _account(batch, sorted_, types, dead, facts=facts, seconds=seconds, now=work.clock())
    if (traces := tracing.current()) is not None:
        counts = {
            "messaging.batch.message_count": len(batch.records),
            "learnwire.handled": facts,
            "learnwire.skipped": sorted_.skipped,
            "learnwire.dead_lettered": len(dead),
        }
        traces.batch(seconds=seconds, traceparents=traceparents, attributes=counts)


def _tell_each(sorted_: Sorted, refused: Sequence[DeadLetter]) -> None:
    """Log a line for each event: only for who looks for something, it costs more than handling."""
    aside = {id(each.record) for each in refused}
    for fact in (each for some in sorted_.facts.values() for each in some):
        log.debug("event.handled", **fact.named, outcome="dead_lettered" if id(fact.record) in aside else "handled")


def _traceparents(sorted_: Sorted) -> list[str]:
    every = (each.event.traceparent for some in sorted_.facts.values() for each in some)
    return [each for each in every if each is not None]


def _sort(
    batch: Batch, work: Work, breakers: Mapping[TopicPartition, Breaker], cut: dict[TopicPartition, int]
) -> Sorted:
    sorted_ = Sorted()
    for partition, records in by_partition(batch.records).items():
        judge = breakers[partition].judge
        topic = partition[0].removeprefix(work.topic_prefix)
        for raw in records:
            good = sorted_.outcome_of(raw, work.reads, topic)
            if judge(good=good):
                cut[partition] = raw.offset
                break
    for partition, offset in cut.items():
        sorted_.without(*partition, offset)
    return sorted_


async def _set_aside(
    dead: Sequence[DeadLetter], batch: Batch, work: Work, sender: Sender, dependencies: Dependencies
) -> None:
    if not dead:
        return
    now = work.clock()
    records = [
        as_record(each, topic=work.dead_letter_topic, service=work.service, version=work.version, now=now)
        for each in dead
    ]

    async def step() -> None:
        await sender.send_records(records)

    await patiently(step, abandoned=batch.abandoned, dependencies=dependencies)
    for each in dead:
        metrics.dead_letters.labels(each.reason).inc()
        log.warning(
            "event.dead_lettered",
            topic=each.record.topic,
            partition=each.record.partition,
            offset=each.record.offset,
            event_type=each.event_type,
            reason=each.reason,
            detail=each.detail,
            next_step="tell its publisher; after the mend: learnwire dead-letters replay",
        )


def _account(
    batch: Batch,
    sorted_: Sorted,
    types: Mapping[str, int],
    dead: Sequence[DeadLetter],
    *,
    facts: int,
    seconds: float,
    now: datetime,
) -> None:
    for event_type, count in types.items():
        metrics.events.labels(event_type, "handled").inc(count)
    if sorted_.skipped:
        metrics.events.labels("unknown", "skipped").inc(sorted_.skipped)
    for event_type, count in Counter(each.event_type for each in dead).items():
        metrics.events.labels(event_type, "dead_lettered").inc(count)
    if sorted_.mis_keyed:
        metrics.mis_keyed.inc(sorted_.mis_keyed)
    for name in sorted_.dropped:
        metrics.dropped_attributes.labels(name).inc()
    metrics.processing.observe(seconds)
    oldest = min(each.timestamp for each in batch.records)
    metrics.end_to_end.observe(max(0.0, now.timestamp() - oldest / 1000))
    metrics.last_progress.set(now.timestamp())
    counts: dict[str, Any] = {"skipped": sorted_.skipped, "dead_lettered": len(dead), "mis_keyed": sorted_.mis_keyed}
    log.info(
        "batch.handled",
        records=len(batch.records),
        handled=facts,
        **{name: count for name, count in counts.items() if count},
        partitions=len(batch.slices),
        duration_ms=round(seconds * 1000, 1),
    )
