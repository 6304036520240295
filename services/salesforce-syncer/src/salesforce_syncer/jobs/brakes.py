"""What stands still and why: an object whose schema or rights are missing, or the whole org. One log line each way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from salesforce_syncer import metrics

log = structlog.stdlib.get_logger()

ORG = "org"
QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why something stands still, since when, and when it is looked at again."""

    reason: str
    since: datetime
    look_at: datetime


class Brakes:
    """Objects that are not written for now; `ORG` stands for all of them, `QUOTA` for our share of the calls."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._stops: dict[str, Stop] = {}

    @property
    def stops(self) -> Mapping[str, Stop]:
        return dict(self._stops)

    def stop(self, name: str, reason: str, *, again_in: timedelta, next_step: str, heals: bool = False) -> None:
        """Stop something, or move the next look at it."""
        now = self._clock()
        held = self._stops.get(name)
        self._stops[name] = Stop(reason, held.since if held else now, now + again_in)
        metrics.stopped.labels(name).set(1)
        if held is not None and held.reason == reason:
            return
        look_at = (now + again_in).isoformat()
        if heals:
            log.warning("writing.paused", object=name, reason=reason, look_at=look_at, next_step=next_step)
        else:
            log.error("writing.stopped", object=name, reason=reason, look_at=look_at, next_step=next_step)

    def go(self, name: str) -> None:
        """Go on with it."""
        held = self._stops.pop(name, None)
        if held is None:
            return
        metrics.stopped.labels(name).set(0)
        seconds = (self._clock() - held.since).total_seconds()
        log.info("writing.resumed", object=name, reason=held.reason, stopped_seconds=round(seconds))

    def stopped(self, name: str) -> bool:
        return name in self._stops or ORG in self._stops

    def due(self, name: str) -> bool:
        """Whether something stopped is to be looked at again."""
        held = self._stops.get(name)
        return held is not None and held.look_at <= self._clock()
