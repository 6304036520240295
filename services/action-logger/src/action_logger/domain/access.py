"""When somebody had access to a piece of content, and what in the log contradicts itself. Pure.

An enrollment grants access, a revocation ends it; moving between sessions (`reschedule`) ends one grant and keeps the
others. A row that a later row corrects does not count. Certificates that come with buying or enrolling, or that somebody
gave, need no completion; those that say they come with one do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from action_logger.domain.rows import Reference, Row

COMPLETIONS = frozenset(
    {
        "course_completed",
        "manager_change_completed",
        "Manager_grant_completed",
        "recertify_course",
        "recertify_learning_path",
        "webinar_attended",
    }
)
NEEDS_COMPLETION = frozenset({"course_completed", "manager_change_completed"})
"""Sources of certificates whose meaning is that there was a completion."""

Kind = Literal["revocation_without_enrollment", "completion_after_revocation", "certificate_without_completion"]


@dataclass(frozen=True, slots=True)
class Period:
    """Access from one instant up to another; `end` None: until now."""

    begin: datetime
    granted_by: tuple[Reference, ...]
    end: datetime | None = None
    revoked_by: Reference | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A row that cannot be true beside the rows before it."""

    kind: Kind
    at: datetime
    event: Reference


@dataclass(slots=True)
class Timeline:
    """Periods and contradictions, in order."""

    periods: list[Period] = field(default_factory=list[Period])
    contradictions: list[Contradiction] = field(default_factory=list[Contradiction])


def timeline(rows: Iterable[Row]) -> Timeline:
    """Work out one person's access to one piece of content from all rows about them."""
    rows = list(rows)
    corrected = {row.corrects for row in rows}
    found = _Fold()
    for row in sorted((row for row in rows if row.event not in corrected), key=_place):
        found.take(row)
    return Timeline([*found.periods, *found.open_period()], found.contradictions)


def _place(row: Row) -> tuple[datetime, int, Reference]:
    """Order rows of one instant so that a change of session, or a renewal, leaves no gap."""
    match row.type:
        case "revoked_access":
            rank = 2 if row.source == "reschedule" else 0
        case "enrollment":
            rank = 1
        case "status_change":
            rank = 3
        case _:
            rank = 4
    return row.timestamp, rank, row.event


@dataclass(slots=True)
class _Fold:
    periods: list[Period] = field(default_factory=list[Period])
    contradictions: list[Contradiction] = field(default_factory=list[Contradiction])
    begin: datetime | None = None
    grants: list[Reference] = field(default_factory=list[Reference])
    """Of the period that is open."""
    moved: int = 0
    """How many of them were left behind by changes of session."""
    completed: bool = False

    def take(self, row: Row) -> None:
        match row.type:
            case "enrollment":
                self.begin = self.begin or row.timestamp
                self.grants.append(row.event)
            case "revoked_access":
                self._revoke(row)
            case "status_change" if row.source in COMPLETIONS:
                self.completed = True
                if self.begin is None and self.periods:
                    self._contradict("completion_after_revocation", row)
            case "certificate_grant" if row.source in NEEDS_COMPLETION and not self.completed:
                self._contradict("certificate_without_completion", row)
            case _:
                pass

    def open_period(self) -> Sequence[Period]:
        return () if self.begin is None else (Period(self.begin, tuple(self.grants)),)

    def _revoke(self, row: Row) -> None:
        if self.begin is None:
            self._contradict("revocation_without_enrollment", row)
        elif row.source == "reschedule" and len(self.grants) - self.moved > 1:
            self.moved += 1
        else:
            self.periods.append(Period(self.begin, tuple(self.grants), row.timestamp, row.event))
            self.begin, self.grants, self.moved = None, [], 0

    def _contradict(self, kind: Kind, row: Row) -> None:
        self.contradictions.append(Contradiction(kind, row.timestamp, row.event))
