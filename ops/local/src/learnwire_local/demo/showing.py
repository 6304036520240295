"""What happened, as tables."""

from typing import Any

from rich.console import Console
from rich.table import Table

from learnwire_local.demo import looking
from learnwire_local.demo.looking import Seen
from learnwire_local.demo.stage import Stage

HEAD = 8
PROFILE = ("Enrolled", "Completed", "Passed", "Failed", "In_Progress", "Pending_Review")


def show(console: Console, stage: Stage, seen: Seen) -> None:
    for table in (
        _objects(seen),
        _enrollments(seen),
        _profiles(seen),
        _attempts(stage, seen),
        _parked(seen),
        _log(seen),
        _bulk(seen),
        _report(seen),
        _mails(seen),
        _dead_letters(seen),
    ):
        console.print(table)
        console.print()


def _table(title: str, *columns: str, caption: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", caption=caption, caption_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _cells(*values: Any) -> list[str]:
    return ["" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in values]


def _objects(seen: Seen) -> Table:
    table = _table("Salesforce: rows", "Object", "Rows")
    for name, rows in seen.salesforce.items():
        table.add_row(name, str(len(rows)))
    return table


def _enrollments(seen: Seen) -> Table:
    rows = seen.salesforce.get("LearnUponEnrollment__c", {})
    table = _table("Salesforce: enrollments of users", "Key", "Course", "Status", "Score", caption=_first(len(rows)))
    for key, row in sorted(rows.items())[:HEAD]:
        table.add_row(*_cells(key, row.get("Course_Name__c"), row.get("Status__c"), row.get("Score__c")))
    return table


def _profiles(seen: Seen) -> Table:
    table = _table("Salesforce: profiles", "Record", *(name.replace("_", " ") for name in PROFILE), "Last accessed")
    for record, row in sorted((seen.salesforce.get("User", {}) | seen.salesforce.get("Contact", {})).items()):
        counters = [row.get(f"LearnUpon_Courses_{name}__c") for name in PROFILE]
        table.add_row(*_cells(record, *counters, row.get("LearnUpon_Last_Accessed__c")))
    return table


def _attempts(stage: Stage, seen: Seen) -> Table:
    columns = ("Attempt", "Learner", "Course", "Status", "Progress", "Result", "Time", "Why")
    table = _table("Go1: attempts, and why they are so", *columns)
    for each in seen.attempts:
        rules = [str(rule["rule"]) for rule in looking.why(stage, each["attempt_id"])]
        table.add_row(
            *_cells(
                each["attempt_id"],
                each["learner_id"],
                each.get("course_title") or each["course_id"],
                each["status"] + (" (legacy)" if each["legacy"] else ""),
                f"{each['progress_percent']} %",
                each.get("result"),
                _time(each.get("time_spent_seconds"), each.get("time_spent_basis")),
                ", ".join(dict.fromkeys(rules)),
            )
        )
    return table


def _time(seconds: int | None, basis: str | None) -> str:
    shown = "" if seconds is None else f"{seconds // 3600}:{seconds % 3600 // 60:02d} "
    return f"{shown}{basis or ''}"


def _parked(seen: Seen) -> Table:
    table = _table("Go1: completions that wait for an answer", "Go1 enrollment", "Course", "Reason")
    for each in seen.parked:
        table.add_row(*_cells(each["go1_enrollment_id"], each["course_id"], each["reason"]))
    return table


def _log(seen: Seen) -> Table:
    columns = ("Email", "Panorama Name", "Content Type", "Content Title", "Type", "Source", "Timestamp")
    table = _table("Content actions: the report", *columns, caption=_first(len(seen.log)))
    for row in seen.log[:HEAD]:
        table.add_row(*_cells(*(row.get(column.lower().replace(" ", "_")) for column in columns)))
    return table


def _bulk(seen: Seen) -> Table:
    table = _table("Bulk actions", "Requester", "Action", "Status", "Reference ID", "Rows", "Report")
    for items in seen.bulk.values():
        for item in items:
            counts: dict[str, Any] = item.get("counts") or {}
            rows = f"{counts.get('processed', 0)} of {counts.get('total') or '?'}"
            status, report = item["status_label"], item["report"]["state"]
            requester = item["requester"]["name"]
            table.add_row(*_cells(requester, item["label"], status, item["reference_id"] or "none", rows, report))
    return table


def _report(seen: Seen) -> Table:
    table = _table("Error report of B-02", "Row", "Status", "Identifier", "Issue", "Resolution")
    for row in seen.reports.get("B-02", [])[:HEAD]:
        table.add_row(*row)
    return table


def _mails(seen: Seen) -> Table:
    table = _table("Mails", "To", "Subject")
    for mail in seen.mails:
        table.add_row(mail["to"], mail["subject"])
    return table


def _dead_letters(seen: Seen) -> Table:
    table = _table("Dead letters", "Service", "Topic", "Reason", "Detail")
    for each in seen.dead_letters:
        table.add_row(each["service"], each["topic"], each["reason"], each["detail"])
    return table


def _first(rows: int) -> str | None:
    return f"the first {HEAD} of {rows}" if rows > HEAD else None
