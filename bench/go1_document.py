"""The document a pair that bare loops and peers keep of Go1's facts. Standard library alone, as `bench.heat`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Document = dict[str, Any]

COLLECTION = "attempts"
INSTANTS = ("launched_at", "resumed_at", "completed_at")


def shown(data: Mapping[str, Any]) -> Document:
    """What the product's indexes look at."""
    last = next(data[name] for name in INSTANTS if name in data)
    return {"last_activity_at": last, "address": data["email"], "learner_id": data["email"].partition("@")[0]}


def by_pair(facts: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Data of facts by learner and course."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for data in facts:
        found.setdefault(f"{data['portal_id']} {data['email']} {data['course_id']}", []).append(data)
    return found


def changed(pairs: Mapping[str, Sequence[Mapping[str, Any]]], before: Iterable[Document]) -> list[Document]:
    """These pairs' documents with the new facts behind those that they had."""
    there = {each["_id"]: each["facts"] for each in before}
    documents: list[Document] = []
    for key, some in pairs.items():
        facts = [*there.get(key, ()), *some]
        status = "completed" if any("completed_at" in each for each in facts) else "in_progress"
        common = {name: some[0][name] for name in ("portal_id", "course_id")}
        documents.append({"_id": key, **common, **shown(some[-1]), "status": status, "facts": facts})
    return documents
