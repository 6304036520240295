"""The nightly proof of sync: once a day, by one replica."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from salesforce_syncer.jobs.brakes import ORG, Brakes
from salesforce_syncer.salesforce.errors import Refused
from salesforce_syncer.store.proofs import ProofStore
from shared.leases import Lease

log = structlog.stdlib.get_logger()

LOOK_SECONDS = 60.0
LEASE_SECONDS = 3_600.0
AT_MOST_EVERY = timedelta(hours=20)


@dataclass
class Nightly:
    """A job of the service. A proof that somebody asked for by day does not take the night's place."""

    lease: Lease
    prove: Callable[[], Awaitable[object]]
    proofs: ProofStore
    brakes: Brakes
    hour: int
    clock: Callable[[], datetime]

    async def run(self) -> None:
        """Look every minute whether it is time."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Prove, if it is the hour, this night's proof is not done, and no other replica is at it."""
        now = self.clock()
        if self.hour < 0 or now.hour != self.hour or self.brakes.stopped(ORG) or await self._done(now):
            return
        if await self.lease.acquire() is None:
            return
        try:
            if not await self._done(now):
                await self.prove()
                await self.proofs.remember_night(now)
        except Refused as error:
            log.warning(
                "proof.failed", reason=error.code, next_step="none; it is tried again within the hour, else tomorrow"
            )
        finally:
            await self.lease.release()

    async def _done(self, now: datetime) -> bool:
        last = await self.proofs.last_night()
        return last is not None and now - last < AT_MOST_EVERY
