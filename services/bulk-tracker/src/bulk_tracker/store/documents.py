"""An action as a document, and back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from bulk_tracker.domain.action import Action, Change, Origin, Submission
from bulk_tracker.domain.vocabulary import Status, reference_key
from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionStarted,
    BulkActionSubmitted,
)
from contracts.event import Event
from shared.mongo import Document

SHAPE = 1
MOST_FILE_LETTERS = 200
"""Of a file's name, for the search."""

_PLAIN = ("first_row_at", "first_error_at", "judged_until", "rows_deleted", "ended_at", "due_at", "version", "mailed")


def to_document(action: Action, *, requester_mark: str | None, touched_at: datetime) -> Document:
    """Return the document; what lists and look-ups ask stands beside the facts."""
    document: Document = {name: getattr(action, name) for name in _PLAIN}
    document |= {
        "status": action.status.value if action.status else None,
        "touched_at": touched_at,
        "owes": list(action.owes),
        "history": [asdict(change) | {"origin": _present(change.origin)} for change in action.history],
    }
    for name in ("started", "progress", "total", "finish"):
        fact: Event | None = getattr(action, name)
        document[name] = fact.model_dump(exclude_none=True) if fact else None
    if action.submission is not None:
        document |= _of_submission(action, action.submission, requester_mark)
    return {name: value for name, value in document.items() if value is not None}


def _of_submission(action: Action, submission: Submission, requester_mark: str | None) -> Document:
    data = submission.data
    reference_id = action.reference_id
    return {
        "submission": {
            "data": data.model_dump(exclude_none=True),
            "said_at": submission.said_at,
            "erased": submission.erased,
            "origin": _present(submission.origin),
        },
        "portal_id": data.portal_id,
        "requester_id": data.requester.id,
        "requester_mark": requester_mark,
        "submitted_at": data.submitted_at,
        "action_type": data.action_type,
        "reference_key": reference_key(reference_id) if reference_id else None,
        "files": [name.casefold()[:MOST_FILE_LETTERS] for name in data.file_names],
        "task_id": data.task.task_id if data.task else None,
    }


def to_action(document: Document) -> Action:
    """Return the action that a document holds."""
    plain: dict[str, Any] = {name: document[name] for name in _PLAIN if name in document}
    return Action(
        action_id=document["_id"],
        submission=_submission(document.get("submission")),
        started=_fact(BulkActionStarted, document.get("started")),
        progress=_fact(BulkActionProgressed, document.get("progress")),
        total=_fact(BulkActionProgressed, document.get("total")),
        finish=_fact(BulkActionFinished, document.get("finish")),
        status=Status(document["status"]) if "status" in document else None,
        history=tuple(_change(each) for each in document.get("history", ())),
        owes=tuple(document.get("owes", ())),
        **plain,
    )


E_ = TypeVar("E_", bound=Event)


def _fact(kind: type[E_], stored: Document | None) -> E_ | None:
    # Not strict: a tuple comes back as a list. Tolerant: the next release may have stored more.
    return None if stored is None else kind.model_validate(stored, strict=False, extra="ignore")


def _submission(stored: Document | None) -> Submission | None:
    if stored is None:
        return None
    data = BulkActionSubmitted.model_validate(stored["data"], strict=False, extra="ignore")
    return Submission(data, stored["said_at"], erased=stored["erased"], origin=_origin(stored))


def _change(stored: Document) -> Change:
    previous = stored["previous"]
    return Change(
        version=stored["version"],
        at=stored["at"],
        status=Status(stored["status"]),
        previous=Status(previous) if previous else None,
        cause=stored["cause"],
        origin=_origin(stored),
    )


def _present(origin: Origin) -> Document:
    return {name: value for name, value in asdict(origin).items() if value is not None}


def _origin(stored: Document) -> Origin:
    # Documents of earlier releases have none.
    return Origin(**stored.get("origin", {}))
