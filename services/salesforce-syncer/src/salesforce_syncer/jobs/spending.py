"""Our calls, counted by the hour and held against our share of the org's day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from salesforce_syncer import metrics
from salesforce_syncer.domain import quota
from salesforce_syncer.domain.objects import PORTAL
from salesforce_syncer.domain.quota import Pace, Quota
from salesforce_syncer.jobs.brakes import QUOTA, Brakes
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.salesforce.schema import describe
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.orgs import OrgStore

log = structlog.stdlib.get_logger()


@dataclass
class Spending:
    """Decides how much may be written for now."""

    settings: Settings
    client: Client
    orgs: OrgStore
    brakes: Brakes
    clock: Callable[[], datetime]
    last: Quota = field(default_factory=lambda: Quota(Pace.FREE, "", 0, None))
    calls: Mapping[datetime, int] = field(default_factory=dict[datetime, int])

    async def note(self) -> None:
        """Add the calls made since the last time to this hour's."""
        made = self.client.usage.own
        if made:
            await self.orgs.add_calls(made, self.clock())
            self.client.usage.own -= made

    async def pace(self) -> Pace:
        """Return what may be written now; a change is one log line."""
        if self.brakes.stopped(QUOTA) and not self.brakes.due(QUOTA):
            return Pace.PAUSED
        if self.brakes.due(QUOTA) and self.last.until is None:
            await describe(self.client, PORTAL)  # any answer tells how many calls the org has left
        await self.note()
        now = self.clock()
        self.calls = await self.orgs.calls_by_hour(now)
        usage = self.client.usage
        before = self.last
        self.last = quota.decide(
            self.calls,
            used=usage.used,
            limit=usage.limit,
            share_percent=self.settings.salesforce_quota_share_percent,
            now=now,
        )
        metrics.own_calls.set(self.last.own)
        if self.last.pace is not before.pace:
            self._tell(now)
        if self.last.pace is Pace.PAUSED:
            probe = timedelta(seconds=self.settings.salesforce_quota_probe_seconds)
            again = max(timedelta(seconds=1), self.last.until - now) if self.last.until else probe
            step = "none; it goes on by itself when calls are free again"
            self.brakes.stop(QUOTA, self.last.reason, again_in=again, next_step=step, heals=True)
        else:
            self.brakes.go(QUOTA)
        return self.last.pace

    def _tell(self, now: datetime) -> None:
        until = self.last.until
        log.warning(
            "quota.changed",
            pace=str(self.last.pace),
            reason=self.last.reason or "calls are free again",
            own_calls=self.last.own,
            share=self.last.share,
            org_used=self.client.usage.used,
            org_limit=self.client.usage.limit,
            until=until.isoformat() if until else None,
            forecast=self.forecast(now),
            next_step="none for a while; if it comes often: raise the org's limit or our share",
        )

    def forecast(self, now: datetime) -> str | None:
        """Return when our share is used up at the pace of the last hour."""
        at = quota.reached_at(self.calls, share=self.last.share, own=self.last.own, now=now)
        return at.isoformat() if at else None

    def idle_seconds(self) -> float:
        """Return how long to gather rows before the next pass: the more of the share is used, the longer."""
        used = self.last.own / self.last.share if self.last.share else 0.0
        return next(seconds for upto, seconds in _IDLE if used < upto)


_IDLE = ((0.25, 0.5), (0.5, 2.0), (0.8, 5.0), (float("inf"), 15.0))
