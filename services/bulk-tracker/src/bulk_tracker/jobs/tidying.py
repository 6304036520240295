"""Deletions: rows of expired reports really go, and actions too where a retention is set."""

import asyncio
from datetime import timedelta

import structlog

from bulk_tracker import metrics
from bulk_tracker.domain.status import later
from bulk_tracker.domain.vocabulary import Status
from bulk_tracker.store.stores import Stores
from shared.leases import Lease

log = structlog.stdlib.get_logger()

EVERY_SECONDS = 60.0
LEASE_SECONDS = 300.0
GRACE = timedelta(minutes=10)
"""A row that was taken in a moment before the expiry must be there before its report is deleted."""


class Tidying:
    """Deletes what is over; one process does it."""

    def __init__(self, stores: Stores, lease: Lease, *, retention: timedelta | None) -> None:
        self._stores = stores
        self._lease = lease
        self._retention = retention

    async def run(self) -> None:
        while True:
            if await self._lease.acquire() is not None:
                await self.tick()
            await self._show()
            await asyncio.sleep(EVERY_SECONDS)

    async def tick(self) -> None:
        """Delete what is over by now."""
        now = self._stores.clock()
        async for action_id, ended_at in self._stores.actions.with_expired_rows(
            now - self._stores.rules.report_for - GRACE
        ):
            if later(ended_at, self._stores.rules.report_for) > now:
                continue
            rows = await self._stores.rows.delete(action_id)
            await self._stores.actions.mark_rows_deleted(action_id)
            log.info("report.deleted", action_id=action_id, rows=rows)
            await self._lease.acquire()
        if self._retention is not None and (gone := await self._stores.delete_ended_before(now - self._retention)):
            log.info("actions.deleted", actions=gone)

    async def _show(self) -> None:
        counts = await self._stores.actions.by_status()
        for status in Status:
            metrics.actions.labels(status.value).set(counts.get(status.value, 0))
        metrics.mails_waiting.set(await self._stores.mails.waiting())
