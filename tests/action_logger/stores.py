"""The store as the service wires it, and what it shows, for tests on a real MongoDB."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord

from action_logger import handlers
from action_logger.domain.people import Person, shown
from action_logger.domain.rows import ERASED
from action_logger.store import indexes
from action_logger.store.log import Log, reference, row_of
from action_logger.store.people import People
from action_logger.store.records import Records
from contracts import Envelope
from contracts.types import normal_email
from shared.consumer import Fact, Handler, Refusal
from shared.keys import Keys
from shared.mongo import Database, Document
from tests.action_logger import histories

KEYS = Keys(bytes(range(32)))
NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


class Store:
    """One process' view of the database; make several to play replicas."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.records = Records(KEYS)
        self.people = People(database, self.records)
        self.log = Log(database, self.people, KEYS)
        self._handlers = handlers.handlers(self.log, self.people, lambda: NOW)

    def use(self, others: Mapping[str, Handler]) -> None:
        self._handlers = others

    async def prepare(self) -> "Store":
        await indexes.make(self.database)
        return self

    async def take(self, events: Sequence[Envelope[Any]]) -> list[Refusal]:
        """Hand events over in batches of one topic, as the consumer does."""
        refusals: list[Refusal] = []
        batch: list[Fact[Any]] = []
        for event in events:
            if batch and batch[0].event.topic != event.topic:
                refusals += await self._handlers[batch[0].event.topic](batch)
                batch = []
            batch.append(Fact(event, NO_RECORD))
        if batch:
            refusals += await self._handlers[batch[0].event.topic](batch)
        return refusals

    async def documents(self) -> list[Document]:
        return [each async for each in self.database["log"].find().sort("_id")]

    async def view(self) -> histories.View:
        """What the log shows, read without the report's code."""
        owner: dict[str, Person] = {}
        async for document in self.database["people"].find({"pseudonyms": {"$exists": True}}):
            person = self.records.person(document)
            owner |= {each.id: person for each in person.pseudonyms}
        found: histories.View = {}
        for each in await self.documents():
            address = shown(owner.get(each.get("person", "")), each["time"])
            found[reference(each["_id"])] = (row_of(each, ""), normal_email(address or ERASED))
        return found


NO_RECORD: ConsumerRecord[bytes | None, bytes | None] = ConsumerRecord(
    topic="", partition=0, offset=0, timestamp=0, timestamp_type=0, key=None, value=None, checksum=None,
    serialized_key_size=0, serialized_value_size=0, headers=(),
)  # fmt: skip
