"""The report: rows in pages, counts, the words they are made of."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from action_logger.domain.report import as_json
from action_logger.routes.parameters import ROLES, Asked, Order
from action_logger.store.asking import page_of
from action_logger.store.report import By, Report
from contracts import vocabulary
from contracts.types import instant_text
from shared.http import Auth, Principal, api_router
from shared.http.paging import Limit


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
        selection = await report.select(asked, principal.panoramas)
        entries, next_cursor = await page_of(
            report, selection, asked, cursor=cursor, limit=limit, ascending=order == "asc"
        )
        return {
            "items": [as_json(each) for each in entries],
            "next_cursor": next_cursor,
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
