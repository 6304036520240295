"""How many calls are ours: a share of the org's day, fewer when others use much."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ESSENTIAL_FROM = 0.8
ORG_ESSENTIAL_FROM = 0.9
ORG_PAUSE_FROM = 0.95
DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


class Pace(StrEnum):
    """What may be written."""

    FREE = "free"
    ESSENTIAL = "essential"  # completions and deletes
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Quota:
    """The pace, what made it so, and when it may be another."""

    pace: Pace
    reason: str
    own: int
    share: int | None
    until: datetime | None = None


def decide(
    calls: Mapping[datetime, int], *, used: int | None, limit: int | None, share_percent: int, now: datetime
) -> Quota:
    """Judge our calls by the hour, and the org's as Salesforce last said, against our share of its limit."""
    own = sum(count for hour, count in calls.items() if hour > now - DAY - HOUR)
    if limit is None or limit <= 0:
        return Quota(Pace.FREE, "limit unknown", own, None)
    share = limit * share_percent // 100
    if own >= share:
        return Quota(Pace.PAUSED, "our share is used up", own, share, _free_again(calls, share, now))
    if used is not None and used >= limit * ORG_PAUSE_FROM:
        return Quota(Pace.PAUSED, "the org's limit is nearly used up", own, share)
    if own >= share * ESSENTIAL_FROM:
        return Quota(Pace.ESSENTIAL, "our share is nearly used up", own, share)
    if used is not None and used >= limit * ORG_ESSENTIAL_FROM:
        return Quota(Pace.ESSENTIAL, "the org's limit is mostly used up", own, share)
    return Quota(Pace.FREE, "", own, share)


def _free_again(calls: Mapping[datetime, int], share: int, now: datetime) -> datetime:
    """Return when enough of our calls are older than a day."""
    left = sum(count for hour, count in calls.items() if hour > now - DAY - HOUR)
    for hour in sorted(calls):
        if hour <= now - DAY - HOUR:
            continue
        left -= calls[hour]
        if left < share:
            return hour + DAY + HOUR
    return now + DAY


def reached_at(calls: Mapping[datetime, int], *, share: int | None, own: int, now: datetime) -> datetime | None:
    """Forecast when our share is used up if we go on as in the last hour; None where we are not on the way to it."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    minutes = max(1.0, (now - hour) / timedelta(minutes=1) + 60)
    rate = (calls.get(hour, 0) + calls.get(hour - HOUR, 0)) / minutes
    if share is None or rate <= 0 or own >= share:
        return None
    at = now + timedelta(minutes=(share - own) / rate)
    return at if at <= now + DAY else None
