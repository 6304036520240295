"""How the page says times, numbers and places."""

from datetime import UTC, datetime, timedelta

from bulk_tracker.domain.views import Item

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def absolute(instant: datetime) -> str:
    """`22 Nov 2026, 03:04 UTC`."""
    return instant.astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC")


def relative(instant: datetime, now: datetime) -> str:
    """`5 minutes ago`, `in 2 days`; the script keeps it fresh with the same words."""
    seconds = (instant - now).total_seconds()
    for unit, size in _UNITS:
        count = int(abs(seconds) // size)
        if count:
            amount = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"in {amount}" if seconds > 0 else f"{amount} ago"
    return "in a moment" if seconds > 0 else "just now"


def left(instant: datetime, now: datetime) -> str:
    """`6 days`, `3 hours`: what is left until then."""
    return relative(max(instant, now + timedelta(seconds=1)), now).removeprefix("in ")


def number(count: int) -> str:
    return f"{count:,}"


def percent(item: Item) -> int | None:
    """How far it is, where that is known."""
    total = item.counts.total
    return min(100, item.counts.processed * 100 // total) if total else None


def plural(count: int, word: str) -> str:
    return f"{number(count)} {word}{'' if count == 1 else 's'}"
