"""The right to be forgotten: attempt groups go, and of each attempt a line stays that names nobody."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.facts import Facts, Launch, without_recorded_until
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.store.documents import facts_of, key, of_facts
from go1_stats_processor.store.groups import Groups
from go1_stats_processor.store.rows import Rows, row_id
from go1_stats_processor.store.telling import recorded_at
from shared.mongo import DeleteOne, Document, UpdateOne


@dataclass(frozen=True, slots=True)
class Erased:
    """How much went, and the launches after the erasure, which stay."""

    groups: int
    attempts: int
    launches: Sequence[Launch]


class Erasures:
    """Takes a learner out of the attempt groups."""

    def __init__(self, groups: Groups, rows: Rows, *, rules: Rules, key: bytes) -> None:
        self._groups = groups
        self._rows = rows
        self._rules = rules
        self._key = key

    async def erase(self, portal_id: str, learner_id: str, erased_at: datetime) -> Erased:
        """Drop what was recorded until then. May be done again: the lines have ids of their own.

        The rows are looked up first: a row is written after its group, so one that is there now and whose attempt is not
        among those that stay was shown by somebody who had read the group before an erasure took it.
        """
        rows = await self._rows.of_learner(portal_id, learner_id)
        groups = await self._groups.of_learner(portal_id, learner_id)
        launches: list[Launch] = []
        staying: set[str] = set()
        gone = 0
        for group in groups:
            left = without_recorded_until(facts_of(group), erased_at)
            launches += (*left.launches, *left.superseded)
            stays = {each.attempt_id for each in attempts(left, self._rules)}
            staying.update(row_id(group, each) for each in stays)
            going = [each for each in group["attempts"] if each["attempt_id"] not in stays]
            gone += len(going)
            await self._rows.anonymize(
                [(row_id(group, each["attempt_id"]), self._line_id(group, each), _line(group, each)) for each in going]
            )
            await self._groups.collection.bulk_write([self._without(group, left, going, erased_at)])
        await self._rows.remove([each for each in rows if each not in staying])
        return Erased(len(groups), gone, launches)

    @staticmethod
    def _without(group: Document, left: Facts, going: Sequence[Document], erased_at: datetime) -> DeleteOne | UpdateOne:
        guarded = {"_id": group["_id"], "revision": group["revision"]}
        if left == Facts(gone=left.gone):
            return DeleteOne(guarded)
        gone = {each["attempt_id"] for each in going}
        stay = [_known(each, erased_at) for each in group["attempts"] if each["attempt_id"] not in gone]
        return UpdateOne(guarded, {"$set": {**of_facts(left), "attempts": stay}, "$inc": {"revision": 1}})

    def _line_id(self, group: Document, attempt: Document) -> str:
        """Return an id that is the same each time and leads back to nobody without the key."""
        text = key(group["_id"], attempt["attempt_id"])
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _known(attempt: Document, erased_at: datetime) -> Document:
    """What stays is worked out anew, and published anew where readers have dropped it as of before the erasure."""
    return {**attempt, "forgotten": True} if recorded_at(attempt) <= erased_at else attempt


def _line(group: Document, attempt: Document) -> Document | None:
    """What stays: course, status, result, time, last activity. Of a row that nobody could see, nothing."""
    if attempt.get("gone"):
        return None
    names = ("status", "legacy", "result", "time_spent_seconds", "time_spent_basis", "last_activity_at")
    line = {name: attempt[name] for name in names}
    return {"portal_id": group["portal_id"], "course_id": group["course_id"], "erased": True, **line}
