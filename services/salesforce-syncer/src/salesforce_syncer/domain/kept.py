"""What is kept of the facts of one learner: per slot the winner, and whoever would win if an erasure took the winner.

An erasure drops the facts recorded up to its instant, whenever it arrives. So a fact may only be forgotten when another
one both ranks as high and was recorded no earlier.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Data = Mapping[str, Any]
Rank = tuple[Any, ...]
Slot = tuple[str, str]
"""(kind of fact, id of the thing)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact: when its publisher recorded it, and what it says. Instants are texts that sort as they follow."""

    at: str
    data: Data


Facts = dict[Slot, tuple[Kept, ...]]


def canonical_text(data: Data) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _by_version(data: Data) -> Rank:
    return (data["version"], canonical_text(data))


def _by_instant(name: str) -> Callable[[Data], Rank]:
    return lambda data: (data[name], canonical_text(data))


def _earliest(data: Data) -> Rank:
    return (-int(datetime.fromisoformat(data["linked_at"]).timestamp() * 1000),)


def _linked(data: Data) -> Rank:
    return (data["linked_at"], data["salesforce_id"], canonical_text(data))


RANKS: Mapping[str, Callable[[Data], Rank]] = {
    "linked": _linked,
    "unlinked": _by_instant("unlinked_at"),
    "since": _earliest,
    "touched": lambda _: (),
    "known": lambda _: (),
    "accessed": _by_instant("accessed_at"),
    "enrollment": _by_version,
    "enrollment-removed": _by_version,
    "path": _by_version,
    "path-removed": _by_version,
    "attempt": _by_version,
}


def add(facts: Facts, slot: Slot, new: Kept) -> bool:
    """Take one fact in; False where it changes nothing."""
    rank = RANKS[slot[0]]
    held = facts.get(slot, ())
    new_rank = rank(new.data)
    if any(each.at >= new.at and rank(each.data) >= new_rank for each in held):
        return False
    stay = tuple(each for each in held if each.at > new.at or rank(each.data) > new_rank)
    facts[slot] = tuple(sorted((*stay, new), key=lambda each: each.at))
    return True


def forget(facts: Facts, up_to: str) -> bool:
    """Drop what was recorded up to an instant; False where there was nothing."""
    changed = False
    for slot, held in list(facts.items()):
        stay = tuple(each for each in held if each.at > up_to)
        if len(stay) == len(held):
            continue
        changed = True
        if stay:
            facts[slot] = stay
        else:
            del facts[slot]
    return changed


def winner(facts: Facts, slot: Slot) -> Data | None:
    held = facts.get(slot)
    if not held:
        return None
    return held[0].data if len(held) == 1 else max((each.data for each in held), key=RANKS[slot[0]])


def read(stored: Sequence[Mapping[str, Any]]) -> Facts:
    facts: Facts = {}
    for each in stored:
        slot = (each["kind"], each["id"])
        facts[slot] = (*facts.get(slot, ()), Kept(each["at"], each["data"]))
    return facts


def written(facts: Facts) -> list[dict[str, Any]]:
    """Return the facts as they are stored, in an order that does not depend on their arrival."""
    return [
        {"kind": kind, "id": thing, "at": each.at, "data": dict(each.data)}
        for (kind, thing), held in sorted(facts.items())
        for each in held
    ]
