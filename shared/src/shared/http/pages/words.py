"""How pages say times, numbers and shares."""

from datetime import UTC, datetime

_UNITS = (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60))


def absolute(instant: datetime) -> str:
    """`22 Nov 2026, 03:04 UTC`."""
    return f"{day(instant)}, {instant.astimezone(UTC):%H:%M} UTC"


def exact(instant: datetime) -> str:
    """`22 Nov 2026, 03:04:05 UTC`."""
    return f"{day(instant)}, {instant.astimezone(UTC):%H:%M:%S} UTC"


def clock(instant: datetime) -> str:
    """`03:04 UTC`."""
    return f"{instant.astimezone(UTC):%H:%M} UTC"


def day(instant: datetime) -> str:
    """`22 Nov 2026`."""
    return f"{instant.astimezone(UTC).day} {instant.astimezone(UTC):%b} {instant.astimezone(UTC).year}"


def relative(instant: datetime, now: datetime) -> str:
    """`5 minutes ago`, `in 2 days`."""
    seconds = (instant - now).total_seconds()
    amount = age(abs(seconds))
    if amount is None:
        return "in a moment" if seconds > 0 else "just now"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


def age(seconds: float) -> str | None:
    """`5 minutes`, `3 days`; None below a minute."""
    for unit, size in _UNITS:
        if count := int(seconds // size):
            return plural(count, unit)
    return None


def duration(seconds: float) -> str:
    """`4 h 30 min`, `12 min`, `45 s`."""
    whole = int(seconds + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{number(hours)} h {minutes} min" if minutes else f"{number(hours)} h"
    if minutes:
        return f"{minutes} min {whole % 60} s" if whole % 60 and minutes < 10 else f"{minutes} min"  # noqa: PLR2004  seconds matter for a few minutes only
    return f"{whole} s"


def number(count: float) -> str:
    """`1,234`."""
    return f"{count:,.0f}"


def percent(share: float) -> str:
    """`42 %`; `<1 %` and `>99 %` where rounding would say none or all."""
    if 0 < share < 0.005:  # noqa: PLR2004  rounds to 0
        return "<1 %"
    if 0.995 <= share < 1:  # noqa: PLR2004  rounds to 100
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


def plural(count: int, word: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number(count)} {word}{'' if count == 1 else 's'}"
