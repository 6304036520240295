"""The log out: one query for what was asked, in the report's order, with the addresses of its persons."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from action_logger.domain.people import Person, shown
from action_logger.domain.report import Entry, Filters, shown_address
from action_logger.store.log import row_of
from action_logger.store.records import Records
from action_logger.store.titles import Titles
from contracts import vocabulary
from contracts.types import normal_email
from shared.mongo import ASCENDING, DESCENDING, Collection, Database, Document, ExecutionTimeout

AT_ONCE = 1_000
"""Rows read together while exporting."""
MOST_REMEMBERED = 100_000
"""Persons remembered during one export; about 300 bytes each."""

By = Literal["type", "source", "panorama", "content", "day"]
_GROUPS: Mapping[By, Any] = {
    "type": "$type",
    "source": "$source",
    "panorama": "$panorama_name",
    "content": "$content_title",
    "day": {"$dateToString": {"date": "$timestamp", "format": "%Y-%m-%d"}},
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that fulfil all conditions; None: there can be none."""

    conditions: tuple[Document, ...] | None

    @property
    def query(self) -> Document:
        return {"$and": list(self.conditions)} if self.conditions else {}


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows have this value."""

    value: str | None
    count: int


class Report:
    """The collection `log`, read."""

    def __init__(self, database: Database, records: Records) -> None:
        self._log: Collection = database["log"]
        self._people: Collection = database["people"]
        self._titles = Titles(database)
        self._records = records

    async def select(self, filters: Filters, panoramas: frozenset[str] | None) -> Selection:
        """Return the rows that the filters ask for and that may be seen; `panoramas` None: all, and rows without one."""
        conditions: list[Document] = []
        for each in (
            _scope(filters.panorama, panoramas),
            await self._of_person(filters),
            await self._with_title(filters),
        ):
            if each is None:
                return Selection(None)
            conditions.append(each)
        conditions += [_of_kind(filters), _of_pair(filters), _with_reference(filters), _in_range(filters)]
        return Selection(tuple(each for each in conditions if each))

    async def page(
        self, selection: Selection, *, after: tuple[datetime, str] | None, limit: int, ascending: bool
    ) -> list[tuple[Entry, str]]:
        """Return the entries after a position (timestamp, `_id`), each with its `_id`."""
        if selection.conditions is None:
            return []
        conditions = list(selection.conditions)
        if after is not None:
            conditions += _beyond(*after, ascending=ascending)
        found = self._log.find(Selection(tuple(conditions)).query).sort(_order(ascending=ascending)).limit(limit)
        documents: list[Document] = await found.to_list(length=limit)
        entries = await self._entries(documents, {})
        return [(entry, document["_id"]) for entry, document in zip(entries, documents, strict=True)]

    async def all(self, selection: Selection, *, ascending: bool) -> AsyncGenerator[Sequence[Entry]]:
        """Yield all entries, some at a time; memory does not grow with their number."""
        if selection.conditions is None:
            return
        known: dict[str, Person] = {}
        found = self._log.find(selection.query, batch_size=AT_ONCE).sort(_order(ascending=ascending))
        # The next rows are on their way while these are written: it takes the server as long as us.
        coming = found.to_list(length=AT_ONCE)
        try:
            while documents := await coming:
                coming = found.to_list(length=AT_ONCE)
                yield await self._entries(documents, known)
                if len(known) > MOST_REMEMBERED:
                    known.clear()
        finally:
            coming.cancel()
            await found.close()

    async def summary(self, selection: Selection, by: By) -> list[Count]:
        """Count rows by a value: the most frequent first, days in their order."""
        if selection.conditions is None:
            return []
        found = self._log.aggregate([{"$match": selection.query}, *_counting(by)])
        return [Count(each["_id"], each["count"]) for each in await found.to_list(None)]

    async def summaries(
        self, selection: Selection, *bys: By, within_ms: int, most: int
    ) -> Mapping[By, Sequence[Count]] | None:
        """Count rows by several values in one pass over them, at most so many of each; None where it takes longer."""
        if selection.conditions is None:
            return {by: [] for by in bys}
        parts = {by: [*_counting(by), {"$limit": most}] for by in bys}
        found = self._log.aggregate([{"$match": selection.query}, {"$facet": parts}], maxTimeMS=within_ms)
        try:
            (counts,) = await found.to_list(None)
        except ExecutionTimeout:
            return None
        return {by: [Count(each["_id"], each["count"]) for each in counts[by]] for by in bys}

    async def panoramas(self, *, most: int) -> list[str]:
        """Return the names of some panoramas, by name."""
        names = self._log.aggregate([{"$sort": {"panorama_name": 1}}, {"$group": {"_id": "$panorama_name"}}])
        found = sorted(each["_id"] for each in await names.to_list(None) if each["_id"] is not None)
        return found[:most]

    async def _of_person(self, filters: Filters) -> Document | None:
        if filters.email is None:
            return {}
        document = await self._people.find_one({"_id": self._records.hash(normal_email(filters.email))})
        if document is None or not document["pseudonyms"]:
            return None
        rows: Document = {"person": {"$in": [each["id"] for each in document["pseudonyms"]]}}
        return rows if "erased_at" not in document else {**rows, "time": {"$gt": document["erased_at"]}}

    async def _with_title(self, filters: Filters) -> Document | None:
        if filters.title is None:
            return {}
        titles = await self._titles.with_part(filters.title)
        return {"content_title": {"$in": titles}} if titles else None

    async def _entries(self, documents: Sequence[Document], known: dict[str, Person]) -> list[Entry]:
        wanted = {each["person"] for each in documents if "person" in each}.difference(known)
        if wanted:
            for each in await self._people.find({"pseudonyms.id": {"$in": list(wanted)}}).to_list(None):
                person = self._records.person(each)
                address = Person(person.email, erased_at=person.erased_at)
                known.update({pseudonym.id: address for pseudonym in person.pseudonyms})
        return [
            Entry(
                row_of(each, shown_address(shown(known.get(each.get("person", "")), each["time"]))), each["received_at"]
            )
            for each in documents
        ]


def _counting(by: By) -> list[Document]:
    order = {"_id": ASCENDING} if by == "day" else {"count": DESCENDING, "_id": ASCENDING}
    return [{"$group": {"_id": _GROUPS[by], "count": {"$sum": 1}}}, {"$sort": order}]


def _order(*, ascending: bool) -> list[tuple[str, int]]:
    direction = ASCENDING if ascending else DESCENDING
    return [("timestamp", direction), ("_id", direction)]


def _beyond(timestamp: datetime, document_id: str, *, ascending: bool) -> tuple[Document, Document]:
    """Return the rows after a position: a bound for the index, and the exact condition."""
    later, from_here = ("$gt", "$gte") if ascending else ("$lt", "$lte")
    return (
        {"timestamp": {from_here: timestamp}},
        {"$or": [{"timestamp": {later: timestamp}}, {"timestamp": timestamp, "_id": {later: document_id}}]},
    )


def _scope(panorama: str | None, seen: frozenset[str] | None) -> Document | None:
    if panorama is not None:
        return {"panorama_name": panorama} if seen is None or panorama in seen else None
    if seen is None:
        return {}
    return {"panorama_name": {"$in": sorted(seen)}} if seen else None


def _of_kind(filters: Filters) -> Document:
    return {} if filters.content_type is None else {"content_kind": filters.content_type.strip().casefold()}


def _of_pair(filters: Filters) -> Document:
    """Ask for both, so that the index on (type, source) serves either."""
    source = None if filters.source is None else vocabulary.canonical_source(filters.source)
    if filters.type is not None:
        return {"type": filters.type, "source": source or {"$in": list(vocabulary.sources_of(filters.type))}}
    if source is not None:
        return {"type": {"$in": [type_ for type_, legal in vocabulary.PAIRS if legal == source]}, "source": source}
    return {}


def _with_reference(filters: Filters) -> Document:
    return {} if filters.reference_id is None else {"reference_id": filters.reference_id}


def _in_range(filters: Filters) -> Document:
    bounds = {"$gte": filters.since, "$lt": filters.until}
    given = {operator: instant for operator, instant in bounds.items() if instant is not None}
    return {"timestamp": given} if given else {}
