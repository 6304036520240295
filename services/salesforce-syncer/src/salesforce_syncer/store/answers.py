"""What the writer keeps of Salesforce's answers: updates that hold also where the row has changed meanwhile.

An answer is for one version of a row. If the row is another by now, the answer tells what Salesforce holds, and the row
stays dirty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.mongo import UpdateOne

REMOVED = "$$REMOVE"
SERVERS_NOW = "$$NOW"
"""MongoDB's clock, which is one for all replicas: a proof asks it what was acknowledged before it began."""


@dataclass(frozen=True, slots=True)
class Written:
    """What of a row was written, as it was sent."""

    row_id: str
    version: int
    salesforce_id: str | None
    hash: str
    accessed: str | None


def written(answer: Written, now: datetime) -> UpdateOne:
    """Salesforce holds this version."""
    fields: dict[str, Any] = {
        "written": {"hash": answer.hash, "accessed": answer.accessed, "accessed_at": now, "at": SERVERS_NOW},
        "error": REMOVED,
        **_settled(answer.version, "written", now),
    }
    if answer.salesforce_id is not None:
        fields["salesforce_id"] = answer.salesforce_id
    return UpdateOne({"_id": answer.row_id}, [{"$set": fields}])


def unchanged(row: Mapping[str, Any], due: datetime | None) -> UpdateOne:
    """Salesforce holds this already; nothing was sent. `due`: when its newer last access may be."""
    fields = {"state": "written", **({"accessed_due": due} if due else {})}
    return UpdateOne(
        {"_id": row["_id"], "version": row["version"]}, {"$set": fields, "$unset": {"dirty_since": "", "retry_at": ""}}
    )


def deleted(row: Mapping[str, Any], now: datetime) -> UpdateOne:
    """Salesforce holds the row no longer."""
    fields: dict[str, Any] = {
        "written": REMOVED,
        "salesforce_id": REMOVED,
        "error": REMOVED,
        "deleted_at": SERVERS_NOW,
        **_settled(row["version"], "deleted", now),
    }
    return UpdateOne({"_id": row["_id"]}, [{"$set": fields}])


def _settled(version: int, state: str, now: datetime) -> dict[str, Any]:
    same = {"$eq": ["$version", version]}
    return {
        "in_doubt": REMOVED,
        "tries": REMOVED,
        "tries_of": REMOVED,
        "retry_at": REMOVED,
        "accessed_due": {"$cond": [same, REMOVED, {"$ifNull": ["$accessed_due", REMOVED]}]},
        "forced": {"$cond": [same, REMOVED, {"$ifNull": ["$forced", REMOVED]}]},
        "state": {"$cond": [same, state, {"$cond": [{"$eq": ["$state", "gone"]}, "gone", "dirty"]}]},
        "dirty_since": {
            "$cond": [
                {"$or": [same, {"$eq": ["$state", "gone"]}]},
                REMOVED,
                {"$ifNull": ["$dirty_since", now]},
            ]
        },
    }


def rejected(row: Mapping[str, Any], *, code: str, field: str | None, message: str, now: datetime) -> UpdateOne:
    """Salesforce will not take this version; it is left alone until it changes, or somebody asks."""
    before: Mapping[str, Any] = row.get("error") or {}
    error = {
        "code": code,
        "field": field,
        "message": message,
        "first_seen": before.get("first_seen") or now,
        "last_seen": now,
        "tries": before.get("tries", 0) + 1,
        "hash": row["hash"],
    }
    # A row that is not in Salesforce is not to be counted there: its profile is told.
    owes = [f"counters:{each}" for each in row.get("records", ())] if not row.get("salesforce_id") else []
    return UpdateOne(
        {"_id": row["_id"], "version": row["version"]},
        {
            "$set": {"state": "rejected", "error": error},
            "$unset": {"dirty_since": "", "in_doubt": "", "retry_at": "", "accessed_due": "", "forced": ""},
            **({"$addToSet": {"owes": {"$each": owes}}} if owes else {}),
        },
    )


def tries(row: Mapping[str, Any], why: str) -> int:
    """Return how often a row was put off for this reason; another reason counts anew."""
    return row.get("tries", 0) if row.get("tries_of") == why else 0


def postponed(row: Mapping[str, Any], *, state: str, until: datetime, why: str | None = None) -> UpdateOne:
    """Try again later. `state` is `dirty`, or `waiting` for a parent; `why` where it was tried in vain."""
    fields: dict[str, Any] = {"state": state, "retry_at": until}
    if why is not None:
        fields |= {"tries": tries(row, why) + 1, "tries_of": why}
    return UpdateOne({"_id": row["_id"], "version": row["version"]}, {"$set": fields})


def still_rejected(row: Mapping[str, Any]) -> UpdateOne:
    """What is wanted is what Salesforce has refused already."""
    gone = {"dirty_since": "", "retry_at": ""}
    return UpdateOne({"_id": row["_id"], "version": row["version"]}, {"$set": {"state": "rejected"}, "$unset": gone})
