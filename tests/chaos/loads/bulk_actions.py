"""bulk-tracker under load: every fact of an action shows somewhere in its state or in its error report."""

import csv
import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    ReportedRow,
    Requester,
    Task,
)
from contracts.catalog import BULK_STATUSES
from contracts.envelope import Envelope
from tests.chaos.ledger import Entry
from tests.chaos.loads.load import an_id, envelope, maybe
from tests.chaos.verifier import Seen, Things, Verdict, compare_publications
from tests.world import Process, World, eventually

REQUESTERS = tuple((f"person{number}", f"portal{number % 2}") for number in range(6))
WITHOUT_REFERENCE = frozenset({"group_unenroll", "mark_complete", "reminders"})
TYPES = ("users_upload", "content_replace", "group_enroll", "dynamic_rules", "odd_one", *sorted(WITHOUT_REFERENCE))
OUTCOMES = ("completed", "completed_with_errors", "cancelled", "failed")
LABELS = {
    "not_started": "Not started",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "completed": "Completed",
    "completed_with_errors": "Completed with errors",
    "cancelled": "Cancelled",
    "failed": "Failed",
}
TAKEN = ("action_id", "action_type", "submitted_at", "scheduled_for", "file_names", "task")
ADDED = (
    "reference_id",
    "status",
    "status_label",
    "started_at",
    "last_heartbeat_at",
    "finished_at",
    "counts",
    "message",
)
A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class BulkActions:
    service: str = "bulk-tracker"

    async def prepare(self, world: World, stack: AsyncExitStack) -> Mapping[str, str]:
        del world, stack
        return {}

    def events(self, rng: random.Random, count: int, now: datetime) -> Sequence[Envelope[Any]]:
        found: list[Envelope[Any]] = []
        histories: list[list[Envelope[Any]]] = []
        while sum(map(len, histories)) < count:
            histories.append([envelope(each, rng, now) for each in _history(rng, now)])
        while histories:  # several actions at once, each in its order
            some = histories[: rng.randint(1, 8)]
            chosen = rng.choice(some)
            found.append(chosen.pop(0))
            if not chosen:
                histories.remove(chosen)
        return found

    def rivals(self, rng: random.Random, good: Sequence[Entry]) -> Sequence[Entry]:
        del rng, good
        return ()

    def expected(self, facts: Sequence[dict[str, Any]]) -> Things:
        by_action: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for fact in facts:
            kinds = by_action.setdefault(fact["data"]["action_id"], {})
            told = kinds.setdefault(fact["type"].split(".")[2], [])
            if fact["data"] not in told:
                told.append(fact["data"])
        found: dict[str, Any] = {}
        for action_id, kinds in by_action.items():
            if "submitted" in kinds:
                found[action_id] = _item(kinds)
                found |= _rows(action_id, kinds) if "finished" in kinds else {}
        return found

    async def seen(self, world: World, process: Process) -> Seen:
        found: list[tuple[str, Any]] = []
        for subject, portal in REQUESTERS:
            token = world.token(self.service, "admin", subject=subject, portal_id=portal)
            cursor: dict[str, str] = {}
            while True:
                page = (await _get(world, process, "/v1/actions", token, limit="200", **cursor)).json()
                for item in page["items"]:
                    found.append((item["action_id"], _shown(item)))
                    if item["report"]["state"] == "available":
                        path = f"/v1/actions/{item['action_id']}/error-report"
                        report = await _get(world, process, path, token)
                        found += _report(item["action_id"], report.content.decode("utf-8-sig"))
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
        return found

    async def published(self, world: World, expected: Things) -> Verdict:
        records = await world.records(BULK_STATUSES)
        actions = {key: value for key, value in expected.items() if "status" in value}
        fields = ("action_id", "reference_id", "status")
        return compare_publications(f"/learnwire/{self.service}", records, actions, thing="action_id", fields=fields)


async def _get(world: World, process: Process, path: str, token: str, **parameters: str) -> Any:
    """GET; too many requests a second are answered 429, and asked again."""

    async def ask() -> Any:
        return await world.get(process, path, token=token, **parameters)

    answer = await eventually(ask, path, until=lambda each: each.status_code != 429)
    answer.raise_for_status()
    return answer


