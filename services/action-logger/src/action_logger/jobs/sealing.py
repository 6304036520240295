"""Sealing: one runner takes what is not sealed yet, every few seconds."""

import asyncio
from datetime import datetime, timedelta

import structlog

from action_logger import metrics
from action_logger.domain.seals import BEFORE_ALL, Place, Seal
from action_logger.store.seals import MOST_ROWS, Seals
from shared.leases import Lease

log = structlog.stdlib.get_logger()

EVERY_SECONDS = 10
RECHECK_AFTER = timedelta(minutes=2)
"""A row that the server stamped but stored so late that its place was passed is looked for once more, then."""
RECHECK_UNTIL = timedelta(minutes=15)
"""How far back a new runner begins to look."""


class Sealer:
    """Seals while it holds the lease."""

    def __init__(self, seals: Seals, lease: Lease) -> None:
        self._seals = seals
        self._lease = lease
        self._checked: tuple[int, Place] | None = None

    async def run(self) -> None:
        while True:
            await self.seal()
            await asyncio.sleep(EVERY_SECONDS)

    async def seal(self) -> int:
        """Seal all that is old enough; how many rows that was."""
        rows = 0
        while await self._lease.acquire() is not None:
            now = await self._seals.server_time()
            late, checked = await self._passed_by(now)
            made = await self._seals.add(late, now)
            if made is not None:
                rows += made.count
                _tell(made)
            self._checked = checked
            if made is None or made.count < MOST_ROWS:
                break
        newest = await self._seals.newest()
        metrics.unsealed.set(await self._seals.count(BEFORE_ALL if newest is None else newest.last, None))
        return rows

    async def _passed_by(self, now: datetime) -> tuple[list[str], tuple[int, Place]]:
        """Return rows that appeared in the ranges of seals which are old enough by now, and how far that was looked."""
        number, last = self._checked or await self._seals.last_before(now - RECHECK_UNTIL)
        late: list[str] = []
        async for each in self._seals.after(number):
            if each.sealed_at > now - RECHECK_AFTER:
                break
            late += await self._seals.passed_by(last, each)
            number, last = each.number, each.last
        return late, (number, last)


def _tell(made: Seal) -> None:
    metrics.rows_sealed.inc(made.count)
    log.info("log.sealed", seal=made.number, hmac=made.hmac.hex(), rows=made.count)
    if made.late:
        log.warning(
            "rows.delayed",
            seal=made.number,
            rows=made.late,
            next_step="none if it is rare; else look for writes that MongoDB held up for long",
        )
