"""HTTP in, for operators: how the sync stands, explain, refused rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.types import instant_text
from salesforce_syncer.domain import quota
from salesforce_syncer.domain.objects import MEMBERSHIP
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.reading import ReadingStore, Story
from shared.http import Principal, Problem, api_router
from shared.http.paging import Limit, decode_cursor, encode_cursor
from shared.service import Shell

MOST_KEYS = 1_000


class Retry(BaseModel):
    """Which refused rows to try again."""

    model_config = ConfigDict(extra="forbid")
    keys: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=400)]], Field(min_length=1, max_length=MOST_KEYS)
    ]


def router(shell: Shell[Settings], reading: ReadingStore, orgs: OrgStore) -> APIRouter:
    routes = api_router(prefix="/v1")
    operator = shell.auth.require("operator")

    @routes.get("/status")
    async def status(who: Annotated[Principal, Depends(operator)]) -> dict[str, Any]:
        return _status(await reading.status(), await orgs.calls_by_hour(shell.clock()), shell.clock(), who)

    @routes.get("/learners/{portal_id}/{learner_id:path}")
    async def explain(portal_id: str, learner_id: str, who: Annotated[Principal, Depends(operator)]) -> dict[str, Any]:
        story = await reading.story(portal_id, learner_id) if who.sees_portal(portal_id) else None
        if story is None:
            raise Problem(404, detail="No such learner.")
        return _explained(story)

    @routes.get("/rejected")
    async def rejected(
        who: Annotated[Principal, Depends(operator)],
        *,
        portal_id: str | None = None,
        object_name: Annotated[str | None, Query(alias="object")] = None,
        code: str | None = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        filters = {"portal_id": portal_id, "object": object_name, "code": code}
        after = decode_cursor(cursor, filters, length=1)[0] if cursor else None
        rows = await reading.rejected(
            filters=filters, portals=_portals(who), after=str(after) if after is not None else None, limit=limit + 1
        )
        more = len(rows) > limit
        shown = rows[:limit]
        return {
            "items": [_refused(each) for each in shown],
            "next_cursor": encode_cursor([shown[-1]["_id"]], filters) if more else None,
        }

    @routes.post("/rejected/retry", status_code=202)
    async def retry(body: Retry, who: Annotated[Principal, Depends(operator)]) -> dict[str, int]:
        return {"retrying": await reading.retry(body.keys, _portals(who), shell.clock())}

    return routes


def _portals(who: Principal) -> Sequence[str] | None:
    return None if who.portals is None else sorted(who.portals)


def _instant(value: datetime | None) -> str | None:
    return instant_text(value) if value is not None else None


def _status(found: Mapping[str, Any], calls: Mapping[datetime, int], now: datetime, who: Principal) -> dict[str, Any]:
    writer: Mapping[str, Any] = found["writer"] or {}
    stops: Sequence[Mapping[str, Any]] = writer.get("stops", ())
    org_stop = next((each for each in stops if each["object"] in {"org", "quota"}), None)
    dirty: Mapping[str, tuple[int, datetime | None]] = found["dirty"]
    return {
        "connection": {
            "state": "unknown" if not writer else "stopped" if org_stop else "up",
            "org_id": (found["org"] or {}).get("org_id"),
            "reason": org_stop["reason"] if org_stop else None,
            "writer": writer.get("holder"),
            "seen_at": _instant(writer.get("at")),
        },
        "quota": _quota(writer.get("quota") or {}, calls, sum(rows for rows, _ in dirty.values()), now),
        "dirty": [
            {"object": name, "rows": rows, "oldest_seconds": round((now - oldest).total_seconds(), 1) if oldest else 0}
            for name, (rows, oldest) in dirty.items()
        ],
        "stopped": [
            {
                "object": each["object"],
                "reason": each["reason"],
                "since": _instant(each["since"]),
                "look_at": _instant(each["look_at"]),
            }
            for each in stops
        ],
        "guards": [
            {
                "portal_id": each["portal_id"],
                "deletes": each["deletes"],
                "rows": each["rows"],
                "since": _instant(each["since"]),
            }
            for each in found["guards"]
            if who.sees_portal(each["portal_id"])
        ],
        "rejected": found["rejected"],
        "last_proof": _proof(found["proof"], who),
    }


def _quota(last: Mapping[str, Any], calls: Mapping[datetime, int], dirty: int, now: datetime) -> dict[str, Any]:
    share = last.get("share")
    own = sum(calls.values())
    return {
        "pace": last.get("pace"),
        "reason": last.get("reason") or None,
        "own_calls": own,
        "share": share,
        "org_used": last.get("org_used"),
        "org_limit": last.get("org_limit"),
        "until": _instant(last.get("until")),
        "share_reached_at": _instant(quota.reached_at(calls, share=share, own=own, now=now)),
        "calls_for_dirty_rows": -(-dirty // 200),
    }


def _proof(last: Mapping[str, Any] | None, who: Principal) -> dict[str, Any] | None:
    if last is None or not (last["portal_id"] is None or who.sees_portal(last["portal_id"])):
        return None
    return {"at": _instant(last["at"]), "rows": last["rows"], "drift": last["drift"], "portal_id": last["portal_id"]}


def _explained(story: Story) -> dict[str, Any]:
    rows = [(row["object"], _row(row, state, why)) for row, state, why in story.rows]
    return {
        "links": [
            {
                "salesforce_kind": each.kind,
                "salesforce_id": each.record,
                "merged_into": story.merged.get(each.record),
                "via": each.via,
                "linked_at": each.linked_at,
                "unlinked_at": each.ended_at,
            }
            for each in story.links
        ],
        "membership": next((row for name, row in rows if name == MEMBERSHIP), None),
        "rows": [row for name, row in rows if name != MEMBERSHIP],
    }


def _row(row: Mapping[str, Any], state: str, why: str | None) -> dict[str, Any]:
    written: Mapping[str, Any] = row.get("written") or {}
    error: Mapping[str, Any] | None = row.get("error")
    return {
        "object": row["object"],
        "key": row["key"],
        "salesforce_id": row.get("salesforce_id"),
        "state": state,
        "payload": row["payload"],
        "dirty_since": _instant(row.get("dirty_since")),
        "written_at": _instant(written.get("at")),
        "error": _error(error) if error else None,
        "why": why,
    }


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": error["code"],
        "field": error["field"],
        "message": error["message"],
        "first_seen": _instant(error["first_seen"]),
        "last_seen": _instant(error["last_seen"]),
        "tries": error["tries"],
    }


def _refused(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "object": row["object"],
        "key": row["key"],
        "portal_id": row["portal_id"],
        "learner_id": row["learner_id"],
        **_error(row["error"]),
    }
