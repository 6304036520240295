"""Desired rows derived from facts: whatever changed, whoever derives, the last word is that of the newest facts.

Nothing locks. A derivation reads the rows, then the facts, writes what differs, and then looks whether the facts are
still those that it read; if not, it derives again. So whoever writes from old facts finds out, and corrects himself; if
he dies before, his records come again (Kafka), or his documents still owe (the sweep).

A row that several learners' facts ask for follows from all of them (`domain.claims`), so it is derived from all of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from salesforce_syncer.domain import claims, course, learner, ledger, rows
from salesforce_syncer.domain.objects import PORTAL, row_id
from salesforce_syncer.domain.rows import Records, Row
from salesforce_syncer.store.tables import Tables
from shared.failures import Unavailable
from shared.mongo import BulkWriteError, Document, InsertOne, UpdateOne, only_duplicates
from shared.mongo import Collection as MongoCollection

log = structlog.stdlib.get_logger()

MOST_ROUNDS = 50
AT_ONCE = 250
"""Learners derived together."""
FACTS_AT_ONCE = 2_500
"""Of learners derived together: a fact, and the row that follows, take some 5 KB in memory."""
FEW = 20
"""Learners whose facts need not be counted first."""
KEPT_BY_THE_WRITER = frozenset(
    {"_id", "salesforce_id", "written", "in_doubt", "tries", "tries_of", "retry_at", "deleted_at", "resync"}
)


@dataclass(frozen=True, slots=True)
class Derivation:
    """How rows are derived here."""

    tables: Tables
    mirror_go1: bool
    accessed_every: timedelta

    async def of_learners(self, keys: Sequence[str], *, now: datetime) -> None:
        """Derive the rows of learners, given as `{portal_id}/{learner_id}`."""
        for some in await self._portions(keys):
            left: Collection[str] = some
            for _ in range(MOST_ROUNDS):
                left = await self._derived(sorted(left), now)
                if not left:
                    break
            else:
                raise Unavailable("mongodb", "rows are contended")

    async def _portions(self, keys: Sequence[str]) -> Sequence[Sequence[str]]:
        """Cut learners into portions that memory has room for."""
        if len(keys) <= FEW:
            return [keys]
        asked = self.tables.learners.find({"_id": {"$in": list(keys)}}, {"facts": {"$size": "$facts"}})
        return portions(keys, {each["_id"]: each["facts"] async for each in asked})

    async def _derived(self, keys: Sequence[str], now: datetime) -> Collection[str]:
        """Derive once; the learners to be derived again: what was read changed meanwhile, or a row changed hands."""
        read = await self._read(keys)
        erased = read.facts.erased()
        writes: list[InsertOne[Document] | UpdateOne] = []
        concerned: set[str] = set()
        moved: set[str] = set()
        contested = 0
        for row in dict.fromkeys([*read.held, *read.asked]):
            before, asked = read.held.get(row), read.asked.get(row, {})
            after = claims.settled(before, asked, derived=keys, erased=erased, now=now, every=self.accessed_every)
            if after is None:
                continue
            writes.append(_write(before, after))
            learners = {*asked, *claims.claimants(before or {}), *claims.claimants(after)}
            concerned |= learners
            moved |= learners if len(learners) > 1 else set()
            contested += len(asked) > 1 and claims.claimants(after) != claims.claimants(before or {})
        if not writes:
            return ()
        if not await _saved(self.tables.rows, writes):
            return keys
        if contested:
            log.warning(
                "rows.contested",
                rows=contested,
                reason="several learners have an enrollment of one id; the one of the greater version is shown",
                next_step="none if the others give it up soon; else its publisher gives one id to several enrollments",
            )
        return {*await self._overtaken(concerned, read.facts), *moved.intersection(keys)}

    async def _read(self, keys: Sequence[str]) -> "_Read":
        """Read rows, then facts: of these learners, and of whoever else has, or asks for, a row that is theirs to have."""
        held = await self._rows({"$or": [{"learner": {"$in": list(keys)}}, {"contenders": {"$in": list(keys)}}]})
        facts = await self._facts_of(keys)
        asked = facts.asked(keys, mirror_go1=self.mirror_go1)
        new = [each for each in asked if each not in held]
        held |= await self._rows({"_id": {"$in": new}}) if new else {}
        rivals = sorted({each for row in held.values() for each in claims.claimants(row)}.difference(keys))
        if rivals:
            facts = facts.beside(await self._facts_of(rivals))
            asked = facts.asked([*keys, *rivals], mirror_go1=self.mirror_go1, only=held.keys() | asked.keys())
        return _Read(held, facts, asked)

    async def _rows(self, asked: Mapping[str, Any]) -> dict[str, Document]:
        return {each["_id"]: each async for each in self.tables.rows.find(dict(asked))}

    async def _facts_of(self, keys: Sequence[str]) -> "_Facts":
        documents = {each["_id"]: each async for each in self.tables.learners.find({"_id": {"$in": list(keys)}})}
        wanted = {f"{each['portal_id']}/{name}" for each in documents.values() for name in each["courses"]}
        courses = {each["_id"]: each async for each in self.tables.courses.find({"_id": {"$in": sorted(wanted)}})}
        touched = {
            each["id"] for document in documents.values() for each in document["facts"] if each["kind"] == "touched"
        }
        records = await self.records(touched)
        return _Facts(documents, courses, records)

    async def records(self, ids: Iterable[str]) -> Records:
        """Return what is known of merged and deleted records among these."""
        merged: dict[str, str] = {}
        gone: set[str] = set()
        async for each in self.tables.records.find({"_id": {"$in": sorted(ids)}}):
            if each.get("master"):
                merged[each["_id"]] = each["master"]
            if each.get("gone"):
                gone.add(each["_id"] if not each.get("master") else each["master"])
        return Records(merged, frozenset(gone))

    async def _overtaken(self, learners: Collection[str], facts: "_Facts") -> Sequence[str]:
        keys = [each for each in learners if each in facts.learners]
        newest = {
            each["_id"]: each["revision"]
            async for each in self.tables.learners.find({"_id": {"$in": list(keys)}}, {"revision": 1})
        }
        courses = {
            each["_id"]: each["revision"]
            async for each in self.tables.courses.find({"_id": {"$in": facts.course_ids(keys)}}, {"revision": 1})
        }
        return [key for key in keys if facts.overtaken(key, newest.get(key), courses)]

    async def of_portals(self, portal_ids: Sequence[str], *, now: datetime) -> None:
        """Derive the rows of portals."""
        for _ in range(MOST_ROUNDS):
            held = await self._rows({"_id": {"$in": [row_id(PORTAL, each) for each in portal_ids]}})
            facts = {each["_id"]: each async for each in self.tables.portals.find({"_id": {"$in": list(portal_ids)}})}
            changes: list[InsertOne[Document] | UpdateOne] = []
            for row in [rows.of_portal(each["data"]) for each in facts.values()]:
                before = held.get(row.id)
                after = ledger.desired(before, row, now=now, every=self.accessed_every)
                changes += [_write(before, after)] if after is not None else []
            if not changes:
                return
            await _saved(self.tables.rows, changes)
        raise Unavailable("mongodb", "rows are contended")


def portions(keys: Sequence[str], facts: Mapping[str, int]) -> Sequence[Sequence[str]]:
    """Cut learners with so many facts, in their order: a portion has `AT_ONCE` of them, or `FACTS_AT_ONCE` facts, or one."""
    cut: list[list[str]] = []
    room = 0
    for key in keys:
        if not cut or len(cut[-1]) == AT_ONCE or facts.get(key, 0) > room:
            cut.append([])
            room = FACTS_AT_ONCE
        cut[-1].append(key)
        room -= facts.get(key, 0)
    return cut


@dataclass(frozen=True, slots=True)
class _Facts:
    learners: Mapping[str, Document]
    course_documents: Mapping[str, Document]
    records: Records

    def beside(self, others: "_Facts") -> "_Facts":
        """Return these facts with those of others; what both have stands as it was read first."""
        return _Facts(
            {**others.learners, **self.learners},
            {**others.course_documents, **self.course_documents},
            Records({**others.records.merged, **self.records.merged}, {*others.records.gone, *self.records.gone}),
        )

    def erased(self) -> Collection[str]:
        return {key for key, each in self.learners.items() if each.get("erased_at") is not None}

    def asked(
        self, keys: Iterable[str], *, mirror_go1: bool, only: Collection[str] | None = None
    ) -> dict[str, dict[str, Row]]:
        """Return the rows that these learners' facts ask for (`only` some): by the row's id, by learner."""
        found: dict[str, dict[str, Row]] = {}
        for key in keys:
            if key not in self.learners:
                continue
            read = learner.read(self.learners[key])
            desired = rows.of_learner(read, self.courses_of(read), records=self.records, mirror_go1=mirror_go1)
            for name, row in claims.by_id(desired).items():
                if only is None or name in only:
                    found.setdefault(name, {})[key] = row
        return found

    def courses_of(self, read: learner.Learner) -> Mapping[str, course.Course]:
        documents = {name: self.course_documents.get(f"{read.portal_id}/{name}") for name in read.courses}
        return {name: course.read(each) for name, each in documents.items() if each is not None}

    def course_ids(self, keys: Sequence[str]) -> list[str]:
        return sorted(
            {f"{self.learners[key]['portal_id']}/{name}" for key in keys for name in self.learners[key]["courses"]}
        )

    def overtaken(self, key: str, revision: int | None, courses: Mapping[str, int]) -> bool:
        if revision != self.learners[key]["revision"]:
            return True
        return any(
            courses.get(each) != self.course_documents.get(each, {}).get("revision") for each in self.course_ids([key])
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a derivation works from."""

    held: Mapping[str, Document]
    """Rows by their ids."""
    facts: _Facts
    asked: Mapping[str, Mapping[str, Row]]


