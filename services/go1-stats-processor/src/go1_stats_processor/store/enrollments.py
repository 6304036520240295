"""Go1 enrollments: completions matched, parked, and played into attempt groups."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from go1_stats_processor import metrics
from go1_stats_processor.domain.enrollments import Answers, resolved, with_enrollment_facts
from go1_stats_processor.domain.matching import Address
from go1_stats_processor.domain.said import EnrollmentFact
from go1_stats_processor.store.documents import enrollment_of, key, of_enrollment
from go1_stats_processor.store.owing import Owing
from shared.mongo import ASCENDING, Document, IndexModel
from shared.things import fold_into

SHAPE = 1
EnrollmentKey = tuple[str, str]
"""Portal and Go1 enrollment."""
AT_ONCE = 1000
COURSES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Folded:
    """Documents as saved, and those in which nothing changed."""

    changed: list[Document]
    same: list[Document]


class Enrollments(Owing):
    """One document per Go1 enrollment."""

    NAME = "enrollments"

    async def prepare(self) -> None:
        await super().prepare()
        await self.collection.create_indexes(
            [
                IndexModel([("waiting", ASCENDING)], name="waiting", sparse=True),
                IndexModel([("portal_id", ASCENDING), ("owner", ASCENDING)], name="owner"),
                IndexModel([("course_id", ASCENDING), ("placed_at", ASCENDING)], name="course"),
                IndexModel([("course_id", ASCENDING)], name="unsettled", partialFilterExpression={"unsettled": True}),
                IndexModel(
                    [("portal_id", ASCENDING), ("parked_at", ASCENDING), ("_id", ASCENDING)],
                    name="parked",
                    partialFilterExpression={"parked_at": {"$exists": True}},
                ),
            ]
        )

    async def take(
        self,
        facts: Mapping[EnrollmentKey, Sequence[EnrollmentFact]],
        answers: Answers,
        causes: Mapping[EnrollmentKey, Mapping[str, Any]],
    ) -> None:
        """Take facts in, match, and tell the attempt groups; a debt until that is done."""
        await self.outbox.settle((await self.fold(facts, answers, causes, owing=True)).changed)

    async def fold(
        self,
        facts: Mapping[EnrollmentKey, Sequence[EnrollmentFact]],
        answers: Answers,
        causes: Mapping[EnrollmentKey, Mapping[str, Any]],
        *,
        owing: bool,
    ) -> Folded:
        """Take facts in and match.

        `owing`: the changed documents owe it to their groups to tell them. Else it is the caller who does, for all
        documents, whether or not they changed: his facts come again if he is killed before he has.
        """
        keys = {key(*each): each for each in facts}
        played: set[str] = set()
        same: dict[str, Document] = {}

        def fold(document_id: str, before: Document | None, new: Sequence[EnrollmentFact]) -> Document | None:
            enrollment = enrollment_of(before)
            after = resolved(with_enrollment_facts(enrollment, new, self._clash), answers, keys[document_id][0])
            if after == enrollment:
                if before is not None:
                    same[document_id] = before
                return None
            same.pop(document_id, None)
            portal_id, go1_enrollment_id = keys[document_id]
            if enrollment.home is None and after.home is not None:
                played.add(document_id)
            document = of_enrollment(after)
            document["sequence"] += 1
            return {
                "portal_id": portal_id,
                "go1_enrollment_id": go1_enrollment_id,
                **document,
                "cause": causes.get(keys[document_id]) or (before or {}).get("cause"),
                "owes": ["group"] if owing else (before or {}).get("owes", []),
            }

        now = self._clock()
        found = {document_id: facts[each] for document_id, each in keys.items()}
        changed = await fold_into(self.collection, found, fold, shape=SHAPE, now=now)
        for each in changed:
            if each["_id"] in played:
                metrics.lag.observe(max(0.0, (now - each["placed_at"]).total_seconds()))
        for each in changed:
            same.pop(each["_id"], None)
        return Folded(changed, list(same.values()))

    async def parked(
        self, portals: Sequence[str] | None, *, after: tuple[datetime, str] | None, limit: int
    ) -> list[Document]:
        """Return parked completions of these portals (None: all), oldest first."""
        query: Document = {"parked_at": {"$exists": True}}
        if portals is not None:
            query["portal_id"] = {"$in": list(portals)}
        if after is not None:
            query["$or"] = [{"parked_at": {"$gt": after[0]}}, {"parked_at": after[0], "_id": {"$gt": after[1]}}]
        cursor = self.collection.find(query).sort([("parked_at", ASCENDING), ("_id", ASCENDING)]).limit(limit)
        return [each async for each in cursor]

    async def count_parked(self) -> dict[str, int]:
        """Return how many are parked, by reason."""
        found = self.collection.aggregate(
            [{"$match": {"parked_at": {"$exists": True}}}, {"$group": {"_id": "$parked.reason", "count": {"$sum": 1}}}]
        )
        return {each["_id"]: each["count"] async for each in found}

    async def waiting_for(self, addresses: Sequence[Address]) -> AsyncGenerator[list[Document]]:
        """Yield those that an answer for one of these addresses may concern."""
        if addresses:
            async for some in self._pages({"waiting": {"$in": addresses}}):
                yield some

    async def owned_by(self, portal_id: str, learner_id: str) -> AsyncGenerator[list[Document]]:
        async for some in self._pages({"portal_id": portal_id, "owner": learner_id}):
            yield some

    async def of_courses_since(self, courses: Sequence[tuple[str, datetime]]) -> AsyncGenerator[list[Document]]:
        """Yield those whose duration a catalogue entry from this instant on may change."""
        for start in range(0, len(courses), COURSES_AT_ONCE):
            some = courses[start : start + COURSES_AT_ONCE]
            unsettled: Document = {"course_id": {"$in": [course_id for course_id, _ in some]}, "unsettled": True}
            later = [{"course_id": course_id, "placed_at": {"$gte": instant}} for course_id, instant in some]
            async for page in self._pages({"$or": [unsettled, *later]}):
                yield page

    async def _pages(self, query: Document) -> AsyncGenerator[list[Document]]:
        page: list[Document] = []
        async for each in self.collection.find(query):
            page.append(each)
            if len(page) == AT_ONCE:
                yield page
                page = []
        if page:
            yield page


def keys_of(documents: Iterable[Document]) -> dict[EnrollmentKey, Sequence[EnrollmentFact]]:
    """Return the keys of these documents, without new facts."""
    return {(each["portal_id"], each["go1_enrollment_id"]): () for each in documents}
