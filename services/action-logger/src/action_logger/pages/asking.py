"""The page's filters: what somebody chose, as the report takes it, and as the export takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from action_logger.domain.report import Filters, is_source
from contracts import vocabulary
from contracts.types import instant_text
from shared.http.pages import Form

NAMES = ("email", "panorama", "content_type", "content_title", "type", "source", "reference_id", "from", "to")
"""As in the API, but that a day in `to` is included, and that without `from` and `to` it is the last days."""
LAST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen; `form.errors` tell what could not be read. `by_default`: the days were not."""

    form: Form
    filters: Filters
    by_default: bool

    @property
    def filtered(self) -> bool:
        return any(name not in {"from", "to"} or not self.by_default for name in self.form.filled)

    def link(self, **other: str) -> str:
        """Return the page's address with the same filters but these."""
        given = {name: value for name, value in {**self.form.filled, **other}.items() if value}
        if not {"from", "to"} & given.keys():
            given["from"] = ""  # all time was asked for, not the last days
        return f"/?{urlencode(given)}"

    @property
    def exported(self) -> dict[str, str]:
        """Return the parameters of the export for the same rows."""
        filters = self.filters
        given = {
            "email": filters.email,
            "panorama": filters.panorama,
            "content_type": filters.content_type,
            "content_title": filters.title,
            "type": filters.type,
            "source": filters.source,
            "reference_id": filters.reference_id,
            "from": None if filters.since is None else instant_text(filters.since),
            "to": None if filters.until is None else instant_text(filters.until),
        }
        return {name: value for name, value in given.items() if value is not None}


def chosen(query: Mapping[str, str], now: datetime) -> Chosen:
    form = Form(query, NAMES)
    by_default = form.touched.isdisjoint({"from", "to"})
    if by_default:
        form.values["from"] = (now - timedelta(days=LAST_DAYS - 1)).strftime("%Y-%m-%d")
    since, until = form.days("from", "to")
    source = form.text("source", longest=40)
    if source is not None and not is_source(source):
        form.wrong("source", "There is no such source.")
    filters = Filters(
        email=form.text("email", longest=320),
        panorama=form.text("panorama"),
        content_type=form.text("content_type"),
        title=form.text("content_title"),
        type=form.choice("type", vocabulary.TYPES),
        source=source,
        reference_id=form.text("reference_id", longest=128),
        since=since,
        until=until,
    )
    return Chosen(form, filters, by_default)
