"""What requesters ask for, read and put into the form in which it is shown."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from bulk_tracker.domain.views import Details, IssueItem, Item, Page, Summary, known
from bulk_tracker.store.actions import Filters, Requester
from bulk_tracker.store.stores import Stores
from contracts.types import instant, instant_text
from shared.http.paging import decode_cursor, encode_cursor
from shared.http.problems import bad_parameter


async def details_of(stores: Stores, requester: Requester, name: str) -> Details | None:
    """Return one of his actions whole; None for what there is not and for what is another's."""
    found = await stores.actions.one(requester, name)
    if found is None:
        return None
    task = known(found)[0].task
    steps = await stores.actions.steps(requester, task.task_id) if task else []
    return Details.with_steps(found, steps, now=stores.clock(), rules=stores.rules)


async def page_of(stores: Stores, requester: Requester, filters: Filters, *, cursor: str | None, limit: int) -> Page:
    """Return a page of his actions."""
    bound = cursor_filters(requester, filters)
    after = _position(cursor, bound) if cursor else None
    found = await stores.actions.page(requester, filters, after=after, limit=limit + 1)
    now = stores.clock()
    items = tuple(Item.of(each, now=now, rules=stores.rules) for each in found[:limit])
    last = items[-1] if len(found) > limit else None
    next_cursor = encode_cursor([instant_text(last.submitted_at), last.action_id], bound) if last else None
    return Page(items=items, next_cursor=next_cursor)


def cursor_filters(requester: Requester, filters: Filters) -> dict[str, object]:
    """Return what a cursor is bound to: the filters, and who asks."""
    return {
        "portal": requester.portal_id,
        "subject": requester.subject,
        "status": filters.status,
        "type": filters.type,
        "q": filters.q,
        "since": filters.since,
        "until": filters.until,
    }


def _position(cursor: str, filters: dict[str, object]) -> tuple[datetime, str]:
    position: list[Any] = decode_cursor(cursor, filters, length=2)
    submitted_at, action_id = position
    try:
        return instant(submitted_at), str(action_id)
    except ValueError as error:
        raise bad_parameter("cursor", "not a cursor of this list") from error


def filters_of(*, status: str | None, type: str | None, q: str | None, from_: str | None, to: str | None) -> Filters:  # noqa: A002  the parameter's name
    return Filters(
        status=status,
        type=type,
        q=q,
        since=_moment("from", from_, end_of_day=False),
        until=_moment("to", to, end_of_day=True),
    )


def _moment(name: str, text: str | None, *, end_of_day: bool) -> datetime | None:
    """Read an instant or a day; pages send days."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-22"):
            day = datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time(), UTC)  # noqa: DTZ007  a day has no zone
            return day + timedelta(days=1) if end_of_day else day
        return instant(text)
    except (ValueError, OverflowError) as error:
        raise bad_parameter(name, "an instant with an offset is needed, or a day such as 2026-11-22") from error


async def summary_of(stores: Stores, action_id: str, expires_at: datetime) -> Summary:
    """Return the report in short."""
    counts = await stores.rows.counts(action_id)
    issues = await stores.rows.issues(action_id)
    return Summary(
        errors=counts.get("error", 0),
        warnings=counts.get("warning", 0),
        expires_at=expires_at,
        issues=tuple(
            IssueItem(
                status="error" if each.status == "error" else "warning",
                issue=each.issue,
                resolution=each.resolution,
                count=each.count,
                first_rows=each.first_rows,
            )
            for each in issues
        ),
    )
