"""What if the rules were others? Answers without changing anything."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from contracts.types import Instant, PortalId
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.routes.shapes import Attempt, attempt
from go1_stats_processor.store.flow import Flow
from go1_stats_processor.store.whatif import differences
from shared.http import Auth, Principal, Problem, api_router
from shared.http.paging import Limit, decode_cursor, encode_cursor

NO_PORTAL: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such portal, or it is not yours to see"}
}


class OtherRules(BaseModel):
    """Any of the rules; the others stay as they are set."""

    model_config = ConfigDict(extra="forbid")

    default_progress: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None
    web_updated_at: Instant | None = None
    mobile_updated_at: Instant | None = None
    time_cutover: Instant | None = None


class Difference(BaseModel):
    """An attempt as it is and as it would be (its `version` is then 0); null where it is not, or would not be."""

    attempt_id: str
    before: Attempt | None
    after: Attempt | None


class Differences(BaseModel):
    """A page of differences."""

    items: list[Difference]
    next_cursor: str | None


def router(flow: Flow, auth: Auth, rules: Rules) -> APIRouter:
    routes = api_router(prefix="/v1/what-if", tags=["what-if"])

    @routes.post("", responses=NO_PORTAL, summary="Attempts that other rules would show otherwise")
    async def _what_if(
        body: OtherRules,
        portal_id: Annotated[PortalId, Query()],
        principal: Annotated[Principal, Depends(auth.require("operator"))],
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Differences:
        if not principal.sees_portal(portal_id):
            raise Problem(404, detail="There is no such portal.")
        asked = body.model_dump(exclude_none=True)
        filters = {"portal_id": portal_id, **asked}
        after = "" if cursor is None else str(decode_cursor(cursor, filters, length=1)[0])
        found, last = await differences(
            flow.groups.collection, portal_id, rules._replace(**asked), after=after, limit=limit
        )
        titles = await flow.courses.titles({each.course_id for each in found})
        return Differences(
            items=[
                Difference(
                    attempt_id=each.attempt_id,
                    before=None if each.before is None else attempt(each.before, titles),
                    after=None if each.after is None else attempt(each.after, titles),
                )
                for each in found
            ],
            next_cursor=None if last is None else encode_cursor([last], filters),
        )

    return routes
