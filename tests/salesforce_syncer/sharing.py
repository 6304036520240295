"""Learners of one portal who may have the same enrollment: their facts, and a store on a real MongoDB that takes them in."""

import asyncio
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from contracts import CourseDeleted, CourseRenamed, Envelope
from salesforce_syncer.domain import claims, learner, rows
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.rows import Derivation
from salesforce_syncer.store.tables import Tables
from shared.consumer import Fact as Told
from shared.kafka import Sender
from shared.mongo import Database, Document
from tests.salesforce_syncer.facts import PORTAL, Fact
from tests.shared.settings import some_settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERY = timedelta(minutes=15)
SHOWN = ("learner", "learner_id", "membership", "payload", "records", "contenders", "state")
NO_RECORD = cast("Any", None)


def of(learner_id: str, fact: Fact) -> Fact:
    """The same fact about another learner."""
    return Fact(fact.data.model_copy(update={"learner_id": learner_id}), fact.time)


class Killed(Exception):  # noqa: N818  what it is
    """The process has ended."""


@dataclass(frozen=True)
class Mortal(Derivation):
    """Derives, and may die when it has written and has not looked again."""

    luck: random.Random = field(default_factory=random.Random)
    deaths: float = 0.0

    async def _overtaken(self, learners: Collection[str], facts: Any) -> Sequence[str]:
        if self.luck.random() < self.deaths:
            raise Killed
        return await super()._overtaken(learners, facts)


@dataclass
class Replica:
    """One process of the syncer, as far as it takes facts in. Its sender has nothing to send."""

    database: Database
    folder: Path
    deaths: float = 0.0
    luck: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.tables = Tables.of(self.database)
        derivation = Mortal(self.tables, True, EVERY, self.luck, self.deaths)  # noqa: FBT003  as it is
        self.store = FactStore(self.tables, derivation, Sender(some_settings(self.folder)), lambda: NOW)

    async def take(self, *facts: Fact) -> None:
        """Take facts in as one batch; killed, they come again."""
        while True:
            try:
                return await self._take(facts)
            except Killed:
                await asyncio.sleep(0)  # others go on meanwhile

    async def _take(self, facts: Sequence[Fact]) -> None:
        learners: dict[str, list[Told[Any]]] = {}
        courses: dict[str, list[Told[Any]]] = {}
        for each in facts:
            group = courses if isinstance(each.data, CourseRenamed | CourseDeleted) else learners
            told = Told(Envelope.of(each.data, source="/lms/acme", time=each.time), NO_RECORD)
            group.setdefault(each.data.key(), []).append(told)
        await self.store.learners(learners)
        await self.store.courses(courses)

    async def row(self, row_id: str) -> Document | None:
        return await self.tables.rows.find_one({"_id": row_id})

    async def rows(self) -> dict[str, dict[str, Any]]:
        """The rows that Salesforce should hold, without what tells how they came to be."""
        return _shown([each async for each in self.tables.rows.find({})])

    async def has(self, row_id: str) -> tuple[str | None, bool]:
        """Whose a row is, and whether Salesforce should hold it."""
        found = await self.row(row_id) or {}
        return found.get("learner", "").removeprefix(f"{PORTAL}/") or None, not found.get("deleted", True)


def rows_of_all(facts: Sequence[Fact]) -> dict[str, dict[str, Any]]:
    """The rows after facts came one by one, each derived for its learner from the rows and facts there are by then."""
    learners: dict[str, Document] = {}
    held: dict[str, Document] = {}
    for fact in facts:
        key = fact.data.key()
        before = learners.get(key)
        portal_id, _, learner_id = key.partition("/")
        learners[key] = learner.fold(portal_id, learner_id, before, [fact]).document or before or {}
        while changed := _settled(key, learners, held):
            held |= changed
    return _shown(held.values())


def _settled(key: str, learners: Mapping[str, Document], held: Mapping[str, Document]) -> dict[str, Document]:
    wanted = {
        name: claims.by_id(rows.of_learner(learner.read(document), {}))
        for name, document in learners.items()
        if document
    }
    erased = {name for name, document in learners.items() if document.get("erased_at")}
    changed: dict[str, Document] = {}
    for row in held.keys() | wanted.get(key, {}).keys():
        named = claims.claimants(held.get(row, {})) | {key}
        asked = {each: wanted[each][row] for each in named if row in wanted.get(each, {})}
        if key in claims.claimants(held.get(row, {})) or key in asked:
            after = claims.settled(held.get(row), asked, derived=[key], erased=erased, now=NOW, every=EVERY)
            changed |= {row: after} if after is not None else {}
    return changed


def _shown(found: Iterable[Document]) -> dict[str, dict[str, Any]]:
    return {each["_id"]: {name: each.get(name) for name in SHOWN} for each in found if not each["deleted"]}
