"""Records that must be set aside, each with its reason, and one that must be passed over."""

import json
from typing import Any

from learnwire_local.demo.stories import people
from learnwire_local.demo.stories.ledger import Ledger, ago, text

FILE = "9-bad"


def tell(ledger: Ledger) -> None:
    mira: dict[str, Any] = {"portal_id": "acme", "learner_id": people.MIRA.learner_id}
    key = f"acme/{people.MIRA.learner_id}"
    _raw(ledger, "learnwire.enrollments.v1", key, '{"specversion": "1.0", "id": "cut-off-in-mid-')
    ledger.dead_letter("salesforce-syncer", "malformed")
    score = mira | {
        "enrollment_id": "E-1",
        "course_id": "C-11",
        "course_name": "Welcome",
        "status": "passed",
        "version": 1,
    }
    score |= {"enrolled_at": text(ago(days=2)), "completed_at": text(ago(days=1)), "score": "ninety"}
    _wrong(ledger, "learnwire.enrollments.v1", key, "enrollment.changed", score)
    ledger.dead_letter("salesforce-syncer", "invalid")
    link = mira | {"salesforce_kind": "user", "salesforce_id": "005000000000001AAB", "via": "tab_opened"}
    _wrong(ledger, "learnwire.learners.v1", key, "learner.linked", link | {"linked_at": text(ago(days=1))})
    for service in ("salesforce-syncer", "go1-stats-processor"):
        ledger.dead_letter(service, "invalid")
    _raw(ledger, "learnwire.go1.v1", "nobody@acme.example", None)
    ledger.dead_letter("go1-stats-processor", "malformed")
    completion = {"portal_id": "acme", "email": people.MIRA.email, "course_id": "G-1", "go1_enrollment_id": "GE-90"}
    _wrong(
        ledger,
        "learnwire.go1.v1",
        people.MIRA.email,
        "go1.course-completed",
        completion | {"passed": "yes", "version": 1},
    )
    ledger.dead_letter("go1-stats-processor", "invalid")
    for kind, source in (("enrollment", "course_completed"), ("status_change", "course_complete")):
        action = {"email": people.SAM.email, "content_type": "course", "content_title": "Giving Feedback", "type": kind}
        action |= {"source": source, "timestamp": text(ago(days=1))}
        _wrong(ledger, "learnwire.content-actions.v1", people.SAM.email, "content-action.recorded", action)
        ledger.dead_letter("action-logger", "invalid")
    erased = mira | {"erased_at": text(ago(days=1))}  # the right to log is not the right to erase
    _wrong(ledger, "learnwire.content-actions.v1", people.MIRA.email, "learner.erased", erased)
    ledger.dead_letter("action-logger", "invalid")
    progress: dict[str, Any] = {"action_id": "B-01", "progressed_at": text(ago(days=2)), "processed": -3}
    progress |= {"succeeded": 0, "warnings": 0, "errors": 0}
    _wrong(ledger, "learnwire.bulk-actions.v1", "B-01", "bulk-action.progressed", progress)
    ledger.dead_letter("bulk-tracker", "invalid")
    _wrong(ledger, "learnwire.learners.v1", key, "learner.praised", mira)  # nobody knows the type: passed over


def _wrong(ledger: Ledger, topic: str, key: str, kind: str, data: dict[str, Any]) -> None:
    ledger.count += 1
    envelope = {
        "specversion": "1.0",
        "id": f"demo-{ledger.count:04d}",
        "source": "/lms/acme",
        "type": f"learnwire.{kind}.v1",
        "time": text(ago(hours=1)),
        "data": data,
    }
    _raw(ledger, topic, key, json.dumps(envelope))


def _raw(ledger: Ledger, topic: str, key: str, value: str | None) -> None:
    ledger.files.setdefault(FILE, []).append({"topic": topic, "key": key, "raw": value})
