"""The report: rows in pages, counts, the words they are made of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from action_logger.domain.report import as_json
from action_logger.routes.parameters import ROLES, Asked, Order
from action_logger.store.report import By, Report
from contracts import vocabulary
from contracts.types import instant_text
from shared.http import Auth, Principal, api_router
from shared.http.paging import Limit, decode_cursor, encode_cursor
from shared.http.problems import bad_parameter

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reference(BaseModel):
    """Identity of an event."""

    source: str
    id: str


class Item(BaseModel):
    """One row. `email` is `erased` where its learner was."""

    event: Reference
    timestamp: str
    received_at: str
    email: str
    panorama_name: str | None
    content_type: str
    content_title: str
    type: str
    source: str
    learner_id: str | None
    content_id: str | None
    actor_id: str | None
    reference_id: str | None
    corrects: Reference | None
    correlationid: str | None


class Page(BaseModel):
    """Rows as they were at `as_of`."""

    items: list[Item]
    next_cursor: str | None
    as_of: str


class Counted(BaseModel):
    """How many rows have a value."""

    value: str | None
    count: int


class Summary(BaseModel):
    """Counts as they were at `as_of`."""

    items: list[Counted]
    as_of: str


class Word(BaseModel):
    """One legal pair."""

    type: str
    source: str
    meaning: str
    aliases: list[str]


class Vocabulary(BaseModel):
    """All legal pairs."""

    items: list[Word]


def router(report: Report, auth: Auth, clock: Callable[[], datetime]) -> APIRouter:
    routes = api_router(prefix="/v1", tags=["report"])
    reader = auth.require(*ROLES)

    @routes.get("/content-actions", response_model=Page)
    async def content_actions(
        principal: Annotated[Principal, Depends(reader)],
        asked: Asked,
        order: Order = "desc",
        limit: Limit = 50,
        cursor: Annotated[str | None, Query(max_length=2000)] = None,
    ) -> dict[str, Any]:
        as_of = clock()
        bound = {**asked.named(), "order": order}
        after = None if cursor is None else _position(decode_cursor(cursor, bound, length=2))
        selection = await report.select(asked, principal.panoramas)
        found = await report.page(selection, after=after, limit=limit + 1, ascending=order == "asc")
        more = len(found) > limit
        entry, document_id = found[limit - 1] if more else (None, "")
        return {
            "items": [as_json(each) for each, _ in found[:limit]],
            "next_cursor": None
            if entry is None
            else encode_cursor([_milliseconds(entry.row.timestamp), document_id], bound),
            "as_of": instant_text(as_of),
        }

    @routes.get("/content-actions/summary", response_model=Summary)
    async def summary(principal: Annotated[Principal, Depends(reader)], asked: Asked, by: By) -> dict[str, Any]:
        as_of = clock()
        counts = await report.summary(await report.select(asked, principal.panoramas), by)
        return {
            "items": [{"value": each.value, "count": each.count} for each in counts],
            "as_of": instant_text(as_of),
        }

    @routes.get("/vocabulary", response_model=Vocabulary)
    async def words(_: Annotated[Principal, Depends(reader)]) -> dict[str, Any]:
        return {
            "items": [
                {
                    "type": type_,
                    "source": source,
                    "meaning": meaning,
                    "aliases": [alias for alias, canonical in vocabulary.ALIASES.items() if canonical == source],
                }
                for (type_, source), meaning in vocabulary.PAIRS.items()
            ]
        }

    return routes


def _milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _position(values: list[Any]) -> tuple[datetime, str]:
    milliseconds, document_id = values
    if not isinstance(milliseconds, int) or not isinstance(document_id, str):
        raise bad_parameter("cursor", "not a cursor of this list")
    try:
        return EPOCH + timedelta(milliseconds=milliseconds), document_id
    except OverflowError:
        raise bad_parameter("cursor", "not a cursor of this list") from None
