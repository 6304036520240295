"""How the page says how far something is, and what is left."""

from datetime import datetime, timedelta

from bulk_tracker.domain.views import Item
from shared.http.pages.words import relative


def left(instant: datetime, now: datetime) -> str:
    """`6 days`, `3 hours`: what is left until then."""
    return relative(max(instant, now + timedelta(seconds=1)), now).removeprefix("in ")


def percent(item: Item) -> int | None:
    """How far it is, where that is known."""
    total = item.counts.total
    return min(100, item.counts.processed * 100 // total) if total else None
