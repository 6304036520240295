"""Bulk actions: each of the eight statuses, tasks of two steps, reports of errors, and who gets a mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from learnwire_local.demo.stories import people
from learnwire_local.demo.stories.ledger import Ledger, ago

FILE = "7-bulk-actions"
WHO: dict[str, dict[str, Any]] = {
    "dana": {"id": "A-1", "name": "Dana Whitlock", "email": "dana.whitlock@acme.example", "role": "admin"},
    "milo": {"id": "A-2", "name": "Milo Brandt", "email": "milo.brandt@acme.example", "role": "manager"},
    "wren": {"id": "A-3", "name": "Wren Adeyemi", "email": "wren.adeyemi@orchard.example", "role": "instructor"},
}
PORTAL_OF = {"dana": "acme", "milo": "acme", "wren": "orchard"}
SPELLED = {
    "completed": "Completed",
    "completed_with_errors": "Completed with Errors",
    "cancelled": "Cancelled",
    "failed": "Failed",
}
WITHOUT_REFERENCE = ("group_unenroll", "mark_complete", "reminders")
Row = tuple[int, str, str, str, str]

WRONG_ADDRESS = ("error", "not-an-address", "The address has no @", "Correct the address and upload the row again")
TAKEN = ("error", "mira.solberg@acme.example", "A learner with this address exists", "Use Update users")
NO_GROUP = (
    "warning",
    "GR-77",
    "No such group; the learner was taken in without it",
    "Create the group, then update the row",
)
UNREADABLE: Row = (0, "error", "history.csv", "The file is not UTF-8", "Save it as UTF-8 and upload it again")


@dataclass(frozen=True)
class Action:
    """One bulk action: how it went, and the status that it must show."""

    action_id: str
    kind: str
    who: str
    status: str
    total: int = 0
    outcome: str = ""
    """What its finish says; nothing: it has not finished."""
    ended: datetime | None = None
    files: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, Row], ...] = ()
    task: tuple[int, int] | None = None
    heartbeat: datetime | None = None
    scheduled: datetime | None = None
    report: str = "none"
    notify: bool = True


def _rows(name: str | None, *issues: tuple[int, tuple[str, str, str, str]]) -> tuple[tuple[str | None, Row], ...]:
    return tuple((name, (row, *issue)) for row, issue in issues)


ACTIONS = (
    Action("B-01", "users_upload", "dana", "completed", 120, "completed", ago(days=2), ("new-starters.xlsx",)),
    Action(
        "B-02", "users_update", "dana", "completed_with_errors", 48, "completed", ago(days=1), ("spring-moves.xlsx",),
        _rows("spring-moves.xlsx", (7, WRONG_ADDRESS), (12, TAKEN), (13, TAKEN), (31, NO_GROUP), (40, WRONG_ADDRESS)),
        report="available",
    ),
    Action("B-03", "content_upload", "dana", "completed", 3, "completed", ago(hours=5), ("ladders.zip",), task=(1, 2)),
    Action("B-04", "content_replace", "dana", "in_progress", 3, heartbeat=ago(minutes=2), files=("ladders.zip",), task=(2, 2)),
    Action(
        "B-05", "training_history_migration", "milo", "failed", 0, "failed", ago(days=3), ("history.csv",),
        (("history.csv", UNREADABLE),), report="available",
    ),
    Action(
        "B-06", "group_enroll", "milo", "completed", 30, "completed", ago(hours=30), ("team-north.csv",),
        _rows("team-north.csv", (4, NO_GROUP), (9, NO_GROUP)), report="available",
    ),
    Action("B-07", "group_unenroll", "milo", "cancelled", 12, "cancelled", ago(hours=28)),
    Action("B-08", "mark_complete", "dana", "completed", 25, "completed", ago(hours=26), notify=False),
    Action("B-09", "reminders", "milo", "scheduled", scheduled=ago(days=-2)),
    Action("B-10", "dynamic_rules", "dana", "not_started"),
    Action("B-11", "users_upload", "milo", "timeout", 500, heartbeat=ago(hours=5), files=("everybody.xlsx",)),
    Action(
        "B-12", "group_enroll", "dana", "completed_with_errors", 10, "completed_with_errors", ago(days=8), ("old.csv",),
        _rows("old.csv", (2, TAKEN)), report="expired",
    ),
    Action(
        "B-13", "users_upload", "wren", "completed_with_errors", 60, "completed", ago(hours=8), ("east.csv", "west.csv"),
        (
            *_rows("east.csv", (3, WRONG_ADDRESS)),
            *_rows("west.csv", (5, ("error", people.PAVEL.email, "The licence is used up", "Ask for another licence"))),
        ),
        report="available",
    ),
)  # fmt: skip


def tell(ledger: Ledger) -> None:
    for action in ACTIONS:
        _run(ledger, action)
        _expect(ledger, action)
    ledger.repeat(FILE, 0.1)
    resync = {
        "request_id": "R-1",
        "portal_id": "orchard",
        "requester": {"id": "operator:demo", "name": "Demo operator", "role": "admin"},
        "requested_at": ago(minutes=5),
    }
    ledger.event("8-sunday", "salesforce.resync-requested", resync, ago(minutes=5), source="/operators")


def _run(ledger: Ledger, action: Action) -> None:
    last = action.ended or action.heartbeat or ago(hours=1)
    began = last - timedelta(minutes=40)
    submitted: dict[str, Any] = {
        "action_id": action.action_id,
        "portal_id": PORTAL_OF[action.who],
        "action_type": action.kind,
        "requester": WHO[action.who],
        "submitted_at": began - timedelta(minutes=3),
        "scheduled_for": action.scheduled,
        "file_names": list(action.files),
        "notify": None if action.notify else False,
        "total_rows": action.total or None,
    }
    if action.task:
        step, steps = action.task
        submitted["task"] = {"task_id": "T-1", "step": step, "steps": steps, "label": "Replace SCORM packages"}
    ledger.event(FILE, "bulk-action.submitted", submitted, began - timedelta(minutes=3))
    if action.status in {"scheduled", "not_started"}:
        return
    about = {"action_id": action.action_id}
    ledger.event(FILE, "bulk-action.started", about | {"started_at": began}, began)
    errors = sum(row[1] == "error" for _, row in action.rows)
    warnings = len(action.rows) - errors
    for share in (0.3, 0.7) if action.outcome == "" else (0.5, 1):
        at = last - timedelta(minutes=30) * (1 - share)
        processed = int(action.total * share)
        numbers = {"processed": processed, "warnings": warnings, "errors": errors}
        numbers["succeeded"] = max(0, processed - errors - warnings)
        ledger.event(FILE, "bulk-action.progressed", about | {"progressed_at": at} | numbers, at)
    if action.heartbeat:
        rest = {"progressed_at": last, "processed": int(action.total * 0.8), "succeeded": 0, "warnings": 0, "errors": 0}
        ledger.event(FILE, "bulk-action.progressed", about | rest, last)
    _end(ledger, action, last)


def _end(ledger: Ledger, action: Action, last: datetime) -> None:
    about = {"action_id": action.action_id}
    if action.outcome:
        finished = about | {"finished_at": last, "outcome": action.outcome}
        ledger.event(FILE, "bulk-action.finished", finished, last)
    for name in dict.fromkeys(name for name, _ in action.rows):
        rows = [
            dict(zip(("row", "status", "identifier", "issue", "resolution"), row, strict=True))
            for file, row in action.rows
            if file == name
        ]
        reported = about | {"reported_at": last - timedelta(minutes=1), "file_name": name, "rows": rows}
        ledger.event(FILE, "bulk-action.rows-reported", reported, last - timedelta(minutes=1))


def _expect(ledger: Ledger, action: Action) -> None:
    ledger.bulk[action.action_id] = {
        "requester": action.who,
        "status": action.status,
        "report": action.report,
        "has_reference": action.kind not in WITHOUT_REFERENCE,
    }
    if action.report == "available":
        several = len(action.files) > 1
        ledger.reports[action.action_id] = [
            [
                *([name] if several and name else []),
                str(row or ""),
                status.capitalize(),
                _erased(identifier),
                issue,
                resolution,
            ]
            for name, (row, status, identifier, issue, resolution) in action.rows
        ]
    if action.outcome and action.notify:
        ledger.mails.append({"to": WHO[action.who]["email"], "status": SPELLED[action.status]})


def _erased(identifier: str) -> str:
    return "erased" if identifier == people.PAVEL.email else identifier
