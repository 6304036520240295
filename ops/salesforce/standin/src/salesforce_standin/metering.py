"""Calls: how many of which kind, and how much of the org's day is used."""

from collections import Counter, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_WINDOW = timedelta(hours=24)


@dataclass(slots=True)
class Meter:
    """`daily` is what the org may use in 24 hours, by whomever."""

    now: Callable[[], datetime]
    daily: int
    kinds: Counter[str] = field(default_factory=Counter[str])
    statuses: Counter[str] = field(default_factory=Counter[str])
    open: int = 0
    """Requests that have come and are not answered."""
    _used: deque[tuple[datetime, int]] = field(default_factory=deque[tuple[datetime, int]])
    _sum: int = 0

    def count(self, kind: str, *, against_limit: int = 1) -> None:
        self.kinds[kind] += 1
        self._add(against_limit)

    @contextmanager
    def under_way(self) -> Generator[None]:
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def used(self) -> int:
        """Calls of the last 24 hours."""
        oldest = self.now() - _WINDOW
        while self._used and self._used[0][0] < oldest:
            self._sum -= self._used.popleft()[1]
        return self._sum

    def pretend(self, used: int) -> None:
        """As if so many calls had been made, by us or by others."""
        self._used.clear()
        self._sum = 0
        self._add(used)

    def forget_counts(self) -> None:
        """Begin counting anew; what the day has used stays."""
        self.kinds.clear()
        self.statuses.clear()

    def _add(self, count: int) -> None:
        if count:
            minute = self.now().replace(second=0, microsecond=0)
            if self._used and self._used[-1][0] == minute:
                self._used[-1] = (minute, self._used[-1][1] + count)
            else:
                self._used.append((minute, count))
            self._sum += count
