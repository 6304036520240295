"""`GET /`: the report, for those who do not ask an API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response

from action_logger.domain.report import as_json
from action_logger.pages.asking import LAST_DAYS, Chosen, chosen
from action_logger.store.asking import page_of
from action_logger.store.report import By, Count, Report, Selection
from contracts import vocabulary
from shared.http import Principal
from shared.http.pages import Looks, Query, Site
from shared.http.pages.charts import Bar, Columns, bars, over_time
from shared.http.sessions import Sessions
from shared.http.sessions import router as sign_in

ROLES = ("analyst", "operator")
A_PAGE = 25
COUNTING_MS = 3_000
"""Charts that take longer are left out, and the page says so: it never waits for a whole log to be counted."""
MOST_VALUES = 2_000
MOST_DEMO_USERS = 20
MOST_NAMES = 200
TYPES = {
    "enrollment": "Enrollment",
    "status_change": "Status change",
    "revoked_access": "Revoked access",
    "certificate_grant": "Certificate grant",
}
SOURCES = sorted({source for _, source in vocabulary.PAIRS}, key=str.lower)
RANGES = {"7 days": 7, "30 days": LAST_DAYS, "12 months": 365}


def routers(report: Report, sessions: Sessions, clock: Callable[[], datetime]) -> list[APIRouter]:
    """Return the page's routes, and those to sign in and out."""
    looks = Looks(
        "action_logger.pages",
        title="Action log",
        places={"/": "Report"},
        clock=clock,
        development=sessions.development,
        types=TYPES,
        meaning=_meaning,
    )
    site = Site(looks, sessions, roles=ROLES)
    site.page("/", ReportPage(report, looks, clock).show)

    async def demo_users() -> Sequence[Principal]:
        analyst = frozenset({"analyst"})
        names = await report.panoramas(most=MOST_DEMO_USERS - 1)
        return [
            Principal("demo-analyst", analyst, panoramas=None, name="Analyst of all panoramas"),
            *(
                Principal(f"demo-{each}", analyst, panoramas=frozenset({each}), name=f"Analyst of {each}")
                for each in names
            ),
        ]

    return [site.routes, sign_in(sessions, roles=ROLES, refused=site.refused, demo_users=demo_users)]


class ReportPage:
    """Rows and counts of what was asked, as far as the asker sees panoramas."""

    def __init__(self, report: Report, looks: Looks, clock: Callable[[], datetime]) -> None:
        self._report = report
        self._looks = looks
        self._clock = clock

    async def show(self, who: Principal, query: Query) -> Response:
        as_of = self._clock()
        choice = chosen(query, as_of)
        wrong = bool(choice.form.errors)
        selection = Selection(None) if wrong else await self._report.select(choice.filters, who.panoramas)
        rows, cursor = await self._rows(selection, choice, query.get("cursor") or None)
        counts = await self._report.summaries(
            selection, "type", "source", "panorama", "day", within_ms=COUNTING_MS, most=MOST_VALUES
        )
        return self._looks.page(
            "report.html",
            who,
            status=422 if wrong else 200,
            here="/",
            form=choice.form,
            choice=choice,
            as_of=as_of,
            rows=rows,
            total=None if counts is None else sum(each.count for each in counts["type"]),
            charts=None if not counts or not rows else _charts(counts, choice, as_of),
            too_many=counts is None,
            types_to_choose=tuple(TYPES.items()),
            sources=[(each, each) for each in _sources(choice)],
            panoramas=_panoramas(who, counts),
            all_panoramas=who.panoramas is None,
            ranges=_ranges(choice, as_of),
            next_page=None if cursor is None else choice.link(cursor=cursor),
            first_page=choice.link() if query.get("cursor") else None,
        )

    async def _rows(
        self, selection: Selection, choice: Chosen, cursor: str | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        entries, following = await page_of(
            self._report, selection, choice.filters, cursor=cursor, limit=A_PAGE, ascending=False
        )
        return [{**as_json(each), "timestamp": each.row.timestamp} for each in entries], following


def _charts(
    counts: Mapping[By, Sequence[Count]], choice: Chosen, now: datetime
) -> dict[str, tuple[Bar, ...] | Columns]:
    return {
        "type": bars(
            [
                Bar(TYPES.get(value, value), count, href=choice.link(type=value))
                for value, count in _named(counts["type"])
            ]
        ),
        "source": bars(
            [Bar(value, count, href=choice.link(source=value)) for value, count in _named(counts["source"])]
        ),
        "panorama": bars(
            [
                Bar("No panorama", each.count)
                if each.value is None
                else Bar(each.value, each.count, href=choice.link(panorama=each.value))
                for each in counts["panorama"]
            ]
        ),
        "day": over_time(
            [(date.fromisoformat(value), count) for value, count in _named(counts["day"])],
            begin=None if choice.filters.since is None else choice.filters.since.date(),
            end=_last_day(choice.filters.until, now),
        ),
    }


def _last_day(until: datetime | None, now: datetime) -> date:
    """Return the last day that could have rows."""
    return now.date() if until is None else min(until - timedelta(milliseconds=1), now).date()


def _named(counts: Sequence[Count]) -> list[tuple[str, int]]:
    return [(each.value, each.count) for each in counts if each.value is not None]


def _sources(choice: Chosen) -> Sequence[str]:
    """Return the sources of the chosen type; all where none is chosen."""
    chosen_type, given = choice.filters.type, choice.form.values["source"]
    sources = SOURCES if chosen_type is None else [*vocabulary.sources_of(chosen_type)]
    return sources if not given or given in sources else [*sources, given]


def _panoramas(who: Principal, counts: Mapping[By, Sequence[Count]] | None) -> list[str]:
    """Return names to choose from: what the token names, else what is in the rows."""
    if who.panoramas is not None:
        return sorted(who.panoramas)
    return sorted(value for value, _ in _named((counts or {}).get("panorama", ())))[:MOST_NAMES]


def _ranges(choice: Chosen, now: datetime) -> list[tuple[str, str, bool]]:
    """Return (words, address, whether it is that) of some ranges."""
    form = choice.form.values
    known = [(words, (now - timedelta(days=days - 1)).strftime("%Y-%m-%d")) for words, days in RANGES.items()]
    return [
        (words, choice.link(**{"from": begin, "to": ""}), (form["from"], form["to"]) == (begin, ""))
        for words, begin in [*((f"Last {words}", begin) for words, begin in known), ("All time", "")]
    ]


def _meaning(type_: str, source: str) -> str:
    return vocabulary.PAIRS.get((type_, source), "")
