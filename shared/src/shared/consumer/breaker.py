"""When a partition must stand still: a bad deploy must not drain a topic into dead letters."""

from collections import deque

JUDGED = 1_000
"""Records over which the share of invalid ones is taken."""


class Breaker:
    """Counts one partition's failures; the counts start anew with the process."""

    def __init__(self, *, in_a_row: int, percent: int) -> None:
        self._in_a_row = in_a_row
        self._percent = percent
        self._unexpected = 0
        self._recent: deque[bool] = deque(maxlen=JUDGED)
        self._invalid = 0

    def judge(self, *, good: bool) -> bool:
        """Count a decoded record (skipped ones are good); True where too many of the last 1,000 are invalid."""
        if len(self._recent) == JUDGED and not self._recent[0]:
            self._invalid -= 1
        self._recent.append(good)
        self._invalid += not good
        return len(self._recent) == JUDGED and self._invalid * 100 > self._percent * JUDGED

    def handled(self) -> None:
        """Count a record that was handled or refused: the row of unexpected errors ends."""
        self._unexpected = 0

    def unexpected(self) -> bool:
        """Count an unexpected error; True where there were too many in a row."""
        self._unexpected += 1
        return self._unexpected >= self._in_a_row
