"""What answers look like."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from contracts.attempts import Why
from contracts.go1 import EntryPoint
from contracts.types import Instant
from go1_stats_processor.store.telling import entry_point, why_of
from shared.mongo import Document


class Attempt(BaseModel):
    """An attempt as a list shows it."""

    attempt_id: str
    portal_id: str
    learner_id: str
    email: str
    course_id: str
    course_title: str | None
    origin: str
    channel: str | None
    entry_point: EntryPoint | None
    go1_enrollment_id: str | None
    status: str
    legacy: bool
    progress_percent: int
    result: str | None
    started_at: Instant | None
    last_activity_at: Instant
    completed_at: Instant | None
    time_spent_seconds: int | None
    time_spent_basis: str | None
    version: int


class Publication(BaseModel):
    """What was published of an attempt, and when."""

    version: int
    change: str
    changed_at: Instant
    status: str
    legacy: bool
    progress_percent: int
    result: str | None
    last_activity_at: Instant
    time_spent_seconds: int | None
    time_spent_basis: str | None


class AttemptWithWhy(Attempt):
    """An attempt, the rules that made its numbers, and its history."""

    why: list[Why]
    history: list[Publication]


class Attempts(BaseModel):
    """A page of attempts."""

    items: list[Attempt]
    next_cursor: str | None


def attempt(row: Mapping[str, Any], titles: Mapping[str, str]) -> Attempt:
    return Attempt(
        course_title=titles.get(row["course_id"]),
        entry_point=entry_point(row),
        **{name: row[name] for name in Attempt.model_fields if name not in {"course_title", "entry_point"}},
    )


def attempt_with_why(row: Document, published: Document, titles: Mapping[str, str]) -> AttemptWithWhy:
    shown = attempt({**row, **{name: value for name, value in published.items() if name in row}}, titles)
    return AttemptWithWhy(
        **dict(shown),
        why=[why_of(each) for each in published["why"]],
        history=[Publication(**each) for each in published["history"]],
    )
