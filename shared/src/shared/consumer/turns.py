"""Who comes first where the order of facts matters though several batches are in flight."""

import asyncio
from collections.abc import Generator, Hashable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.consumer.handling import Abandoned


@dataclass(slots=True, eq=False)
class Turn:
    """A batch's place in the line. `before`: batches read earlier that hold facts about one of the same things."""

    things: AbstractSet[Hashable]
    before: Sequence["Turn"]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    handled: bool = False

    async def come(self) -> None:
        """Wait for those before. Raises `Abandoned` where one of them was given up: its records come again before ours."""
        for each in self.before:
            await each.over.wait()
            if not each.handled:
                raise Abandoned


class Turns:
    """The line of one consumer."""

    def __init__(self) -> None:
        self._line: list[Turn] = []

    @contextmanager
    def stand(self, things: AbstractSet[Hashable]) -> Generator[Turn]:
        """Stand in line at once, until the batch is handled, retries included, or given up."""
        turn = Turn(things, [each for each in self._line if not each.things.isdisjoint(things)])
        self._line.append(turn)
        try:
            yield turn
            turn.handled = True
        finally:
            self._line.remove(turn)
            turn.over.set()
