"""Attempt groups: facts in, attempts out, `attempt.changed` published."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.attempts import AttemptChanged, Why
from contracts.envelope import Envelope
from contracts.event import EventRef
from contracts.go1 import EntryPoint
from go1_stats_processor.domain.facts import Fact, Facts, Gone, with_facts
from go1_stats_processor.domain.groups import NUMBERS, republished
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.store.documents import facts_of, key, of_facts
from shared.kafka import Sender
from shared.mongo import ASCENDING, Collection, Database, Document
from shared.outbox import Outbox
from shared.things import fold_into

SHAPE = 1
GroupKey = tuple[str, str, str]
"""Portal, learner, course."""
_TOLD = tuple(name for name in NUMBERS if name not in {"entry_kind", "entry_id"})
TRACE = ("correlationid", "causationid", "traceparent", "tracestate")


class Groups:
    """One document per portal, learner and course."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        show: Callable[[Sequence[Document]], Awaitable[None]],
        *,
        source: str,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self.collection: Collection = database["groups"]
        self._source = source
        self._rules = rules
        self._clock = clock
        self.outbox = Outbox(self.collection, sender, self._events, show, clock=clock)

    async def prepare(self) -> None:
        await self.outbox.prepare()
        await self.collection.create_index([("portal_id", ASCENDING), ("learner_id", ASCENDING)], name="learner")

    async def take(
        self,
        facts: Mapping[GroupKey, Sequence[Fact]],
        *,
        titles: Mapping[str, str],
        causes: Mapping[GroupKey, Mapping[str, Any]],
    ) -> None:
        """Take facts in and publish what they change."""
        now = self._clock()
        keys = {key(*each): each for each in facts}

        def fold(document_id: str, before: Document | None, new: Sequence[Fact]) -> Document | None:
            known = facts_of(before)
            after = with_facts(known, new)
            if after == known or (before is None and all(isinstance(each, Gone) for each in new)):
                return None
            group = keys[document_id]
            return {
                **self._folded(group, before, after, titles=titles, cause=causes.get(group), now=now),
                **of_facts(after),
            }

        await self._save({document_id: facts[each] for document_id, each in keys.items()}, fold, now)

    async def refold(self, documents: Sequence[Document], titles: Mapping[str, str], *, dry_run: bool) -> int:
        """Fold what is kept again; the number of attempts that change. A dry run only counts."""
        now = self._clock()
        changed = 0

        def again(_: str, before: Document | None, _new: Sequence[Fact]) -> Document | None:
            if before is None:
                return None
            group = (before["portal_id"], before["learner_id"], before["course_id"])
            after = self._folded(group, before, facts_of(before), titles=titles, cause=before.get("cause"), now=now)
            return None if after["attempts"] == before["attempts"] else {**before, **after}

        for each in documents:
            after = again("", each, ())
            changed += 0 if after is None else sum(one not in each["attempts"] for one in after["attempts"])
        if changed and not dry_run:
            await self._save({each["_id"]: () for each in documents}, again, now)
        return changed

    async def _save(
        self,
        facts: Mapping[str, Sequence[Fact]],
        fold: Callable[[str, Document | None, Sequence[Fact]], Document | None],
        now: datetime,
    ) -> None:
        await self.outbox.settle(await fold_into(self.collection, facts, fold, shape=SHAPE, now=now))

    def _folded(
        self,
        group: GroupKey,
        before: Document | None,
        facts: Facts,
        *,
        titles: Mapping[str, str],
        cause: Mapping[str, Any] | None,
        now: datetime,
    ) -> Document:
        earlier: Document = before or {}
        fresh = republished(earlier.get("attempts", ()), facts, self._rules, course_title=titles.get(group[2]), now=now)
        owed: list[str] = earlier.get("owes", [])
        return {
            "portal_id": group[0],
            "learner_id": group[1],
            "course_id": group[2],
            "attempts": list(fresh.attempts),
            "cause": cause if fresh.changed else earlier.get("cause"),
            "owes": [*owed, *(each for each in fresh.changed if each not in owed)],
        }

    async def published(self, row: Document) -> Document | None:
        """Return what stands behind a row: the attempt as published, with why and history."""
        group = await self.collection.find_one({"_id": key(row["portal_id"], row["learner_id"], row["course_id"])})
        found: list[Document] = [] if group is None else group["attempts"]
        return next((each for each in found if each["attempt_id"] == row["attempt_id"] and not each.get("gone")), None)

    def _events(self, document: Document) -> list[Envelope[AttemptChanged]]:
        owed = set(document["owes"])
        return [self._event(document, each) for each in document["attempts"] if each["attempt_id"] in owed]

    def _event(self, document: Document, attempt: Document) -> Envelope[AttemptChanged]:
        cause: Mapping[str, Any] = document.get("cause") or {}
        data = AttemptChanged(
            portal_id=document["portal_id"],
            learner_id=document["learner_id"],
            course_id=document["course_id"],
            attempt_id=attempt["attempt_id"],
            course_title=attempt["course_title"],
            entry_point=entry_point(attempt),
            version=attempt["version"],
            change=attempt["change"],
            why=tuple(map(why_of, attempt["why"])),
            **{name: attempt[name] for name in _TOLD},
        )
        return Envelope.of(
            data,
            source=self._source,
            id=_event_id(document["_id"], attempt),
            time=attempt["changed_at"],
            **{name: cause.get(name) for name in TRACE},
        )


def _event_id(group_id: str, attempt: Document) -> str:
    """Return an id made of what the event says: told again, it is the same event."""
    return hashlib.sha256(key(group_id, attempt["attempt_id"], str(attempt["version"])).encode()).hexdigest()[:32]


def entry_point(attempt: Mapping[str, Any]) -> EntryPoint | None:
    if attempt["entry_kind"] is None:
        return None
    return EntryPoint(kind=attempt["entry_kind"], id=attempt["entry_id"])


def why_of(document: Mapping[str, Any]) -> Why:
    """Return a rule as events and answers show it; made of what was checked when it came in."""
    return Why.model_construct(
        rule=document["rule"], inputs=document["inputs"], events=tuple(map(_event_ref, document["events"]))
    )


def _event_ref(text: str) -> EventRef:
    source, _, event_id = text.partition(" ")
    return EventRef.model_construct(source=source, id=event_id)
