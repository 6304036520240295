"""How much one principal may ask: 60 requests a second, then 429 with Retry-After."""

import time
from collections import OrderedDict

from shared.http.problems import Problem

MOST_A_SECOND = 60
REMEMBERED = 10_000


class Rates:
    """A token bucket for each principal, the longest unseen forgotten first."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def count(self, principal: str) -> None:
        """Count a request. Raises a 429 `Problem` where it is one too many."""
        now = time.monotonic()
        left, at = self._buckets.pop(principal, (float(MOST_A_SECOND), now))
        left = min(float(MOST_A_SECOND), left + (now - at) * MOST_A_SECOND)
        allowed = left >= 1
        self._buckets[principal] = (left - 1 if allowed else left, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if not allowed:
            raise Problem(429, detail="More than 60 requests a second.", headers={"Retry-After": "1"})
