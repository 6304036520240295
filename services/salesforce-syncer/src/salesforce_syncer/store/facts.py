"""Facts in: folded into the documents of learners, courses and portals; what follows from them is settled at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import structlog

from salesforce_syncer.domain import course, learner, portal
from salesforce_syncer.domain.learner import Folded
from salesforce_syncer.store.rows import AT_ONCE, Derivation
from salesforce_syncer.store.tables import Tables
from shared import metrics
from shared.consumer import Fact
from shared.kafka import Sender
from shared.mongo import Document
from shared.outbox import Outbox
from shared.things import fold_into

log = structlog.stdlib.get_logger()

Facts = Mapping[str, Sequence[Fact[Any]]]
"""Facts by the key of their thing."""


@dataclass(frozen=True, slots=True)
class _Nothing:
    """No events follow from a document of ours."""

    def __call__(self, _: Document) -> Sequence[Any]:
        return ()


class FactStore:
    """Keeps facts and sees to the rows that follow."""

    def __init__(self, tables: Tables, derivation: Derivation, sender: Sender, clock: Callable[[], datetime]) -> None:
        self._tables = tables
        self._derivation = derivation
        self._clock = clock
        self.outboxes = {
            "learners": Outbox(tables.learners, sender, _Nothing(), self._rows_of_learners, clock=clock),
            "courses": Outbox(tables.courses, sender, _Nothing(), self._rows_of_courses, clock=clock),
            "portals": Outbox(tables.portals, sender, _Nothing(), self._rows_of_portals, clock=clock),
        }

    async def prepare(self) -> None:
        await self._tables.prepare()
        for outbox in self.outboxes.values():
            await outbox.prepare()

    async def learners(self, facts: Facts) -> None:
        """Take in facts of learners, by `{portal_id}/{learner_id}`; some learners at a time, for memory's sake."""
        left = iter(facts.items())
        while some := dict(islice(left, AT_ONCE)):
            await self._some_learners(some)

    async def _some_learners(self, facts: Facts) -> None:
        def fold(key: str, before: Document | None, new: Sequence[Fact[Any]]) -> Document | None:
            portal_id, _, learner_id = key.partition("/")
            return _noted(learner.fold(portal_id, learner_id, before, new), new)

        changed = await fold_into(self._tables.learners, facts, fold, shape=learner.SHAPE, now=self._clock())
        await self.outboxes["learners"].settle(changed)
        known = {each["_id"] for each in changed}
        # A record that comes again may be one whose first deriver died halfway, working from facts already old.
        await self._derivation.of_learners([key for key in facts if key not in known], now=self._clock())

    async def courses(self, facts: Facts) -> None:
        """Take in facts of courses, by `{portal_id}/{course_id}`."""

        def fold(key: str, before: Document | None, new: Sequence[Fact[Any]]) -> Document | None:
            portal_id, _, course_id = key.partition("/")
            return _noted(course.fold(portal_id, course_id, before, new), new)

        changed = await fold_into(self._tables.courses, facts, fold, shape=course.SHAPE, now=self._clock())
        await self.outboxes["courses"].settle(changed)

    async def portals(self, facts: Facts) -> None:
        """Take in facts of portals, by `portal_id`."""

        def fold(key: str, before: Document | None, new: Sequence[Fact[Any]]) -> Document | None:
            return _noted(portal.fold(key, before, new), new)

        changed = await fold_into(self._tables.portals, facts, fold, shape=portal.SHAPE, now=self._clock())
        await self.outboxes["portals"].settle(changed)

    async def rederive(self, keys: Sequence[str]) -> None:
        """Derive rows anew where something but the facts has changed: a record was merged, or is gone."""
        await self._derivation.of_learners(keys, now=self._clock())

    async def rederive_all(self, asked: Mapping[str, Any]) -> None:
        """Derive for all learners that this asks for, some at a time."""
        keys: list[str] = []
        async for each in self._tables.learners.find(dict(asked), {"_id": 1}):
            keys.append(each["_id"])
            if len(keys) == AT_ONCE:
                await self._derivation.of_learners(keys, now=self._clock())
                keys = []
        await self._derivation.of_learners(keys, now=self._clock())

    async def _rows_of_learners(self, documents: Sequence[Document]) -> None:
        await self._derivation.of_learners([each["_id"] for each in documents], now=self._clock())

    async def _rows_of_courses(self, documents: Sequence[Document]) -> None:
        """Derive for everybody on these courses."""
        for document in documents:
            await self.rederive_all({"portal_id": document["portal_id"], "courses": document["course_id"]})

    async def _rows_of_portals(self, documents: Sequence[Document]) -> None:
        await self._derivation.of_portals([each["_id"] for each in documents], now=self._clock())


def _noted(folded: Folded, new: Sequence[Fact[Any]]) -> Document | None:
    if folded.conflicts:
        event = new[-1].event
        metrics.conflicts.labels(event.type).inc(folded.conflicts)
        log.warning(
            "event.conflict",
            event_type=event.type,
            event_id=event.id,
            event_source=event.source,
            conflicts=folded.conflicts,
            reason="two facts of one version say different things; the greater one stands",
            next_step="tell the publisher to raise the version with every change",
        )
    return folded.document
