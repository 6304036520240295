"""What a desired row's document becomes: when what is desired changes, and when it does not.

A row's document: `object`, `key`, `portal_id`, `learner_id`, `membership`, `records`, `touched`; `payload` and its `hash`;
`version`, raised with every change; `deleted` (Salesforce should not hold it; `erased`: by the right to erasure);
`state`; `dirty_since` while Salesforce is to be told; `accessed_due`, when a newer last access may be told;
`contenders`, learners who ask for it in vain (`claims`); `owes`, the profiles to be told; `written` (`hash`, `accessed`, `at`: last acknowledged) and `salesforce_id`;
`in_doubt` from before a request until its answer is kept; `error`.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from salesforce_syncer.domain.kept import canonical_text
from salesforce_syncer.domain.objects import ACCESSED, CHILDREN, MEMBERSHIP, PROFILE_ACCESSED
from salesforce_syncer.domain.rows import Payload, Row

Document = dict[str, Any]
SHAPE = 1
COUNTERS = "counters"
LAST_ACCESS = "accessed"


def payload_hash(payload: Payload) -> str:
    """Return what tells two payloads apart; the last access has its own pace and is left out."""
    return hashlib.sha256(canonical_text(_without_access(payload)).encode()).hexdigest()[:32]


def _without_access(payload: Payload) -> Payload:
    return {name: value for name, value in payload.items() if name not in _PACED}


_PACED = frozenset({ACCESSED, PROFILE_ACCESSED})


def debt(why: str, record: str) -> str:
    return f"{why}:{record}"


def desired(before: Mapping[str, Any] | None, row: Row, *, now: datetime, every: timedelta) -> Document | None:
    """Return the document of a row that is desired, None where nothing changes for it."""
    return begun(row, now=now) if before is None else changed(before, row, now=now, every=every)


def begun(row: Row, *, now: datetime) -> Document:
    """Return the document of a row that is desired for the first time."""
    document: Document = {
        "_id": row.id,
        "shape": SHAPE,
        "version": 1,
        **_content(row),
        "hash": payload_hash(row.payload),
        "deleted": False,
        "state": "gone" if row.gone else "dirty",
        "owes": _debts(row.object, row.records, row.touched),
    }
    if not row.gone:
        document["dirty_since"] = now
    return _told(document)


def changed(before: Mapping[str, Any], row: Row, *, now: datetime, every: timedelta) -> Document | None:
    """Return the document of a row that is still desired, None where nothing changes for it."""
    same = not before["deleted"] and row.gone == (before["state"] == "gone")
    same = same and _without_access(before["payload"]) == _without_access(row.payload)
    same &= tuple(before["records"]) == row.records and tuple(before.get("touched", ())) == row.touched
    if same:
        return _accessed(before, row, now=now, every=every)
    content = {**_content(row), "hash": payload_hash(row.payload)}
    document = {**before, **content, "deleted": False, "version": before["version"] + 1}
    for name in ("erased", "approved", "error", "accessed_due"):
        document.pop(name, None)
    if row.gone:
        document["state"] = "gone"
        document.pop("dirty_since", None)
    else:
        document["state"] = "dirty"
        document["dirty_since"] = before.get("dirty_since") or now
    records = (*before["records"], *row.records)
    document["owes"] = sorted(
        {*before.get("owes", ()), *_debts(row.object, records, (*before.get("touched", ()), *row.touched))}
    )
    return _told(document)


def withdrawn(before: Mapping[str, Any], *, erased: bool, now: datetime) -> Document | None:
    """Return the document of a row that is no longer desired, None where that is known. Its content goes at once."""
    if before["deleted"] and before.get("erased", False) == erased:
        return None
    known = any(before.get(name) for name in ("salesforce_id", "written", "in_doubt"))
    document: Document = {
        **before,
        "payload": {},
        "hash": "",
        "records": [],
        "touched": [],
        "deleted": True,
        "version": before["version"] + 1,
    }
    for name in ("dirty_since", "accessed_due", "error", "erased"):
        document.pop(name, None)
    if erased:
        document["erased"] = True
    pending = known and not (before["deleted"] and before["state"] == "deleted")
    document["state"] = "dirty" if pending else "deleted"
    if pending:
        document["dirty_since"] = before.get("dirty_since") or now
    document["owes"] = sorted(
        {*before.get("owes", ()), *_debts(before["object"], before["records"], before.get("touched", ()))}
    )
    return _told(document)


def _told(document: Document) -> Document:
    if not document["owes"]:
        del document["owes"]
    return document


def _content(row: Row) -> Document:
    content: Document = {
        "object": row.object,
        "key": row.key,
        "portal_id": row.portal_id,
        "learner_id": row.learner_id,
        "payload": row.payload,
        "records": list(row.records),
    }
    if row.learner_id is not None:
        content["learner"] = f"{row.portal_id}/{row.learner_id}"
    if row.membership is not None:
        content["membership"] = row.membership
    if row.object == MEMBERSHIP:
        content["membership"] = row.key
        content["touched"] = list(row.touched)
    return content


def _debts(object_name: str, records: tuple[str, ...] | list[str], touched: tuple[str, ...] | list[str]) -> list[str]:
    """Return which profiles must be counted anew."""
    if object_name == MEMBERSHIP:
        return sorted({debt(COUNTERS, record) for record in (*records, *touched)})
    if object_name in CHILDREN[:2]:
        return sorted({debt(COUNTERS, record) for record in records})
    return []


def _accessed(before: Mapping[str, Any], row: Row, *, now: datetime, every: timedelta) -> Document | None:
    """Return the document of a membership whose learner was seen again: told at once the first time, then at intervals."""
    if row.object != MEMBERSHIP or before["payload"].get(ACCESSED) == row.payload[ACCESSED]:
        return None
    document = {**before, "payload": row.payload, "version": before["version"] + 1}
    document["owes"] = sorted({*before.get("owes", ()), *(debt(LAST_ACCESS, each) for each in row.records)})
    pace(document, row.payload[ACCESSED], now=now, every=every)
    return _told(document)


def told(
    row: Mapping[str, Any], *, hash_: str, accessed: str | None, now: datetime, every: timedelta
) -> tuple[bool, datetime | None]:
    """Tell whether Salesforce holds this content already, and when its newer last access may be written."""
    written: Mapping[str, Any] | None = row.get("written")
    if written is None or row.get("in_doubt") is not None or row.get("forced") or written["hash"] != hash_:
        return False, None
    if written["accessed"] == accessed:
        return True, None
    due = access_due(written, now=now, every=every)
    return (False, None) if written["accessed"] is None or due <= now else (True, due)


def access_due(written: Mapping[str, Any], *, now: datetime, every: timedelta) -> datetime:
    """Return when a newer last access than the written one may be told; never before now.

    What a process wrote whose clock is ahead of ours binds nobody: else a pace of minutes would last as long as the
    clocks differ.
    """
    at: datetime = written["accessed_at"]
    return now if at > now else max(at + every, now)


def pace(document: Document, accessed: str | None, *, now: datetime, every: timedelta) -> None:
    """Say in the document when its newer last access may be told."""
    if document.get("dirty_since") or document["state"] in {"gone", "rejected"}:
        return
    written: Mapping[str, Any] = document.get("written") or {}
    if written.get("accessed") == accessed:
        document.pop("accessed_due", None)
    elif written.get("accessed") is None:
        document["state"], document["dirty_since"] = "dirty", now
    else:
        document["accessed_due"] = access_due(written, now=now, every=every)
