"""Pages of the report, by routes and the page alike: rows after a cursor, and the cursor of the next ones."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from action_logger.domain.report import Entry, Filters
from action_logger.store.report import Report, Selection
from shared.http.paging import decode_cursor, encode_cursor
from shared.http.problems import bad_parameter

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def page_of(
    report: Report, selection: Selection, asked: Filters, *, cursor: str | None, limit: int, ascending: bool
) -> tuple[Sequence[Entry], str | None]:
    bound: Mapping[str, object] = {**asked.named(), "order": "asc" if ascending else "desc"}
    after = None if cursor is None else _position(decode_cursor(cursor, bound, length=2))
    found = await report.page(selection, after=after, limit=limit + 1, ascending=ascending)
    entries = [entry for entry, _ in found[:limit]]
    if len(found) <= limit:
        return entries, None
    last, document_id = found[limit - 1]
    return entries, encode_cursor([_milliseconds(last.row.timestamp), document_id], bound)


def _milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _position(values: list[Any]) -> tuple[datetime, str]:
    milliseconds, document_id = values
    if not isinstance(milliseconds, int) or not isinstance(document_id, str):
        raise bad_parameter("cursor", "not a cursor of this list")
    try:
        return EPOCH + timedelta(milliseconds=milliseconds), document_id
    except OverflowError:
        raise bad_parameter("cursor", "not a cursor of this list") from None
