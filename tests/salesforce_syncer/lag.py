"""How many records the syncer's group has not committed: all of them are taken through once it says none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.chaos.group import Group, group_of
from tests.salesforce_syncer.stage import Stage
from tests.world import eventually

EVERY_SECONDS = 0.1


@dataclass
class Lag:
    """The group's offsets, looked at again and again; `most` is the most ever seen."""

    group: Group
    most: int = 0

    async def now(self) -> int:
        found = await self.group.waiting()
        self.most = max(self.most, found)
        return found

    async def over(self, *, seconds: float) -> None:
        """Wait until all is read."""
        await eventually(self.now, "all to be read", until=lambda left: left == 0, seconds=seconds)

    async def watch(self) -> None:
        while True:
            await self.now()
            await asyncio.sleep(EVERY_SECONDS)


@asynccontextmanager
async def watched(stage: Stage) -> AsyncGenerator[Lag]:
    async with group_of(stage.world, stage.syncer) as group:
        lag = Lag(group)
        looking = asyncio.create_task(lag.watch())
        try:
            yield lag
        finally:
            looking.cancel()
