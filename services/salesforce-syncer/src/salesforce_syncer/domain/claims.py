"""Whose a row is, where the facts of several learners ask for it: an enrollment may move from one learner to another.

An enrollment's id is its portal's, and so is its row's: the learner is not in it. The claim with the greater version
stands, of equal ones the one whose payload compares greater, whatever came first. Who else may ask for a row is named
in it as a contender, and asked again whenever it is derived.

Only a derivation of his own takes a contender's name away, and none that gives the row to somebody else: should that
one have worked from old facts and die before it looked again, its record comes again, finds its learner in the row, and
puts it right (`store.rows`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from salesforce_syncer.domain import ledger
from salesforce_syncer.domain.kept import canonical_text
from salesforce_syncer.domain.ledger import Document
from salesforce_syncer.domain.rows import Row

MOST_CONTENDERS = 20
"""Named in one row. Who comes after them asks again with his next fact or the next resync: ids that so many learners
share are a publisher's mistake, and must not make rows grow without end."""


def rank(row: Row) -> tuple[int, str]:
    """Return what decides between two claims of one row."""
    return row.version, canonical_text(row.payload)


def by_id(rows: Iterable[Row]) -> dict[str, Row]:
    """Return one learner's rows by their ids; an enrollment may have the id that a mirrored attempt is given."""
    found: dict[str, Row] = {}
    for row in rows:
        other = found.setdefault(row.id, row)
        if other is not row:
            found[row.id] = max(row, other, key=rank)
    return found


def claimants(row: Mapping[str, Any]) -> set[str]:
    """Return the learners whose facts may ask for this row."""
    return {each for each in (row.get("learner"), *row.get("contenders", ())) if each is not None}


def settled(
    before: Mapping[str, Any] | None,
    asked: Mapping[str, Row],
    *,
    derived: Collection[str],
    erased: Collection[str],
    now: datetime,
    every: timedelta,
) -> Document | None:
    """Return what a row's document becomes, None where nothing changes.

    `asked`: the row as each learner's facts ask for it, of all its claimants. `derived`: the learners whose facts have
    changed, `erased` those that are erased.
    """
    ranked = sorted(asked, key=lambda each: rank(asked[each]), reverse=True) if len(asked) > 1 else list(asked)
    if ranked:
        after = ledger.desired(before, asked[ranked[0]], now=now, every=every)
    else:
        after = ledger.withdrawn(before, erased=before.get("learner") in erased, now=now) if before else None
    contenders = sorted({*ranked[1 : MOST_CONTENDERS + 1], *_leaving(before, ranked, derived)})
    if contenders == list((before or {}).get("contenders", ())):
        return after
    document: Document = after or {**(before or {}), "version": (before or {}).get("version", 0) + 1}
    document.pop("contenders", None)
    return {**document, "contenders": contenders} if contenders else document


def _leaving(before: Mapping[str, Any] | None, ranked: Sequence[str], derived: Collection[str]) -> set[str]:
    """Return who does not ask for the row any more and must still be named in it."""
    if before is None:
        return set()
    had: str | None = before.get("learner")
    owner = None if before["deleted"] else had
    winner = ranked[0] if ranked else None
    leaving = {each for each in (owner, *before.get("contenders", ())) if each is not None} - set(ranked)
    if winner is None:
        leaving.discard(had or "")  # a row that was withdrawn goes on naming the one who had it
    return leaving if winner != owner else leaving - set(derived)
