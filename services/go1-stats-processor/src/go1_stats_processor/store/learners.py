"""What is known of learners: whose address it is, and who is erased."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from go1_stats_processor.domain.matching import Address, Learner, LearnerFact, holders, with_learner_facts
from go1_stats_processor.store.documents import key, learner_of, of_learner
from go1_stats_processor.store.owing import Owing
from shared.mongo import ASCENDING, Document, IndexModel
from shared.things import fold_into

SHAPE = 1
LearnerKey = tuple[str, str]
"""Portal and learner."""
ERASURE = "erasure"
ERASED_FOR_GOOD = timedelta(seconds=60)
"""After this no batch can be under way that began before the erasure."""


class Learners(Owing):
    """One document per learner."""

    NAME = "learners"

    async def prepare(self) -> None:
        await super().prepare()
        await self.collection.create_indexes(
            [
                IndexModel([("addresses.address", ASCENDING)], name="addresses"),
                IndexModel([("erase_again_at", ASCENDING)], name="erase_again_at", sparse=True),
                IndexModel([("erased_addresses", ASCENDING)], name="erased_addresses", sparse=True),
            ]
        )

    async def known(self, keys: Iterable[LearnerKey], addresses: Iterable[Address]) -> "Known":
        """Load learners by id, and all who have or had one of these addresses."""
        ids, wanted = [key(*each) for each in keys], list(addresses)
        either: list[Document] = []
        if ids:
            either.append({"_id": {"$in": ids}})
        if wanted:
            either += [{"addresses.address": {"$in": wanted}}, {"erased_addresses": {"$in": wanted}}]
        if not either:
            return Known({})
        cursor = self.collection.find(either[0] if len(either) == 1 else {"$or": either})
        return Known({(each["portal_id"], each["learner_id"]): learner_of(each) async for each in cursor})

    async def take(self, facts: Mapping[LearnerKey, Sequence[LearnerFact]]) -> None:
        """Take facts in. Whose addresses somebody may wait for is for the caller to tell, an erasure is a debt."""
        keys = {key(*each): each for each in facts}
        now = self._clock()

        def fold(document_id: str, before: Document | None, new: Sequence[LearnerFact]) -> Document | None:
            learner = learner_of(before)
            after = with_learner_facts(learner, new, self._clash)
            if after == learner:
                return None
            portal_id, learner_id = keys[document_id]
            again = None if before is None else before.get("erase_again_at")
            owes: set[str] = set(() if before is None else before.get("owes", ()))
            if (after.erased_at, after.erased_addresses) != (learner.erased_at, learner.erased_addresses):
                owes.add(ERASURE)
                again = now + ERASED_FOR_GOOD
            document = {"portal_id": portal_id, "learner_id": learner_id, **of_learner(after), "owes": sorted(owes)}
            return document if again is None else {**document, "erase_again_at": again}

        changed = await fold_into(
            self.collection,
            {document_id: facts[each] for document_id, each in keys.items()},
            fold,
            shape=SHAPE,
            now=now,
        )
        await self.outbox.settle(changed)

    async def to_erase_again(self) -> list[Document]:
        return [each async for each in self.collection.find({"erase_again_at": {"$lt": self._clock()}}).limit(100)]

    async def erased_again(self, document: Document) -> None:
        done = {"_id": document["_id"], "erase_again_at": document["erase_again_at"]}
        await self.collection.update_one(done, {"$unset": {"erase_again_at": ""}})


class Known:
    """Learners as they were loaded."""

    def __init__(self, learners: Mapping[LearnerKey, Learner]) -> None:
        self._learners = learners
        self._by_address: dict[Address, dict[str, Learner]] = {}
        self._erased: dict[Address, list[tuple[str, datetime]]] = {}
        for (_, learner_id), each in learners.items():
            for address in each.known:
                self._by_address.setdefault(address, {})[learner_id] = each
            if each.erased_at is not None:
                for address in each.erased_addresses:
                    self._erased.setdefault(address, []).append((learner_id, each.erased_at))

    def learner(self, learner: LearnerKey) -> Learner | None:
        return self._learners.get(learner)

    def holders(self, addresses: Collection[Address]) -> Mapping[Address, tuple[str, ...]]:
        return {each: holders(each, self._by_address[each]) for each in addresses if each in self._by_address}

    def addresses_of(self, learners: Iterable[LearnerKey]) -> list[Address]:
        """Return all addresses that these learners have or had."""
        found = (self._learners.get(each) for each in learners)
        return list(dict.fromkeys(address for each in found if each is not None for address in each.known))

    @property
    def erased(self) -> Mapping[LearnerKey, datetime]:
        return {learner: each.erased_at for learner, each in self._learners.items() if each.erased_at is not None}

    def erasures(self, address: Address) -> Sequence[tuple[str, datetime]]:
        """Learners whose erased address this is, and until when."""
        return self._erased.get(address, ())
