"""Facts in from Kafka: each topic's batch, grouped by the thing that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.catalog import ATTEMPTS, CATALOG, COMMANDS, ENROLLMENTS, LEARNERS, PORTALS
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.resyncs import Resyncs
from shared.consumer import Fact, Handler, Refusal

Batch = Sequence[Fact[Any]]


def handlers(facts: FactStore, resyncs: Resyncs) -> Mapping[str, Handler]:
    async def of_learners(batch: Batch) -> Sequence[Refusal]:
        await facts.learners(_grouped(batch))
        return ()

    async def of_courses(batch: Batch) -> Sequence[Refusal]:
        await facts.courses(_grouped(batch))
        return ()

    async def of_portals(batch: Batch) -> Sequence[Refusal]:
        await facts.portals(_grouped(batch))
        return ()

    async def commands(batch: Batch) -> Sequence[Refusal]:
        await resyncs.take([(each.data, each.cause) for each in batch])
        return ()

    return {
        PORTALS: of_portals,
        LEARNERS: of_learners,
        ENROLLMENTS: of_learners,
        CATALOG: of_courses,
        ATTEMPTS: of_learners,
        COMMANDS: commands,
    }


def _grouped(batch: Batch) -> dict[str, list[Fact[Any]]]:
    groups: dict[str, list[Fact[Any]]] = {}
    for each in batch:
        groups.setdefault(each.data.key(), []).append(each)
    return groups
