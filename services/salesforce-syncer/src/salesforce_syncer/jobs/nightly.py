"""The nightly proof of sync: once a day, by one replica."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from salesforce_syncer.jobs.brakes import ORG, Brakes
from salesforce_syncer.jobs.proving import Proving
from salesforce_syncer.salesforce.errors import Refused
from salesforce_syncer.store.proofs import ProofStore
from shared.leases import Lease

log = structlog.stdlib.get_logger()

LOOK_SECONDS = 60.0
LEASE_SECONDS = 3_600.0
AT_MOST_EVERY = timedelta(hours=20)


@dataclass
class Nightly:
    """A job of the service."""

    lease: Lease
    proving: Proving
    proofs: ProofStore
    brakes: Brakes
    hour: int
    clock: Callable[[], datetime]

    async def run(self) -> None:
        """Look every minute whether it is time."""
        while True:
            if self.hour >= 0 and self.clock().hour == self.hour and not self.brakes.stopped(ORG):
                await self._prove()
            await asyncio.sleep(LOOK_SECONDS)

    async def _prove(self) -> None:
        last = await self.proofs.last()
        if last is not None and self.clock() - last < AT_MOST_EVERY:
            return
        if await self.lease.acquire() is None:
            return
        try:
            await self.proving.run(portal_id=None, repair=False)
        except Refused as error:
            log.warning(
                "proof.failed", reason=error.code, next_step="none; it is tried again within the hour, else tomorrow"
            )
        finally:
            await self.lease.release()
