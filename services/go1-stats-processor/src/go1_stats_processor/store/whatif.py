"""Attempts under other rules: worked out, compared, and forgotten."""

from dataclasses import dataclass
from typing import Any

from go1_stats_processor.domain.attempts import attempts
from go1_stats_processor.domain.groups import NUMBERS, plain
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.store.documents import facts_of
from shared.mongo import ASCENDING, Collection, Document

GROUPS_AT_ONCE = 500
MOST_GROUPS = 5_000
"""How many groups one request looks at; where it finds less than it may return, there is a cursor to go on with."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An attempt that other rules would show otherwise; None where it would be there under the one or the other only."""

    attempt_id: str
    course_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


async def differences(
    groups: Collection, portal_id: str, rules: Rules, *, after: str, limit: int
) -> tuple[list[Difference], str | None]:
    """Return differences in whole groups (so there may be more than `limit`), and the group to go on after, if any."""
    found: list[Difference] = []
    seen = 0
    query = {"_id": {"$gt": max(after, portal_id + " "), "$lt": portal_id + "!"}, "portal_id": portal_id}
    async for group in groups.find(query).sort("_id", ASCENDING).batch_size(GROUPS_AT_ONCE):
        if len(found) >= limit or seen >= MOST_GROUPS:
            return found, after
        found += _of_group(group, rules)
        seen += 1
        after = group["_id"]
    return found, None


def _of_group(group: Document, rules: Rules) -> list[Difference]:
    whole = {name: group[name] for name in ("portal_id", "learner_id", "course_id")}
    now: dict[str, dict[str, Any]] = {
        each["attempt_id"]: {**each, **whole} for each in group["attempts"] if not each.get("gone")
    }
    then = {each.attempt_id: {**plain(each), **whole, "version": 0} for each in attempts(facts_of(group), rules)}
    return [
        Difference(attempt_id, group["course_id"], now.get(attempt_id), then.get(attempt_id))
        for attempt_id in sorted(now.keys() | then.keys())
        if _numbers(now.get(attempt_id)) != _numbers(then.get(attempt_id))
    ]


def _numbers(attempt: dict[str, Any] | None) -> list[Any] | None:
    return None if attempt is None else [attempt[name] for name in NUMBERS]
