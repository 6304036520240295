"""One document per thing: load, fold, save guarded by its revision.

Folding the same facts again changes nothing (the law of convergence), so whoever lost a race, or cannot tell, folds again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from shared.failures import Unavailable
from shared.mongo import BulkWriteError, Collection, Document, InsertOne, ReplaceOne, only_duplicates

F = TypeVar("F")
MOST_ROUNDS = 50
"""Lost races in a row after which something else must be wrong."""


async def fold_into(
    collection: Collection,
    facts: Mapping[str, Sequence[F]],
    fold: Callable[[str, Document | None, Sequence[F]], Document | None],
    *,
    shape: int,
    now: datetime,
) -> list[Document]:
    """Fold facts into the documents of these ids with one query and one bulk write a round.

    `fold(_id, document or None, facts)` is pure and returns the new document, or None where nothing changes; it must
    not change the document that it is given. Added here: `_id`, `shape`, `revision`, and `owed_since` while `owes`
    is not empty. Returns the changed documents as saved.
    """
    saved: dict[str, Document] = {}
    left = dict(facts)
    for _ in range(MOST_ROUNDS):
        if not left:
            break
        found = {each["_id"]: each async for each in collection.find({"_id": {"$in": list(left)}})}
        writes: list[InsertOne[Document] | ReplaceOne[Document]] = []
        changed: dict[str, Document] = {}
        for key, new_facts in left.items():
            before = found.get(key)
            after = fold(key, before, new_facts)
            if after is None:
                if before is not None and key in saved:  # whoever won the race has folded these facts too, or it was us
                    saved[key] = before
                continue
            after = {**after, "_id": key, "shape": shape, "revision": (before["revision"] if before else 0) + 1}
            _owing(after, before, now)
            changed[key] = after
            writes.append(
                ReplaceOne({"_id": key, "revision": before["revision"]}, after) if before else InsertOne(after)
            )
        if not writes:
            break
        lost = await _write(collection, writes)
        if not lost:
            saved.update(changed)
            break
        # Which of the replacements lost cannot be told from a count: all are folded again, the saved ones change nothing.
        saved.update(changed)
        left = {key: facts[key] for key in changed}
    else:
        raise Unavailable("mongodb", "documents are contended")
    return list(saved.values())


def _owing(after: Document, before: Document | None, now: datetime) -> None:
    if after.get("owes"):
        after["owed_since"] = (before or {}).get("owed_since") or now
    else:
        after.pop("owed_since", None)
        after.pop("owes", None)


async def _write(collection: Collection, writes: Sequence[Any]) -> bool:
    """Write all; True where any lost its race."""
    expected = len(writes)
    try:
        result = await collection.bulk_write(list(writes), ordered=False)
    except BulkWriteError as error:
        only_duplicates(error)
        return True
    return result.matched_count + result.inserted_count != expected
