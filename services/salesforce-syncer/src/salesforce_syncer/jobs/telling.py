"""What the writer says of itself, for status and metrics, every few seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from salesforce_syncer import metrics
from salesforce_syncer.jobs.brakes import Brakes
from salesforce_syncer.jobs.spending import Spending
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.reading import ReadingStore

EVERY_SECONDS = 2.0
METRICS_EVERY_SECONDS = 15.0


@dataclass
class Telling:
    """A chore of the writer."""

    holder: str
    client: Client
    orgs: OrgStore
    reading: ReadingStore
    brakes: Brakes
    spending: Spending
    clock: Callable[[], datetime]
    _told_at: float = field(default=0.0, init=False)
    _measured_at: float = field(default=-METRICS_EVERY_SECONDS, init=False)
    _stops: frozenset[str] = field(default=frozenset(), init=False)

    async def run(self) -> None:
        """Tell, if it is time or something has stopped or gone on."""
        now, stops = time.monotonic(), frozenset(self.brakes.stops)
        if now - self._told_at >= EVERY_SECONDS or stops != self._stops:
            self._told_at, self._stops = now, stops
            await self._tell()
        if now - self._measured_at >= METRICS_EVERY_SECONDS:
            self._measured_at = now
            await self._measure()

    async def _tell(self) -> None:
        last, usage = self.spending.last, self.client.usage
        await self.orgs.tell(
            {
                "holder": self.holder,
                "at": self.clock(),
                "stops": [
                    {"object": name, "reason": each.reason, "since": each.since, "look_at": each.look_at}
                    for name, each in sorted(self.brakes.stops.items())
                ],
                "quota": {
                    "pace": str(last.pace),
                    "reason": last.reason,
                    "share": last.share,
                    "until": last.until,
                    "org_used": usage.used,
                    "org_limit": usage.limit,
                },
            }
        )

    async def _measure(self) -> None:
        now = self.clock()
        rejected = await self.reading.rejected_by_object()
        for name, (rows, oldest) in (await self.reading.dirty()).items():
            metrics.dirty_rows.labels(name).set(rows)
            metrics.dirty_oldest.labels(name).set((now - oldest).total_seconds() if oldest else 0)
            metrics.rejected_rows.labels(name).set(rejected.get(name, 0))
        metrics.unlinked_learners.set(await self.reading.unlinked_learners())
