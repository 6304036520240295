"""Error reports: when there is one, what its file is called, which row comes where."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bulk_tracker.domain.action import Action, Rules
from bulk_tracker.domain.status import later, report_is_over
from contracts.bulk_actions import ReportedRow

HEADER = ("Row", "Status", "Identifier", "Issue", "Resolution")
ERASED = "erased"
FIRST_ISSUES = 25
"""Groups of issues that a summary shows."""
LONGEST_STEM = 100


@dataclass(frozen=True, slots=True)
class Report:
    """The state of an action's error report."""

    state: Literal["none", "available", "expired"]
    expires_at: datetime | None = None
    file_name: str | None = None


def report_of(action: Action, *, now: datetime, rules: Rules) -> Report:
    if action.submission is None or action.ended_at is None or action.first_row_at is None:
        return Report("none")
    expires_at = later(action.ended_at, rules.report_for)
    if report_is_over(action, now, rules):
        return Report("expired", expires_at)
    if action.rows_deleted:
        return Report("none")
    return Report("available", expires_at, report_name(action))


def report_name(action: Action) -> str:
    files = action.submission.data.file_names if action.submission else ()
    stem = _stem(files[0]) if files else "report"
    more = f"-and-{len(files) - 1}-more" if len(files) > 1 else ""
    return f"{stem}{more}-errors-{clean_name(action.reference_id or action.action_id) or 'report'}.csv"


def _stem(file_name: str) -> str:
    name = clean_name(file_name)
    stem, dot, _ = name.rpartition(".")
    return ((stem if dot else name).strip(" .")[:LONGEST_STEM]).strip(" .") or "report"


def clean_name(file_name: str) -> str:
    """Return the name without path parts, control and direction-changing characters."""
    last = file_name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(each for each in last if not _unwanted(each)).strip(" .")


def _unwanted(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} or character in _BIDI


_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def row_identity(action_id: str, file_name: str | None, row: ReportedRow) -> bytes:
    """Return what makes a row that row: the same row said twice is one."""
    parts = (action_id, file_name, row.row, row.status, row.identifier, row.issue, row.resolution)
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def cells(*, row: int, status: str, identifier: str, issue: str, resolution: str) -> tuple[str, ...]:
    """Return a line of the report; row 0 is the whole file and has no number."""
    return (str(row) if row else "", status.capitalize(), identifier, issue, resolution)


def shown_file(file_name: str | None, file_names: Sequence[str]) -> str:
    """Return the file that a row belongs to: the only one where the row names none."""
    if file_name is not None:
        return file_name
    return file_names[0] if len(file_names) == 1 else ""
