"""The dashboard's addresses."""

from collections.abc import Callable, Sequence
from datetime import datetime

from fastapi import APIRouter

from go1_stats_processor.pages import charts, words
from go1_stats_processor.pages.lists import Lists
from go1_stats_processor.pages.overview import Overview
from go1_stats_processor.pages.single import Singles
from go1_stats_processor.store.flow import Flow
from shared.http import Principal
from shared.http.pages import Looks, Site
from shared.http.sessions import Sessions
from shared.http.sessions import router as sign_in

ROLES = ("analyst", "operator")
MOST_DEMO_USERS = 20
PLACES = {"/": "Courses", "/attempts": "Attempts", "/parked": "Waiting"}


def routers(flow: Flow, sessions: Sessions, clock: Callable[[], datetime]) -> list[APIRouter]:
    """Return the pages' routes, and those to sign in and out."""
    looks = Looks(
        "go1_stats_processor.pages",
        title="Go1 statistics",
        places=PLACES,
        clock=clock,
        development=sessions.development,
        words=words,
        progress_parts=charts.progress_parts,
        result_parts=charts.result_parts,
        tones=charts.TONES,
    )
    site = Site(looks, sessions, roles=ROLES)
    overview, lists, singles = Overview(flow, looks), Lists(flow, looks), Singles(flow, looks)
    site.page("/", overview.show)
    site.page("/attempts", lists.all)
    site.page("/course", lists.course)
    site.page("/learner", lists.learner)
    site.page("/attempt", singles.attempt)
    site.page("/parked", singles.parked)

    async def demo_users() -> Sequence[Principal]:
        analyst = frozenset({"analyst"})
        portals = sorted(await flow.rows.portals())[: MOST_DEMO_USERS - 1]
        return [
            Principal("demo-analyst", analyst, portals=None, name="Analyst of all portals"),
            *(Principal(f"demo-{each}", analyst, frozenset({each}), name=f"Analyst of {each}") for each in portals),
        ]

    return [site.routes, sign_in(sessions, roles=ROLES, refused=site.refused, demo_users=demo_users)]
