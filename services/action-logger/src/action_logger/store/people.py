"""Persons: a batch's people in one query, and erasure.

Batches and erasures run side by side, in several processes, without transactions. What holds them together:
a record is replaced only at the revision it was read at; an erasure writes its tombstone, then raises the number of
erasures, then looks for later rows, then takes pseudonyms away; a batch reads that number before it looks people up
and after its rows are written, and if it has moved, gives back what an erasure took that its later rows need.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from action_logger import metrics
from action_logger.domain.people import NOBODY, Person, admit, bury, clear, holds, is_late, pending
from action_logger.domain.rows import Row
from action_logger.store.memory import Batch, Known, Memory, Plan, Sighting, plan
from action_logger.store.records import ERASURES, SHAPE, Records, new_pseudonym, sighting_id, sightings_of
from shared.mongo import ASCENDING, BulkWriteError, Collection, Database, Document, UpdateOne, only_duplicates


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose a batch's rows are: a pseudonym for each row, None for rows that are erased already."""

    pseudonyms: Sequence[str | None]
    erasures: int
    """How many there had been when the people were looked up."""


class People:
    """The collection `people`, and what this process remembers of it."""

    def __init__(self, database: Database, records: Records) -> None:
        self._people: Collection = database["people"]
        self._log: Collection = database["log"]
        self._records = records
        self._memory: Memory | None = None
        self._lock = asyncio.Lock()

    async def assign(self, rows: Sequence[Row]) -> Assignment:
        """Find each row's person: one query, and one insert for those who are new."""
        # Asked and looked up before the turn is waited for: in it, batches wait for one another.
        memory = self._memory_at(await self._erasures())
        batch = Batch.of(rows)
        await self._recall(batch, memory)
        async with self._lock:
            memory = self._memory_at(memory.erasures)
            try:
                while not await self._has_all(batch, memory):
                    pass
            except BaseException:
                self._memory = None  # it may claim what was not written
                raise
            assignment = Assignment([memory.pseudonym_of(row) for row in rows], memory.erasures)
            memory.trim()
        return assignment

    async def _has_all(self, batch: Batch, memory: Memory) -> bool:
        """Look up and write what these rows need; whether that is all, as others may have been there first."""
        await self._recall(batch, memory)
        needed = plan(batch, memory)
        return not needed or await self._carry_out(needed, memory)

    def _memory_at(self, erasures: int) -> Memory:
        """Return what is remembered at this number of erasures, or a greater one: that was looked up later still."""
        if self._memory is None or self._memory.erasures < erasures:
            self._memory = Memory(erasures)
        return self._memory

    async def confirm(self, rows: Sequence[Row], stored: Sequence[str | None], assignment: Assignment) -> None:
        """Make sure, once rows are stored under these pseudonyms, that no erasure meanwhile took one too many.

        `stored` differs from what was assigned where an earlier try stored the row.
        """
        if stored == assignment.pseudonyms and await self._erasures() == assignment.erasures:
            return
        latest: dict[tuple[str, str], Row] = {}
        for row, pseudonym_id in zip(rows, stored, strict=True):
            if pseudonym_id is not None:
                known = latest.setdefault((row.normal_email, pseudonym_id), row)
                if known.time < row.time:
                    latest[row.normal_email, pseudonym_id] = row
        for (_, pseudonym_id), row in latest.items():
            await self._reclaim(row, pseudonym_id)
        await self.assign(rows)

    async def erase(self, learner: str, addresses: Iterable[str], at: datetime) -> int:
        """Erase a learner: the given addresses (normal form) and those seen with him; how many that was."""
        tombstone = {"$max": {"erased_at": at}, "$setOnInsert": {"shape": SHAPE}}
        await self._people.update_one({"_id": learner}, tombstone, upsert=True)
        await self.count_erasure()
        hashes = {self._records.hash(each) for each in addresses}
        async for seen in self._people.find(sightings_of(learner, at), {"_id": 1}):
            hashes.add(str(seen["_id"]).partition("\n")[2])
        for each in hashes:
            await self._erase_address(each, at)
        return len(hashes)

    async def holders(self, at_once: int) -> AsyncGenerator[Sequence[Known]]:
        """Yield those of whom an address is kept, some at a time."""
        last = ""
        while True:
            query = {"_id": {"$gt": last}, "address": {"$exists": True}}
            found: list[Document] = await self._people.find(query).sort("_id", ASCENDING).to_list(at_once)
            if not found:
                return
            last = found[-1]["_id"]
            yield [self._known(each["_id"], each) for each in found]

    async def _erase_address(self, address_hash: str, at: datetime) -> None:
        while True:
            known = await self._read(address_hash)
            buried = bury(known.person, at)
            if buried != known.person:
                await self.replace(known, buried)
                continue
            waiting = pending(buried)
            if not waiting:
                return
            await self.count_erasure()
            spared = [each for each in waiting if await self._has_rows_after(each, buried.erased_at)]
            if await self.replace(known, clear(buried, spared)):
                metrics.persons_erased.inc()

    async def _has_rows_after(self, pseudonym_id: str, instant: datetime | None) -> bool:
        return await self._log.find_one({"person": pseudonym_id, "time": {"$gt": instant}}, {"_id": 1}) is not None

    async def _reclaim(self, row: Row, pseudonym_id: str) -> None:
        """Give a pseudonym back to its person if a stored row, later than any erasure, needs it."""
        while True:
            known = await self._read(self._records.hash(row.normal_email))
            if is_late(known.person, row.time) or holds(known.person, pseudonym_id):
                return
            if await self.replace(known, admit(known.person, pseudonym_id, row.email)):
                return

    async def _recall(self, batch: Batch, memory: Memory) -> None:
        """Look up what is not in memory, in one query. What came to be there meanwhile stays: it is no older."""
        addresses, learners, sightings = memory.missing(batch)
        if not (addresses or learners or sightings):
            return
        hashes = {each: self._records.hash(each) for each in {*addresses, *(email for _, email in sightings)}}
        named = {sighting_id(learner, hashes[email]): (learner, email) for learner, email in sightings}
        keys = [*(hashes[each] for each in addresses), *learners, *named]
        found: dict[str, Document] = {each["_id"]: each async for each in self._people.find({"_id": {"$in": keys}})}
        for email in addresses:
            memory.people.setdefault(email, self._known(hashes[email], found.get(hashes[email])))
        for learner in learners:
            memory.learners.setdefault(learner, found.get(learner, {}).get("erased_at"))
        for key, sighting in named.items():
            if key in found:
                memory.sightings.setdefault(sighting, found[key]["since"])

    async def _carry_out(self, needed: Plan, memory: Memory) -> bool:
        """Write what the plan says, and whether that was all; what another process wrote first is forgotten here."""
        if needed.bury:
            for address_hash, at in needed.bury.items():
                await self._erase_address(address_hash, at)
            memory.forget(hashes=needed.bury)
            return False
        new = await self._admit(needed.admit, memory)
        first_seen = await self._lower(needed.see, memory)
        taken = await self._insert(
            {**new, **{key: _sighting(key, needed.see[each]) for key, each in first_seen.items()}}
        )
        memory.sightings.update(needed.see)
        memory.forget(hashes=taken, sightings=[first_seen[key] for key in taken if key in first_seen])
        return not taken and len(new) == len(needed.admit)

    async def _admit(self, addresses: Mapping[str, str], memory: Memory) -> dict[str, Document]:
        """Give pseudonyms to those who need one; the documents yet to be inserted."""
        new: dict[str, Document] = {}
        for normal_email, email in addresses.items():
            known = memory.people.pop(normal_email)
            person = admit(known.person, known.pseudonym or new_pseudonym(), email)
            if known.revision == 0:
                new[known.address_hash] = self._records.document(known.address_hash, person, revision=1)
                memory.people[normal_email] = Known.of(known.address_hash, person, 1)
            else:
                await self.replace(known, person)
        return new

    async def _lower(self, seen: Mapping[Sighting, datetime], memory: Memory) -> dict[str, Sighting]:
        """Bring forward since when two were seen together; the sightings that have no document yet."""
        named = {sighting_id(each[0], self._records.hash(each[1])): each for each in seen}
        lower = [
            UpdateOne({"_id": key}, {"$min": {"since": seen[each]}})
            for key, each in named.items()
            if each in memory.sightings
        ]
        if lower:
            await self._people.bulk_write(lower, ordered=False)
        return {key: each for key, each in named.items() if each not in memory.sightings}

    async def _insert(self, documents: Mapping[str, Document]) -> set[str]:
        """Insert documents; the ids that were there already."""
        if not documents:
            return set()
        try:
            await self._people.insert_many(list(documents.values()), ordered=False)
        except BulkWriteError as error:
            return {each["op"]["_id"] for each in only_duplicates(error)}
        return set()

    def _known(self, address_hash: str, document: Document | None) -> Known:
        if document is None:
            return Known.of(address_hash, NOBODY, 0)
        return Known.of(address_hash, self._records.person(document), document["revision"])

    async def _read(self, address_hash: str) -> Known:
        return self._known(address_hash, await self._people.find_one({"_id": address_hash}))

    async def replace(self, known: Known, person: Person) -> bool:
        """Replace a record if it still is at the revision that we know."""
        document = self._records.document(known.address_hash, person, revision=known.revision + 1)
        if known.revision == 0:
            return not await self._insert({known.address_hash: document})
        found = await self._people.replace_one({"_id": known.address_hash, "revision": known.revision}, document)
        return found.matched_count == 1

    async def _erasures(self) -> int:
        document = await self._people.find_one({"_id": ERASURES})
        return 0 if document is None else int(document["number"])

    async def count_erasure(self) -> None:
        """Make all processes look people up anew, and batches in flight look twice."""
        await self._people.update_one({"_id": ERASURES}, {"$inc": {"number": 1}}, upsert=True)


def _sighting(key: str, since: datetime) -> Document:
    return {"_id": key, "since": since, "shape": SHAPE}
