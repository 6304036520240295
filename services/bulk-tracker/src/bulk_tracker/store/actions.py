"""The collection of actions: facts folded in, the clock's steps, and what requesters ask for."""

import re
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bulk_tracker.domain.action import Action, ActionFact, Origin, Rules
from bulk_tracker.domain.state import conflicts, forget, join, judge
from bulk_tracker.domain.vocabulary import Status, reference_key
from bulk_tracker.store.documents import SHAPE, to_action, to_document
from bulk_tracker.store.marks import Marks
from shared.mongo import ASCENDING, DESCENDING, Database, Document, IndexModel
from shared.things import fold_into

DUE_AT_ONCE = 500

_NEWEST = (("submitted_at", DESCENDING), ("_id", DESCENDING))
_MINE = (("portal_id", ASCENDING), ("requester_id", ASCENDING))


@dataclass(frozen=True, slots=True)
class Told:
    """A fact, when its publisher recorded it, and what the changes that it causes take over."""

    fact: ActionFact
    said_at: datetime
    origin: Origin


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: he sees what he started on this portal and nothing else."""

    portal_id: str
    subject: str

    def filter(self) -> Document:
        return {"portal_id": self.portal_id, "requester_id": self.subject}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; `since` is inside, `until` outside."""

    status: str | None = None
    type: str | None = None
    q: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """An action that has changed, and whose it is."""

    action_id: str
    requester: Requester
    touched_at: datetime
    version: int


