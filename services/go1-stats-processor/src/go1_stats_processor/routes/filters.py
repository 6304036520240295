"""What lists can be asked for, as query parameters."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from contracts.types import Count, Instant, PortalId
from go1_stats_processor.store.asking import Asked

Portal = Annotated[PortalId | None, Query(description="One portal; without it all that the token names")]
_Seconds = Annotated[Count | None, Query(description="Seconds, of attempts with a time and without legacy_zero")]


@dataclass(frozen=True, slots=True)
class Filters(Asked):
    """Of attempts; `from` and `to` are half-open, on the last activity; so are `time_spent_from` and `time_spent_to`."""

    portal_id: Portal = None
    time_spent_from: _Seconds = None
    time_spent_to: _Seconds = None
    since: Annotated[Instant | None, Query(alias="from")] = None
    until: Annotated[Instant | None, Query(alias="to")] = None
