"""Facts as publishers say them, and how the tests tell instants."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    ReportedRow,
    Requester,
)

# Far ahead, so that the database's own expiry deletes nothing that the tests' clock still has.
START = datetime(2036, 11, 20, 9, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after the tests' beginning of time."""
    return START + timedelta(minutes=minutes)


def submitted(minutes: float = 0, action_id: str = "a-1", **changes: Any) -> BulkActionSubmitted:
    known: dict[str, Any] = {
        "action_id": action_id,
        "portal_id": "acme",
        "action_type": "users_upload",
        "requester": ada(),
        "submitted_at": at(minutes),
        "file_names": ("users-march.csv",),
    }
    return BulkActionSubmitted(**(known | changes))


def ada(**changes: Any) -> Requester:
    known: dict[str, Any] = {"id": "u-ada", "name": "Ada Example", "email": "ada@acme.example", "role": "admin"}
    return Requester(**(known | changes))


def started(minutes: float, action_id: str = "a-1") -> BulkActionStarted:
    return BulkActionStarted(action_id=action_id, started_at=at(minutes))


def progressed(minutes: float, processed: int = 1, action_id: str = "a-1", **changes: Any) -> BulkActionProgressed:
    known: dict[str, Any] = {"succeeded": processed, "warnings": 0, "errors": 0}
    return BulkActionProgressed(
        action_id=action_id, progressed_at=at(minutes), processed=processed, **(known | changes)
    )


def finished(
    minutes: float,
    outcome: Literal["completed", "completed_with_errors", "cancelled", "failed"] = "completed",
    action_id: str = "a-1",
    message: str | None = None,
) -> BulkActionFinished:
    return BulkActionFinished(action_id=action_id, finished_at=at(minutes), outcome=outcome, message=message)


def a_row(row: int, status: Literal["error", "warning"] = "error", **changes: str) -> ReportedRow:
    known = {"identifier": f"user{row}@acme.example", "issue": "Unknown group", "resolution": "Create the group first"}
    return ReportedRow(row=row, status=status, **(known | changes))


def rows_reported(
    minutes: float, *rows: ReportedRow, action_id: str = "a-1", file_name: str | None = None
) -> BulkActionRowsReported:
    return BulkActionRowsReported(
        action_id=action_id, reported_at=at(minutes), file_name=file_name, rows=rows or (a_row(2),)
    )
