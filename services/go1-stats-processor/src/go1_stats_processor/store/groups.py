"""Attempt groups: facts in, attempts out, `attempt.changed` published."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.types import instant
from contracts.wire import Record
from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.facts import Fact, Facts, Gone, with_facts
from go1_stats_processor.domain.groups import history_of, republished
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.store.debts import Debt, Debts, Revisions
from go1_stats_processor.store.documents import facts_of, key, of_facts, row, rules_of
from go1_stats_processor.store.telling import GONE, Whys, plain_why, record_of
from shared.kafka import Sender
from shared.mongo import ASCENDING, Collection, Database, Document
from shared.outbox import Outbox
from shared.things import fold_into

SHAPE = 2
"""1 kept `why`, facts and history with all their names, and `owes` of its own. It is read, and told by its own sweep."""
GroupKey = tuple[str, str, str]
"""Portal, learner, course."""
TOLD_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Written:
    """Groups as saved, and the debt that they are to be told. `whys`: as they were folded, by group."""

    debt: Debt
    groups: Sequence[Document]
    whys: Mapping[str, Whys] = field(default_factory=dict[str, Whys])


class Groups:
    """One document per portal, learner and course."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        show: Callable[[Sequence[Document], datetime], Awaitable[None]],
        *,
        source: str,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self.collection: Collection = database["groups"]
        self.debts = Debts(database, sender, self._tell_late, clock=clock)
        self.first_shape = Outbox(self.collection, sender, lambda _document: (), self._tell_first_shape, clock=clock)
        self._sender = sender
        self._telling = asyncio.Lock()
        self._show = show
        self._source = source
        self._rules = rules
        self._clock = clock

    async def prepare(self) -> None:
        await self.debts.prepare()
        await self.first_shape.prepare()
        await self.collection.create_index([("portal_id", ASCENDING), ("learner_id", ASCENDING)], name="learner")

    async def take(
        self,
        facts: Mapping[GroupKey, Sequence[Fact]],
        *,
        titles: Mapping[str, str],
        causes: Mapping[GroupKey, Mapping[str, Any]],
    ) -> Written | None:
        """Take facts in; what they change is owed to readers until `tell`. None where nothing was asked."""
        now = instant(self._clock())
        keys = {key(*each): each for each in facts}
        whys: dict[str, Whys] = {}

        def fold(document_id: str, before: Document | None, new: Sequence[Fact]) -> Document | None:
            whys.pop(document_id, None)
            known = facts_of(before)
            after = with_facts(known, new)
            if after == known or (before is None and all(isinstance(each, Gone) for each in new)):
                return None
            group = keys[document_id]
            folded, whys[document_id] = self._folded(
                group, before, after, titles=titles, cause=causes.get(group), now=now
            )
            return {**folded, **of_facts(after)}

        return await self._save({document_id: facts[each] for document_id, each in keys.items()}, fold, now, whys)

    async def tell(self, written: Written | None) -> None:
        """Fill the rows, publish, and strike the debt off; one after the other, in the order of asking."""
        if written is None:
            return
        async with self._telling:
            await self._tell(written.groups, written.debt.at, written.whys)
            await self.debts.strike(written.debt)

    async def of_learner(self, portal_id: str, learner_id: str) -> list[Document]:
        return [each async for each in self.collection.find({"portal_id": portal_id, "learner_id": learner_id})]

    async def refold(self, documents: Sequence[Document], titles: Mapping[str, str], *, dry_run: bool) -> int:
        """Fold what is kept again; the number of attempts that change. A dry run only counts."""
        now = instant(self._clock())
        changed = 0

        def again(_: str, before: Document | None, _new: Sequence[Fact]) -> Document | None:
            if before is None:
                return None
            group = (before["portal_id"], before["learner_id"], before["course_id"])
            cause = before.get("cause")
            after, _whys = self._folded(group, before, facts_of(before), titles=titles, cause=cause, now=now)
            return None if after.items() <= before.items() else {**before, **after}

        for each in documents:
            after = again("", each, ())
            known = {one["attempt_id"]: one["version"] for one in each["attempts"]}
            changed += sum(known.get(one["attempt_id"]) != one["version"] for one in (after or each)["attempts"])
        if not dry_run:
            await self.tell(await self._save({each["_id"]: () for each in documents}, again, now, {}))
        return changed

    async def _save(
        self,
        facts: Mapping[str, Sequence[Fact]],
        fold: Callable[[str, Document | None, Sequence[Fact]], Document | None],
        now: datetime,
        whys: Mapping[str, Whys],
    ) -> Written | None:
        if not facts:
            return None
        debt = await self.debts.note(facts, now)
        return Written(debt, await fold_into(self.collection, facts, fold, shape=SHAPE, now=now), whys)

    def _folded(
        self,
        group: GroupKey,
        before: Document | None,
        facts: Facts,
        *,
        titles: Mapping[str, str],
        cause: Mapping[str, Any] | None,
        now: datetime,
    ) -> tuple[Document, Whys]:
        earlier: Document = before or {}
        fresh = republished(earlier.get("attempts", ()), facts, self._rules, course_title=titles.get(group[2]), now=now)
        document = {
            "portal_id": group[0],
            "learner_id": group[1],
            "course_id": group[2],
            "attempts": list(fresh.attempts),
            "cause": cause if fresh.changed else earlier.get("cause"),
            "rules": row(self._rules),
        }
        if earlier.get("owes"):
            document["owes"] = earlier["owes"]  # of shape 1
        return document, fresh.why

    async def published(self, row: Document) -> Document | None:
        """Return what stands behind a row: the attempt as published, with why and history."""
        group = await self.collection.find_one({"_id": key(row["portal_id"], row["learner_id"], row["course_id"])})
        found: list[Document] = [] if group is None else group["attempts"]
        attempt = next(
            (each for each in found if each["attempt_id"] == row["attempt_id"] and not each.get("gone")), None
        )
        if group is None or attempt is None:
            return None
        why = self._whys(group).get(attempt["attempt_id"], ())
        return {**attempt, "why": plain_why(why), "history": history_of(attempt)}

    def _whys(self, group: Document) -> Whys:
        found = attempts(facts_of(group), rules_of(group, self._rules))
        return {each.attempt_id: each.why for each in found}

    def _records(self, group: Document, at: datetime, whys: Mapping[str, Whys]) -> list[Record]:
        owed = [each for each in group["attempts"] if each["changed_at"] >= at]
        if not owed:
            return []
        why = whys.get(group["_id"]) or self._whys(group)
        return [record_of(group, each, why.get(each["attempt_id"], GONE), source=self._source) for each in owed]

    async def _tell_late(self, debt: Debt, told: Revisions) -> Revisions:
        """Tell what a crash left untold, but for groups that were told in this state before; all that are told now."""
        found: dict[str, int] = {}
        for start in range(0, len(debt.groups), TOLD_AT_ONCE):
            page = {"_id": {"$in": list(debt.groups[start : start + TOLD_AT_ONCE])}}
            groups = [each async for each in self.collection.find(page)]
            await self._tell([each for each in groups if told.get(each["_id"]) != each["revision"]], debt.at, {})
            found |= {each["_id"]: each["revision"] for each in groups}
        return found

    async def _tell_first_shape(self, groups: Sequence[Document]) -> None:
        for each in groups:
            owed = [one["changed_at"] for one in each["attempts"] if one["attempt_id"] in each["owes"]]
            await self._tell([each], min(owed, default=self._clock()), {})

    async def _tell(self, groups: Sequence[Document], at: datetime, whys: Mapping[str, Whys]) -> None:
        await self._show(groups, at)
        await self._sender.send_encoded([record for each in groups for record in self._records(each, at, whys)])
