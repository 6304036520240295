"""The log in: rows are inserted, once, and never touched again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import Timestamp

from action_logger import metrics
from action_logger.domain.rows import Reference, Row, content_digest, contradicting, first_of_each
from action_logger.store.people import Assignment, People
from action_logger.store.titles import Titles
from shared.keys import Keys
from shared.mongo import BulkWriteError, Collection, Database, Document, only_duplicates

SHAPE = 1
SEPARATOR = "\n"
"""Between source and id in `_id`: neither holds it, and it sorts before all they hold, so `_id` sorts as the pair."""

SET_BY_SERVER = Timestamp(0, 0)
"""MongoDB puts its own time here as it inserts (manual, "Timestamps"): what was inserted later is greater."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was in the log already."""

    digest: bytes
    pseudonym: str | None


class Log:
    """The collection `log`, written to."""

    def __init__(self, database: Database, people: People, keys: Keys) -> None:
        self._log: Collection = database["log"]
        self._people = people
        self._titles = Titles(database)
        self._digest_key = keys.derive("action-logger: content of rows")

    async def write(self, rows: Sequence[Row], received_at: datetime) -> tuple[int, ...]:
        """Insert rows that are not there yet; the positions of those that contradict what is there, or the first here.

        Calls side by side must not hold rows of one identity (`handlers.FIRST_STAYS`): whose row stayed would be chance.
        """
        if not rows:
            return ()
        digests = [content_digest(row, self._digest_key) for row in rows]
        await self._titles.note({row.content_title for row in rows})
        assignment = await self._people.assign(rows)
        first = first_of_each(rows)
        documents = [_document(rows[at], assignment.pseudonyms[at], digests[at], received_at) for at in first]
        stored = await self._insert(documents)
        conflicts = contradicting(rows, digests, {event: each.digest for event, each in stored.items()})
        await self._people.confirm(rows, _kept_under(rows, assignment, stored, conflicts), assignment)
        written = len(documents) - len(stored)
        metrics.rows_written.inc(written)
        metrics.rows_repeated.inc(len(rows) - written - len(conflicts))
        metrics.rows_erased_on_arrival.inc(sum(each is None for each in assignment.pseudonyms))
        return conflicts

    async def _insert(self, documents: Sequence[Document]) -> dict[Reference, Stored]:
        try:
            await self._log.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            taken = [each["op"]["_id"] for each in only_duplicates(error)]
        else:
            return {}
        found = self._log.find({"_id": {"$in": taken}}, {"digest": 1, "person": 1})
        return {reference(each["_id"]): Stored(each["digest"], each.get("person")) async for each in found}


def _kept_under(
    rows: Sequence[Row], assignment: Assignment, stored: Mapping[Reference, Stored], conflicts: Sequence[int]
) -> Sequence[str | None]:
    """Return under which pseudonym each row is in the log; None too for rows that are not, as they contradict it."""
    if not (stored or conflicts):
        return assignment.pseudonyms
    kept = [
        stored[row.event].pseudonym if row.event in stored else given
        for row, given in zip(rows, assignment.pseudonyms, strict=True)
    ]
    for at in conflicts:
        kept[at] = None
    return kept


def _id(event: Reference) -> str:
    return f"{event.source}{SEPARATOR}{event.id}"


def reference(document_id: str) -> Reference:
    source, _, event_id = document_id.partition(SEPARATOR)
    return Reference(source, event_id)


def row_of(document: Document, email: str) -> Row:
    """Return the row of a document; its address comes from its person."""
    corrects = document.get("corrects")
    return Row(
        event=reference(document["_id"]),
        time=document["time"],
        email=email,
        normal_email="",
        panorama_name=document.get("panorama_name"),
        content_type=document["content_type"],
        content_title=document["content_title"],
        type=document["type"],
        source=document["source"],
        timestamp=document["timestamp"],
        portal_id=document.get("portal_id"),
        learner_id=document.get("learner_id"),
        content_id=document.get("content_id"),
        actor_id=document.get("actor_id"),
        reference_id=document.get("reference_id"),
        corrects=None if corrects is None else Reference(corrects["source"], corrects["id"]),
        correlationid=document.get("correlationid"),
    )


def _document(row: Row, pseudonym: str | None, digest: bytes, received_at: datetime) -> Document:
    document: Document = {
        "_id": _id(row.event),
        "inserted": SET_BY_SERVER,
        "time": row.time,
        "timestamp": row.timestamp,
        "received_at": received_at,
        "content_type": row.content_type,
        "content_kind": row.content_type.strip().casefold(),
        "content_title": row.content_title,
        "type": row.type,
        "source": row.source,
        "digest": digest,
        "shape": SHAPE,
    }
    if pseudonym is not None:
        document["person"] = pseudonym
    if row.panorama_name is not None:
        document["panorama_name"] = row.panorama_name
    if row.portal_id is not None:
        document["portal_id"] = row.portal_id
    if row.learner_id is not None:
        document["learner_id"] = row.learner_id
    if row.content_id is not None:
        document["content_id"] = row.content_id
    _add_rare(row, document)
    return document


def _add_rare(row: Row, document: Document) -> None:
    if row.actor_id is not None:
        document["actor_id"] = row.actor_id
    if row.reference_id is not None:
        document["reference_id"] = row.reference_id
    if row.corrects is not None:
        document["corrects"] = {"source": row.corrects.source, "id": row.corrects.id}
    if row.correlationid is not None:
        document["correlationid"] = row.correlationid