def _write(before: Document | None, after: Document) -> InsertOne[Document] | UpdateOne:
    return InsertOne(after) if before is None else _update(before, after)


def _update(before: Document, after: Document) -> UpdateOne:
    """Guarded by what was read; what the writer keeps in the same document is left alone.

    A whole request may have come and gone since: its mark is gone again, but not what was answered.
    """
    ours = {name: value for name, value in after.items() if name not in KEPT_BY_THE_WRITER}
    gone = {name: "" for name in before if name not in after and name not in KEPT_BY_THE_WRITER}
    written: Mapping[str, Any] = before.get("written") or {}
    guard: Document = {
        "_id": before["_id"],
        "version": before["version"],
        "in_doubt": before.get("in_doubt"),
        "salesforce_id": before.get("salesforce_id"),
        "written.at": written.get("at"),
    }
    forgotten = {"retry_at": "", "tries": "", "tries_of": ""} | gone  # new content is tried at once
    return UpdateOne(guard, {"$set": ours, "$unset": forgotten})


async def _saved(collection: MongoCollection, writes: Sequence[InsertOne[Document] | UpdateOne]) -> bool:
    """Write all; False where somebody else was faster with any of them."""
    try:
        result = await collection.bulk_write(list(writes), ordered=False)
    except BulkWriteError as error:
        only_duplicates(error)
        return False
    return result.matched_count + result.inserted_count == len(writes)