def _history(rng: random.Random, now: datetime) -> list[Any]:
    """Facts of one action. It may still wait, be at work, or have ended; nothing here stalls within a day."""
    action = an_id(rng)
    subject, portal = rng.choice(REQUESTERS)
    submitted_at = now - timedelta(minutes=rng.randint(60, 600))
    files = tuple(f"upload {action[:8]} {number}.csv" for number in range(rng.randint(0, 3)))
    waits = rng.random() < 0.15
    facts: list[Any] = [
        BulkActionSubmitted(
            action_id=action,
            portal_id=portal,
            action_type=rng.choice(TYPES),
            requester=Requester(id=subject, name=f"Name of {subject}", role="admin"),
            submitted_at=submitted_at,
            scheduled_for=now + timedelta(days=1) if waits and rng.random() < 0.5 else None,
            file_names=files,
            task=maybe(rng, Task(task_id=f"task {action}".replace(" ", "-"), step=1, steps=2, label="Two steps"), 0.2),
            total_rows=rng.randint(1000, 9999),
            stalls_after_seconds=A_DAY,
        )
    ]
    if waits:
        return facts
    facts.append(BulkActionStarted(action_id=action, started_at=submitted_at + timedelta(seconds=rng.randint(1, 60))))
    errors, warnings = rng.randint(0, 9), rng.randint(0, 9)
    heartbeat = BulkActionProgressed(
        action_id=action,
        progressed_at=submitted_at + timedelta(minutes=rng.randint(2, 50)),
        processed=errors + warnings + 100,
        succeeded=100,
        warnings=warnings,
        errors=errors,
    )
    facts.append(heartbeat)
    if rng.random() < 0.2:
        return facts
    facts += _chunks(rng, action, files, submitted_at + timedelta(minutes=51))
    facts.append(
        BulkActionFinished(
            action_id=action,
            finished_at=submitted_at + timedelta(minutes=55, milliseconds=rng.randrange(1000)),
            outcome=rng.choice(OUTCOMES),
            message=maybe(rng, f"Message {rng.randrange(999)}"),
        )
    )
    return facts


def _chunks(rng: random.Random, action: str, files: tuple[str, ...], at: datetime) -> list[BulkActionRowsReported]:
    """Up to three chunks of rows, every row another."""
    numbers = iter(range(2, 999))
    return [
        BulkActionRowsReported(
            action_id=action,
            reported_at=at + timedelta(seconds=chunk),
            file_name=files[chunk % len(files)] if files else None,
            rows=tuple(
                ReportedRow(
                    row=next(numbers),
                    status=rng.choice(["error", "warning"]),
                    identifier=f"row{rng.getrandbits(40)}@example.org",
                    issue=f"Issue {rng.randrange(5)}",
                    resolution="Mend it",
                )
                for _ in range(rng.randint(1, 12))
            ),
        )
        for chunk in range(rng.randint(0, 3))
    ]


def _item(kinds: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    (submitted,) = kinds["submitted"]
    (started,) = kinds.get("started", [{}])
    (progressed,) = kinds.get("progressed", [{}])
    (finished,) = kinds.get("finished", [{}])
    status = _status(submitted, started, progressed, finished, kinds.get("rows-reported", []))
    numbers = {name: progressed.get(name, 0) for name in ("processed", "succeeded", "warnings", "errors")}
    return {name: submitted.get(name) for name in TAKEN} | {
        "requester": {name: submitted["requester"][name] for name in ("id", "name")},
        "reference_id": _reference(submitted),
        "status": status,
        "status_label": LABELS[status],
        "started_at": started.get("started_at"),
        "last_heartbeat_at": progressed.get("progressed_at") or started.get("started_at"),
        "finished_at": finished.get("finished_at"),
        "counts": {"total": submitted["total_rows"]} | numbers,
        "message": finished.get("message"),
    }


def _status(
    submitted: dict[str, Any],
    started: dict[str, Any],
    progressed: dict[str, Any],
    finished: dict[str, Any],
    reports: list[dict[str, Any]],
) -> str:
    if finished:
        errors = any(row["status"] == "error" for each in reports for row in each["rows"])
        outcome = finished["outcome"]
        return "completed_with_errors" if errors and outcome == "completed" else outcome
    if started or progressed:
        return "in_progress"
    return "scheduled" if submitted.get("scheduled_for") else "not_started"


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _reference(submitted: dict[str, Any]) -> str | None:
    if submitted["action_type"] in WITHOUT_REFERENCE:
        return None
    name = f"{submitted['portal_id']}/{submitted['action_id']}"
    bits = "".join(f"{byte:08b}" for byte in hashlib.sha256(name.encode()).digest())
    letters = [CROCKFORD[int(bits[at : at + 5], 2)] for at in range(0, 50, 5)]
    return f"BA-{''.join(letters[:5])}-{''.join(letters[5:])}"


def _rows(action_id: str, kinds: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        f"{action_id} row {row['row']}": [str(row["row"]), row["status"], row["identifier"], row["issue"]]
        for each in kinds.get("rows-reported", [])
        for row in each["rows"]
    }


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in (*TAKEN, *ADDED, "requester")}


def _report(action_id: str, text: str) -> list[tuple[str, Any]]:
    header, *lines = list(csv.reader(io.StringIO(text)))
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    return [
        (f"{action_id} row {row['Row']}", [row["Row"], row["Status"].lower(), row["Identifier"], row["Issue"]])
        for row in rows
    ]
