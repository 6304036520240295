"""Facts to their handler: back off while a dependency is down, narrow an unexpected error down to its record."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from shared import metrics
from shared.consumer.facts import Fact, Handler
from shared.dead_letters import DeadLetter
from shared.failures import Rejected, Unavailable
from shared.unavailable import as_unavailable

log = structlog.stdlib.get_logger()

TRIES = 3
"""Calls with a single record before it goes to dead letters as `unexpected`."""
FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0


class Abandoned(Exception):  # noqa: N818  a signal between two of our own functions
    """The batch is no longer ours: its partitions were taken away, or we are stopping."""


class Row(Protocol):
    """One partition's row of unexpected errors (`Breaker`)."""

    def handled(self) -> None:
        """Count a record that went well."""
        ...

    def unexpected(self) -> bool:
        """Count one that did not; True where the partition must stand still."""
        ...


@dataclass(slots=True)
class Dependencies:
    """Which dependencies are down as far as consuming has noticed."""

    down: dict[str, str] = field(default_factory=dict[str, str])

    def note_down(self, error: Unavailable) -> None:
        """Note it, and say it once."""
        metrics.dependency_up.labels(error.dependency).set(0)
        if error.dependency not in self.down:
            log.warning(
                "dependency.lost",
                dependency=error.dependency,
                reason=error.reason,
                next_step="consuming waits and goes on by itself; see the runbook if it lasts",
            )
        self.down[error.dependency] = error.reason

    def note_up(self) -> None:
        """All that a handler needs has answered."""
        for name in list(self.down):
            metrics.dependency_up.labels(name).set(1)
            log.info("dependency.recovered", dependency=name)
            del self.down[name]


async def patiently(step: Callable[[], Awaitable[Any]], *, abandoned: asyncio.Event, dependencies: Dependencies) -> Any:
    """Do a step, again and again while a dependency is down. Raises `Abandoned`, and any other error as it is."""
    delay = FIRST_DELAY
    while True:
        if abandoned.is_set():
            raise Abandoned
        try:
            result = await step()
        except Exception as error:
            down = as_unavailable(error)
            if down is None:
                raise
            dependencies.note_down(down)
        else:
            dependencies.note_up()
            return result
        try:
            await asyncio.wait_for(abandoned.wait(), delay * random.uniform(0.5, 1))  # noqa: S311  jitter, not a secret
        except TimeoutError:
            delay = min(delay * 2, LONGEST_DELAY)


@dataclass(slots=True)
class Handled:
    """What became of a topic's facts. `stopped_at`: the offset from which a tripped partition stands still."""

    dead: list[DeadLetter] = field(default_factory=list[DeadLetter])
    stopped_at: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])


async def handle(
    handler: Handler,
    facts: Sequence[Fact[Any]],
    *,
    row_of: Callable[[str, int], Row],
    abandoned: asyncio.Event,
    dependencies: Dependencies,
) -> Handled:
    """Hand facts of one topic over; an unexpected error costs only the record that causes it.

    Raises `Abandoned`.
    """
    outcome = Handled()
    call = _call(handler, outcome, row_of=row_of, abandoned=abandoned, dependencies=dependencies)
    try:
        await call(facts)
    except Abandoned:
        raise
    except Exception as error:  # a bug of a handler must cost one record, not the topic
        log.warning(
            "batch.narrowed",
            records=len(facts),
            exc_info=error,
            next_step="the record that causes it is looked for by halving; see event.failed",
        )
    else:
        return outcome
    for (topic, partition), some in _by_partition(facts).items():
        stopped_at = await _narrow(call, some, outcome=outcome, row=row_of(topic, partition))
        if stopped_at is not None:
            outcome.stopped_at[topic, partition] = stopped_at
    return outcome


Call = Callable[[Sequence[Fact[Any]]], Awaitable[None]]


def _call(
    handler: Handler,
    outcome: Handled,
    *,
    row_of: Callable[[str, int], Row],
    abandoned: asyncio.Event,
    dependencies: Dependencies,
) -> Call:
    async def call(some: Sequence[Fact[Any]]) -> None:
        async def step() -> None:
            for each in await handler(some):
                outcome.dead.append(
                    DeadLetter(each.fact.record, each.reason, each.detail, event_type=each.fact.event.type)
                )

        await patiently(step, abandoned=abandoned, dependencies=dependencies)
        for each in some:
            row_of(each.record.topic, each.record.partition).handled()

    return call


async def _narrow(call: Call, facts: Sequence[Fact[Any]], *, outcome: Handled, row: Row) -> int | None:
    """Handle one partition's facts by halving; the offset after which the partition must stand still, or None."""
    try:
        await call(facts)
    except Abandoned:
        raise
    except Exception as error:  # noqa: BLE001  as in `handle`
        if len(facts) == 1:
            return await _single(call, facts[0], error, outcome=outcome, row=row)
    else:
        return None
    middle = len(facts) // 2
    stopped_at = await _narrow(call, facts[:middle], outcome=outcome, row=row)
    if stopped_at is not None:
        return stopped_at
    return await _narrow(call, facts[middle:], outcome=outcome, row=row)


async def _single(
    call: Call,
    fact: Fact[Any],
    error: Exception,
    *,
    outcome: Handled,
    row: Row,
) -> int | None:
    for _ in range(TRIES - 1):
        if isinstance(error, Rejected):
            break
        try:
            await call([fact])
        except Abandoned:
            raise
        except Exception as again:  # noqa: BLE001  as in `handle`
            error = again
        else:
            return None
    if isinstance(error, Rejected):
        outcome.dead.append(DeadLetter(fact.record, "refused", error.message, event_type=fact.event.type))
        row.handled()
        return None
    log.error(
        "event.failed",
        **fact.named,
        reason=type(error).__name__,
        exc_info=error,
        next_step="a bug of ours: mend it, deploy, then replay the dead letter",
    )
    outcome.dead.append(DeadLetter(fact.record, "unexpected", type(error).__name__, TRIES, fact.event.type))
    return fact.record.offset + 1 if row.unexpected() else None


def _by_partition(facts: Sequence[Fact[Any]]) -> dict[tuple[str, int], list[Fact[Any]]]:
    groups: dict[tuple[str, int], list[Fact[Any]]] = {}
    for each in facts:
        groups.setdefault((each.record.topic, each.record.partition), []).append(each)
    return groups
