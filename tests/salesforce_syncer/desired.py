"""The desired rows as the syncer keeps them in MongoDB, held beside what the stand-in holds: an opinion of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import httpx
from pymongo import MongoClient

from tests.salesforce_syncer.standin import StandIn
from tests.world import WAIT_SECONDS, Process, World, eventually

PARENTS = {
    "Portal__r": ("Portal__c", "LearnUpon_Portal__c", "Portal_Key__c"),
    "Membership__r": ("Membership__c", "LearnUpon_Portal_Membership__c", "Membership_Key__c"),
}
PROFILES = ("User", "Contact")
OBJECTS = (
    "LearnUpon_Portal__c",
    "LearnUpon_Portal_Membership__c",
    "LearnUponEnrollment__c",
    "LearnUponContactEnrollment__c",
    "LearnUponLearningPathEnrollment__c",
    "LearnUponLearningPathContactEnrollment__c",
)
UNSETTLED = {"$or": [{"dirty_since": {"$exists": True}}, {"owes": {"$exists": True}}]}


class Rows:
    """The desired rows of a world's syncer. Use as `with`."""

    def __init__(self, world: World) -> None:
        self._client = MongoClient[dict[str, Any]](world.mongo_uri)
        self._rows = self._client[world.database_of("salesforce-syncer")]["rows"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    async def count(self, **asked: Any) -> int:
        return self._rows.count_documents(asked)

    async def unsettled(self) -> list[tuple[Any, ...]]:
        """Some of the rows that are still to be written, or owe something to a profile."""
        shown = ("_id", "state", "deleted", "dirty_since", "retry_at", "tries_of", "owes")
        return [tuple(each.get(name) for name in shown) for each in self._rows.find(UNSETTLED).limit(20)]

    async def written(self, *, seconds: float) -> None:
        """Wait until nothing is left to be written."""
        await eventually(self.unsettled, "all rows to be written", until=lambda left: not left, seconds=seconds)

    def all(self, **asked: Any) -> list[dict[str, Any]]:
        return list(self._rows.find(asked))

    def states(self, **asked: Any) -> dict[str, int]:
        """How many rows there are in each state."""
        grouped = self._rows.aggregate([{"$match": asked}, {"$group": {"_id": "$state", "rows": {"$sum": 1}}}])
        return {each["_id"]: each["rows"] for each in grouped}

    def unlike(self, standin: StandIn) -> list[str]:
        """How Salesforce differs from the rows desired: rows it lacks, has twice, should not have, or holds otherwise."""
        held = {name: standin.rows(name) for name in (*OBJECTS, *PROFILES)}
        wanted = self.all(state="written")
        found = [each for row in wanted for each in _differences(row, held)]
        for name in OBJECTS:
            keys = {each["key"] for each in self.all(object=name, deleted=False, salesforce_id={"$exists": True})}
            found += [f"{name} {key}: not desired" for key in held[name].keys() - keys]
            if standin.total(name) != len(held[name]):
                found.append(f"{name}: {standin.total(name)} rows with {len(held[name])} keys")
        return found


def _differences(row: Mapping[str, Any], held: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    name, key = row["object"], row["key"]
    there = held[name].get(key)
    if there is None:
        return [f"{name} {key}: missing"]
    wanted = dict(_as_kept(each, value, held) for each, value in row["payload"].items())
    return [
        f"{name} {key}: {field} is {there.get(field)!r}, not {value!r}"
        for field, value in wanted.items()
        if there.get(field) != value
    ]


def _as_kept(field: str, value: Any, held: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> tuple[str, Any]:
    """A field as Salesforce keeps it: parents by their id, instants to the second."""
    if field in PARENTS:
        lookup, parent, key_field = PARENTS[field]
        return lookup, held[parent].get(value[key_field], {}).get("Id", "no such parent")
    if field.endswith(("_At__c", "_Since__c", "_Accessed__c")) and value is not None:
        return field, datetime.fromisoformat(value).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return field, value


async def metric(process: Process, name: str) -> float:
    """The sum of a metric over its labels."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{process.url}/metrics", timeout=WAIT_SECONDS)).text
    found = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    return sum(float(line.rpartition(" ")[2]) for line in found)
