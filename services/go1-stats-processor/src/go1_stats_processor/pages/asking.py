"""The filters of these pages: what somebody chose, as the store takes it, and as the export takes it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from contracts.types import EmailAddress, Id, PortalId, instant_text
from go1_stats_processor.pages.words import PROGRESS, RESULTS, TIMES, time_key
from go1_stats_processor.store.asking import Asked
from go1_stats_processor.store.distribution import RANGES
from shared.http.pages import Form

FILTERS = ("portal_id", "email", "progress", "result", "time", "from", "to")
"""Of attempts. `portal_id`, `email`, `from` and `to` are those of the API, but that a day in `to` is included."""

_PORTAL: TypeAdapter[str] = TypeAdapter(PortalId)
_ID: TypeAdapter[str] = TypeAdapter(Id)
_EMAIL: TypeAdapter[str] = TypeAdapter(EmailAddress)
_STATES: Mapping[str, dict[str, Any]] = {
    "in_progress": {"status": "in_progress"},
    "completed": {"status": "completed", "legacy": False},
    "legacy": {"status": "completed", "legacy": True},
    "voided": {"status": "voided"},
}
_RANGES = {time_key(each): each for each in RANGES}
_API_NAMES = {"since": "from", "until": "to"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen; `form.errors` tell what could not be read."""

    form: Form
    asked: Asked

    def filtered(self, *, but: Collection[str] = ()) -> bool:
        """Whether something was chosen besides these."""
        return not self.form.filled.keys() <= set(but)

    @property
    def exported(self) -> dict[str, str]:
        """Return the parameters of `/v1/attempts/export` for the same attempts."""
        given = ((each.name, getattr(self.asked, each.name)) for each in fields(self.asked))
        return {_API_NAMES.get(name, name): _text(value) for name, value in given if value is not None}


def chosen(query: Mapping[str, str], *more: str) -> Chosen:
    """Read the filters, and `course_id`, `learner_id`, `course` where a page has them."""
    form = Form(query, (*FILTERS, *more))
    since, until = form.days("from", "to")
    time = _RANGES.get(form.choice("time", TIMES) or "")
    asked = Asked(
        portal_id=form.read("portal_id", _PORTAL, "This is no portal's name."),
        learner_id=form.read("learner_id", _ID, "This is no learner's id.") if "learner_id" in more else None,
        email=form.read("email", _EMAIL, "This is no whole address, such as ada@example.com."),
        course_id=form.read("course_id", _ID, "This is no course's id.") if "course_id" in more else None,
        result=form.choice("result", RESULTS),
        time_spent_from=None if time is None else time.begin,
        time_spent_to=None if time is None else time.end,
        since=since,
        until=until,
        **_STATES.get(form.choice("progress", PROGRESS) or "", {}),
    )
    return Chosen(form, asked)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
