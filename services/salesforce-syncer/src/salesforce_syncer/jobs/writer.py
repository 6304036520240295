"""The one writer of the org: makes Salesforce equal to the desired rows, a pass at a time, while it holds the lease."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from salesforce_syncer import metrics
from salesforce_syncer.jobs.brakes import ORG
from salesforce_syncer.jobs.under_way import UnderWay
from salesforce_syncer.jobs.writing import Writing
from salesforce_syncer.salesforce.client import LOGIN_REFUSED
from salesforce_syncer.salesforce.errors import Action, Refused
from shared.jobs import for_ever
from shared.leases import Lease

log = structlog.stdlib.get_logger()

LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0
CANDIDATE_SECONDS = 1.0
FINISH_SECONDS = 8.0
"""For requests under way when a writer stops: a lease that was renewed in its time lasts 11 s more at least."""


class LeaseLost(Exception):  # noqa: N818  a state, told to the one who waits
    """Somebody else may be writing by now."""


class Writer:
    """Takes turns with the writers of other replicas; only the one with the lease writes."""

    def __init__(
        self,
        lease: Lease,
        writing: Writing,
        under_way: UnderWay,
        chores: Mapping[str, Callable[[], Awaitable[None]]],
    ) -> None:
        self._lease = lease
        self._writing = writing
        self._under_way = under_way
        self._chores = chores
        self.holds = False

    async def run(self) -> None:
        """Write for ever; a job of the service."""
        while True:
            asked_at = time.monotonic()
            fence = await self._lease.acquire()
            if fence is None:
                await asyncio.sleep(CANDIDATE_SECONDS)
                continue
            log.info("lease.acquired", fence=fence)
            self.holds = True
            finish_seconds = FINISH_SECONDS
            try:
                await self._hold(fence, asked_at + LEASE_SECONDS)
            except LeaseLost:
                log.warning(
                    "lease.lost", fence=fence, reason="not renewed in time", next_step="none; the holder writes"
                )
                finish_seconds = 0.0
            finally:
                self.holds = False
                metrics.forget()
                if await self._under_way.over(within_seconds=finish_seconds):
                    await self._lease.release()

    async def _hold(self, fence: int, until: float) -> None:
        """Write while the lease is renewed; whatever is under way when it is lost is broken off.

        Chores are done beside: what they wait for, or fail at (Kafka), is nothing that Salesforce has to wait for.
        """
        writing = asyncio.create_task(self._passes(fence))
        renewing = asyncio.create_task(self._renew(fence, until))
        chores = [asyncio.create_task(for_ever(name, chore)) for name, chore in self._chores.items()]
        try:
            await asyncio.wait([writing, renewing], return_when=asyncio.FIRST_COMPLETED)
            for each in (renewing, writing):
                if each.done():
                    each.result()
        finally:
            under_way = (writing, renewing, *chores)
            for each in under_way:
                each.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _renew(self, fence: int, until: float) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            asked_at = time.monotonic()
            try:
                async with asyncio.timeout(until - asked_at - 1):
                    renewed = await self._lease.acquire()
            except Exception as error:
                if time.monotonic() >= until - RENEW_SECONDS:
                    raise LeaseLost from error
                continue
            if renewed != fence:
                raise LeaseLost
            until = asked_at + LEASE_SECONDS

    async def _passes(self, fence: int) -> None:
        await self._writing.begin(fence)
        while True:
            if not await self._pass():
                await asyncio.sleep(self._writing.spending.idle_seconds())

    async def _pass(self) -> bool:
        """Write once what is dirty; False where there was nothing, or nothing could be done."""
        try:
            return await self._writing.one_pass()
        except Refused as error:
            self._brake(error)
            return False

    def _brake(self, error: Refused) -> None:
        """Stop the org for what concerns all of it."""
        brakes, settings = self._writing.brakes, self._writing.settings
        recheck = timedelta(seconds=settings.salesforce_recheck_seconds)
        match error.action:
            case Action.PARK:
                brakes.stop(
                    ORG,
                    error.code,
                    again_in=timedelta(seconds=settings.salesforce_quota_probe_seconds),
                    next_step="the day's calls are used up: it goes on by itself; find out who uses them",
                )
            case Action.STOP_ORG:
                brakes.stop(ORG, error.code, again_in=recheck, next_step=_next_step(error))
            case _:
                brakes.stop(
                    ORG,
                    error.code,
                    again_in=min(recheck, timedelta(seconds=5)),
                    next_step="none if it heals; else see whether Salesforce is up (trust.salesforce.com)",
                    heals=True,
                )


def _next_step(error: Refused) -> str:
    if error.code == "ANOTHER_ORG":
        return "if the new org is the right one: salesforce-syncer accept-org"
    if error.sentence == LOGIN_REFUSED:
        return "check client id, secret or key, and the app's run-as user; it goes on by itself"
    return "see the runbook: API access, the external client app and its user in Salesforce"
