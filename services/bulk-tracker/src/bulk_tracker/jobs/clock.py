"""The watchdog: Scheduled actions whose time has come, running ones that are silent for too long."""

import asyncio

import structlog

from bulk_tracker.jobs.reading import Reading
from bulk_tracker.store.stores import Stores
from shared.leases import Lease
from shared.outbox import Outbox

log = structlog.stdlib.get_logger()

TICK_SECONDS = 0.5
LEASE_SECONDS = 10.0
WAIT_FOR_LEASE_SECONDS = 2.0


class Watchdog:
    """Moves statuses on when they are due. One process does it; were it two, each step would still happen once."""

    def __init__(self, stores: Stores, outbox: Outbox, lease: Lease, reading: Reading) -> None:
        self._stores = stores
        self._outbox = outbox
        self._lease = lease
        self._reading = reading

    async def run(self) -> None:
        try:
            while True:
                if await self._lease.acquire() is None:
                    await asyncio.sleep(WAIT_FOR_LEASE_SECONDS)
                    continue
                await self.tick()
                await asyncio.sleep(TICK_SECONDS)
        finally:
            await self._reading.close()

    async def tick(self) -> int:
        """Move on what is due and return how many actions moved."""
        moved = 0
        known_until = await self._reading.known_until() if await self._stores.actions.any_silent() else None
        while documents := await self._stores.actions.judge_due(known_until=known_until):
            moved += len(documents)
            await self._outbox.settle(documents)
        if moved:
            log.info("statuses.moved", actions=moved)
        return moved
