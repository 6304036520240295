"""Desired rows derived from facts: whatever changed, whoever derives, the last word is that of the newest facts.

Nothing locks. A derivation reads the rows, then the facts, writes what differs, and then looks whether the facts are
still those that it read; if not, it derives again. So whoever writes from old facts finds out, and corrects himself; if
he dies before, his records come again (Kafka), or his documents still owe (the sweep).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from salesforce_syncer.domain import course, learner, ledger, rows
from salesforce_syncer.domain.objects import PORTAL, row_id
from salesforce_syncer.domain.rows import Records, Row
from salesforce_syncer.store.tables import Tables
from shared.failures import Unavailable
from shared.mongo import BulkWriteError, Collection, Document, InsertOne, UpdateOne, only_duplicates

MOST_ROUNDS = 50
AT_ONCE = 250
"""Learners derived together: each comes with all his facts and rows, held in memory."""
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
        for start in range(0, len(keys), AT_ONCE):
            left: Sequence[str] = keys[start : start + AT_ONCE]
            for _ in range(MOST_ROUNDS):
                left = await self._derived(left, now)
                if not left:
                    break
            else:
                raise Unavailable("mongodb", "rows are contended")

    async def _derived(self, keys: Sequence[str], now: datetime) -> Sequence[str]:
        """Derive once; the keys whose facts changed meanwhile, or whose rows somebody else wrote."""
        held = await self._rows_of(keys)
        facts = await self._facts_of(keys)
        writes: list[InsertOne[Document] | UpdateOne] = []
        written: list[str] = []
        for key, document in facts.learners.items():
            read = learner.read(document)
            desired = rows.of_learner(read, facts.courses_of(read), records=facts.records, mirror_go1=self.mirror_go1)
            changes = differences(
                held.get(key, {}), desired, now=now, every=self.accessed_every, erased=read.erased_at is not None
            )
            if changes:
                written.append(key)
                writes += changes
        if writes and not await _saved(self.tables.rows, writes):
            return keys
        return await self._overtaken(written, facts) if writes else ()

    async def _rows_of(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Document]]:
        found: dict[str, dict[str, Document]] = {}
        async for each in self.tables.rows.find({"learner": {"$in": list(keys)}}):
            found.setdefault(each["learner"], {})[each["_id"]] = each
        return found

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

    async def _overtaken(self, keys: Sequence[str], facts: "_Facts") -> Sequence[str]:
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
            ids = [row_id(PORTAL, each) for each in portal_ids]
            held = {each["_id"]: each async for each in self.tables.rows.find({"_id": {"$in": ids}})}
            facts = {each["_id"]: each async for each in self.tables.portals.find({"_id": {"$in": list(portal_ids)}})}
            desired = [rows.of_portal(each["data"]) for each in facts.values()]
            changes = differences(held, desired, now=now, every=self.accessed_every, erased=False)
            if not changes:
                return
            await _saved(self.tables.rows, changes)
        raise Unavailable("mongodb", "rows are contended")


@dataclass(frozen=True, slots=True)
class _Facts:
    learners: Mapping[str, Document]
    course_documents: Mapping[str, Document]
    records: Records

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


def differences(
    held: Mapping[str, Document], desired: Iterable[Row], *, now: datetime, every: timedelta, erased: bool
) -> list[InsertOne[Document] | UpdateOne]:
    """Return the writes that make the documents held those of the desired rows."""
    writes: list[InsertOne[Document] | UpdateOne] = []
    kept: set[str] = set()
    for row in desired:
        kept.add(row.id)
        before = held.get(row.id)
        if before is None:
            writes.append(InsertOne(ledger.begun(row, now=now)))
        elif (after := ledger.changed(before, row, now=now, every=every)) is not None:
            writes.append(_update(before, after))
    for each, before in held.items():
        if each not in kept and (after := ledger.withdrawn(before, erased=erased, now=now)) is not None:
            writes.append(_update(before, after))
    return writes


def _update(before: Document, after: Document) -> UpdateOne:
    """Guarded by what was read; what the writer keeps in the same document is left alone."""
    ours = {name: value for name, value in after.items() if name not in KEPT_BY_THE_WRITER}
    gone = {name: "" for name in before if name not in after and name not in KEPT_BY_THE_WRITER}
    guard = {"_id": before["_id"], "version": before["version"], "in_doubt": before.get("in_doubt")}
    forgotten = {"retry_at": "", "tries": "", "tries_of": ""} | gone  # new content is tried at once
    return UpdateOne(guard, {"$set": ours, "$unset": forgotten})


async def _saved(collection: Collection, writes: Sequence[InsertOne[Document] | UpdateOne]) -> bool:
    """Write all; False where somebody else was faster with any of them."""
    try:
        result = await collection.bulk_write(list(writes), ordered=False)
    except BulkWriteError as error:
        only_duplicates(error)
        return False
    return result.matched_count + result.inserted_count == len(writes)
