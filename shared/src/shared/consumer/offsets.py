"""Which offset of a partition may be committed: the end of the contiguous prefix that is written."""

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Slice:
    """A batch's part of one partition: from `begin` up to, not including, `end`."""

    begin: int
    end: int
    done: bool = False


class Progress:
    """One partition's slices in flight, in the order in which they were taken."""

    def __init__(self) -> None:
        self._in_flight: deque[Slice] = deque()
        self.written: int | None = None
        """All below this offset is written; None before the first slice was."""

    def take(self, begin: int, end: int) -> Slice:
        """Note that a batch has taken records from `begin` up to `end` (exclusive)."""
        slice_ = Slice(begin, end)
        self._in_flight.append(slice_)
        return slice_

    def finish(self, slice_: Slice, *, end: int | None = None) -> bool:
        """Note that a slice is written, or its part below `end`; True where the prefix grew.

        What was taken behind a cut counts for nothing, whether it is written or not: it is read again.
        """
        if slice_ not in self._in_flight:
            return False
        if end is not None:
            slice_.end = end
            while self._in_flight[-1] is not slice_:
                self._in_flight.pop()
        slice_.done = True
        grew = False
        while self._in_flight and self._in_flight[0].done:
            self.written = self._in_flight.popleft().end
            grew = True
        return grew

    @property
    def unwritten(self) -> int | None:
        """The first offset that was taken and is not written yet; None where nothing is in flight."""
        return self._in_flight[0].begin if self._in_flight else None

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight."""
        return not self._in_flight