class Actions:
    """The actions of all portals."""

    def __init__(self, database: Database, *, marks: Marks, rules: Rules, clock: Callable[[], datetime]) -> None:
        self.collection = database["actions"]
        self._marks = marks
        self._rules = rules
        self._clock = clock

    async def prepare(self) -> None:
        """Make the indexes."""
        await self.collection.create_indexes(
            [
                IndexModel([*_MINE, *_NEWEST], name="newest"),
                IndexModel([*_MINE, ("status", ASCENDING), *_NEWEST], name="newest_by_status"),
                IndexModel([*_MINE, ("action_type", ASCENDING), *_NEWEST], name="newest_by_type"),
                IndexModel([*_MINE, ("reference_key", ASCENDING)], name="reference", sparse=True),
                IndexModel(
                    [*_MINE, ("task_id", ASCENDING)],
                    name="task",
                    partialFilterExpression={"task_id": {"$exists": True}},
                ),
                IndexModel(
                    [("portal_id", ASCENDING), ("requester_mark", ASCENDING)], name="requester_mark", sparse=True
                ),
                IndexModel(
                    [("status", ASCENDING), ("due_at", ASCENDING)],
                    name="due",
                    partialFilterExpression={"due_at": {"$exists": True}},
                ),
                IndexModel([("ended_at", ASCENDING)], name="ended", sparse=True),
                IndexModel([("touched_at", ASCENDING)], name="touched"),
                IndexModel([*_MINE, ("touched_at", ASCENDING)], name="my_touched"),
            ]
        )

    async def take(self, told: Mapping[str, Sequence[Told]]) -> tuple[list[Document], list[str]]:
        """Fold facts in; the changed documents, and the types of facts that contradicted others of their instant."""
        now = self._clock()
        contradicted: list[str] = []

        def fold(action_id: str, document: Document | None, facts: Sequence[Told]) -> Document | None:
            before = after = _known(action_id, document)
            for each in facts:
                if conflicts(after, each.fact):
                    contradicted.append(each.fact.TYPE)
                after = join(after, each.fact, said_at=each.said_at, now=now, rules=self._rules, origin=each.origin)
            return self._changed(before, after, now)

        saved = await fold_into(self.collection, told, fold, shape=SHAPE, now=now)
        return saved, contradicted

    async def judge_due(self, *, known_until: datetime | None) -> list[Document]:
        """Let the clock act on what is due: at most some hundred actions; ask again while there are any."""
        now = self._clock()
        due: list[Document] = [{"status": Status.SCHEDULED.value, "due_at": {"$lte": now}}]
        if known_until is not None:
            due.append({"status": Status.IN_PROGRESS.value, "due_at": {"$lte": known_until}})
        ids = [each["_id"] for one in due async for each in self.collection.find(one, {"_id": 1}).limit(DUE_AT_ONCE)]

        def fold(action_id: str, document: Document | None, _: Sequence[None]) -> Document | None:
            before = _known(action_id, document)
            return self._changed(before, judge(before, now=now, known_until=known_until, rules=self._rules), now)

        return await fold_into(self.collection, dict.fromkeys(ids, (None,)), fold, shape=SHAPE, now=now)

    async def any_silent(self) -> bool:
        """Tell whether a running action is silent for too long, as far as its facts are known."""
        silent = {"status": Status.IN_PROGRESS.value, "due_at": {"$lte": self._clock()}}
        return await self.collection.find_one(silent, {"_id": 1}) is not None

    async def forget_requesters(self, erased_at: Mapping[str, datetime]) -> list[Document]:
        """Take name and address out of these actions, where they were said before their erasure."""
        now = self._clock()

        def fold(action_id: str, document: Document | None, instants: Sequence[datetime]) -> Document | None:
            before = _known(action_id, document)
            return self._changed(before, forget(before, erased_at=max(instants)), now)

        facts = {action_id: (instant,) for action_id, instant in erased_at.items()}
        return await fold_into(self.collection, facts, fold, shape=SHAPE, now=now)

    async def marks_of_requester(self, portal_id: str, requester_id: str, *, until: datetime) -> set[str]:
        """Return the marks of the addresses that were said of him until then."""
        mine = Requester(portal_id, requester_id).filter()
        said = {**mine, "submission.said_at": {"$lte": until}, "requester_mark": {"$exists": True}}
        return {each["requester_mark"] async for each in self.collection.find(said, {"requester_mark": 1})}

    async def of_requester(self, portal_id: str, requester_id: str, marks: Sequence[str]) -> list[str]:
        """Return the ids of actions that this id, or somebody with one of these addresses, has started."""
        named: Document = {"portal_id": portal_id, "requester_mark": {"$in": list(marks)}}
        ways = (Requester(portal_id, requester_id).filter(), named)
        return [each["_id"] for way in ways async for each in self.collection.find(way, {"_id": 1})]

    async def portals(self, action_ids: Iterable[str]) -> dict[str, str]:
        """Return the portals of those actions whose submission is there."""
        known = {"_id": {"$in": list(action_ids)}, "portal_id": {"$exists": True}}
        return {each["_id"]: each["portal_id"] async for each in self.collection.find(known, {"portal_id": 1})}

    async def with_expired_rows(self, ended_before: datetime) -> AsyncGenerator[tuple[str, datetime]]:
        """Yield the actions that ended before then and may still have rows, with their ends."""
        over: Document = {"ended_at": {"$lt": ended_before}, "first_row_at": {"$exists": True}, "rows_deleted": False}
        async for each in self.collection.find(over, {"ended_at": 1}):
            yield each["_id"], each["ended_at"]

    async def ended_before(self, instant: datetime, *, at_most: int) -> list[str]:
        over = {"ended_at": {"$lt": instant}}
        return [each["_id"] async for each in self.collection.find(over, {"_id": 1}).limit(at_most)]

    async def delete(self, action_ids: Sequence[str]) -> int:
        return (await self.collection.delete_many({"_id": {"$in": list(action_ids)}})).deleted_count

    async def by_status(self) -> dict[str, int]:
        """Return how many actions have each status."""
        return {status.value: await self.collection.count_documents({"status": status.value}) for status in Status}

    async def mark_rows_deleted(self, action_id: str) -> None:
        now = self._clock()

        def fold(_: str, document: Document | None, __: Sequence[None]) -> Document | None:
            before = _known(action_id, document)
            after = before if document is None else replace(before, rows_deleted=True, version=before.version + 1)
            return None if before.rows_deleted else self._changed(before, after, now)

        await fold_into(self.collection, {action_id: (None,)}, fold, shape=SHAPE, now=now)

    async def load(self, action_ids: Iterable[str]) -> dict[str, Action]:
        """Return those of these actions that are known."""
        cursor = self.collection.find({"_id": {"$in": list(action_ids)}})
        return {each["_id"]: to_action(each) async for each in cursor}

    async def one(self, asking: Requester, name: str) -> Action | None:
        """Return one of his actions by its id or reference id; of several with the same, the newest."""
        found = await self.collection.find_one({**asking.filter(), "_id": name})
        if found is None and (key := reference_key(name)):
            found = await self.collection.find_one({**asking.filter(), "reference_key": key}, sort=list(_NEWEST))
        return to_action(found) if found else None

    async def steps(self, asking: Requester, task_id: str) -> list[Action]:
        """Return his actions that are steps of this task, in their order."""
        cursor = self.collection.find({**asking.filter(), "task_id": task_id}).limit(200)
        found = [to_action(each) async for each in cursor]
        return sorted(
            found,
            key=lambda each: (
                each.submission.data.task.step if each.submission and each.submission.data.task else 0,
                each.action_id,
            ),
        )

    async def page(
        self, asking: Requester, filters: Filters, *, after: tuple[datetime, str] | None, limit: int
    ) -> list[Action]:
        """Return the newest of his actions behind this place."""
        parts = [asking.filter(), *_conditions(filters)]
        if after is not None:
            instant, action_id = after
            parts.append(
                {"$or": [{"submitted_at": {"$lt": instant}}, {"submitted_at": instant, "_id": {"$lt": action_id}}]}
            )
        cursor = self.collection.find({"$and": parts}).sort(list(_NEWEST)).limit(limit)
        return [to_action(each) async for each in cursor]

    async def touched(self, since: datetime, *, of: Requester | None = None) -> AsyncGenerator[Touched]:
        """Yield what has changed after this instant, in that order."""
        new: Document = {"touched_at": {"$gt": since}, "portal_id": {"$exists": True}, **(of.filter() if of else {})}
        fields = {"portal_id": 1, "requester_id": 1, "touched_at": 1, "version": 1}
        async for each in self.collection.find(new, fields).sort("touched_at", ASCENDING):
            requester = Requester(each["portal_id"], each["requester_id"])
            yield Touched(each["_id"], requester, each["touched_at"], each["version"])

    async def requesters(self, *, at_most: int) -> list[Requester]:
        """Return who has started most; for the demo sign-in."""
        group = {"_id": {"portal_id": "$portal_id", "requester_id": "$requester_id"}, "count": {"$sum": 1}}
        pipeline = [{"$match": {"portal_id": {"$exists": True}}}, {"$group": group}, {"$sort": {"count": -1, "_id": 1}}]
        found = self.collection.aggregate([*pipeline, {"$limit": at_most}])
        return [Requester(each["_id"]["portal_id"], each["_id"]["requester_id"]) async for each in found]

    def _changed(self, before: Action, after: Action, now: datetime) -> Document | None:
        if after == before:
            return None
        email = after.submission.data.requester.email if after.submission else None
        return to_document(after, requester_mark=self._marks.of_address(email) if email else None, touched_at=now)


def _known(action_id: str, document: Document | None) -> Action:
    return to_action(document) if document is not None else Action(action_id)


def _conditions(filters: Filters) -> list[Document]:
    conditions: list[Document] = []
    if filters.status is not None:
        conditions.append({"status": filters.status})
    if filters.type is not None:
        conditions.append({"action_type": filters.type})
    if filters.since is not None:
        conditions.append({"submitted_at": {"$gte": filters.since}})
    if filters.until is not None:
        conditions.append({"submitted_at": {"$lt": filters.until}})
    if filters.q is not None:
        ways: list[Document] = [{"files": {"$regex": re.escape(filters.q.strip().casefold())}}]
        if key := reference_key(filters.q):
            ways.append({"reference_key": {"$regex": f"^{re.escape(key)}"}})
        conditions.append({"$or": ways})
    return conditions
