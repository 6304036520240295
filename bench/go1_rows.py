"""Rows as the service stores them, as many as a test of volume wants; a fifth are of one course."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from bench import go1_load

INSERTED_AT_ONCE = 10_000
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def insert(mongo: "MongoClient[dict[str, Any]]", database: str, attempts: int) -> None:
    rows = mongo[database]["attempts"]
    for start in range(0, attempts, INSERTED_AT_ONCE):
        rows.insert_many([_row(each) for each in range(start, min(attempts, start + INSERTED_AT_ONCE))], ordered=False)


def _row(number: int) -> dict[str, Any]:
    """As `store.rows` writes it. Every fifth is of one course."""
    course = "big" if number % 5 == 0 else f"course{number % go1_load.COURSES}"
    learner, attempt, began = f"l{number // 4}", f"a{number}", BEGIN + timedelta(seconds=number)
    state = ("in_progress", "completed", "completed", "completed", "voided")[number // 5 % 5]
    done = state == "completed"
    return {
        "_id": f"volume {attempt} {learner} {course}",
        "version": 2,
        "portal_id": "volume",
        "learner_id": learner,
        "course_id": course,
        "attempt_id": attempt,
        "address": f"{learner}@example.org",
        "email": f"{learner}@example.org",
        "origin": "platform",
        "channel": "web",
        "entry_kind": "catalog",
        "entry_id": None,
        "go1_enrollment_id": f"e{number}" if done else None,
        "status": state,
        "legacy": False,
        "progress_percent": 100 if done else 50,
        "result": ("success" if number % 7 else "failed") if done else None,
        "started_at": began,
        "last_activity_at": began + timedelta(minutes=number % 600),
        "completed_at": began + timedelta(minutes=number % 600) if done else None,
        "time_spent_seconds": number % 600 * 60 if done else None,
        "time_spent_basis": "elapsed" if done else None,
    }
