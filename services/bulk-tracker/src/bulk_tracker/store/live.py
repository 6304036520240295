"""What has just changed, told to whoever looks: one look at the database a second, however many look."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bulk_tracker import metrics
from bulk_tracker.store.actions import Actions, Requester

LOOK_SECONDS = 0.5
OVERLAP = timedelta(seconds=10)
"""Documents are dated by the clocks of their writers, and are seen only once they are written."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing is older, and time can be taken from it."""
MOST_OF_ONE = 5
MOST = 200


@dataclass(eq=False)
class Viewer:
    """Somebody who looks: what he has not been told yet, and whether it is over."""

    requester: Requester
    news: dict[str, tuple[datetime, int]] = field(default_factory=dict[str, tuple[datetime, int]])
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def tell(self, action_id: str, touched_at: datetime, version: int) -> None:
        self.news[action_id] = (touched_at, version)
        self.woken.set()

    def take(self) -> dict[str, tuple[datetime, int]]:
        """Return the news, oldest first, and forget them."""
        news, self.news = self.news, {}
        self.woken.clear()
        return dict(sorted(news.items(), key=lambda each: each[1]))


class TooManyViewers(Exception):  # noqa: N818  it reads as what it says
    """One more live stream would be too many."""


class Live:
    """Looks for changes while anybody listens, and tells each viewer his own."""

    def __init__(self, actions: Actions, clock: Callable[[], datetime]) -> None:
        self._actions = actions
        self._clock = clock
        self._viewers: dict[Requester, set[Viewer]] = {}
        self._anybody = asyncio.Event()
        self._known: dict[str, tuple[datetime, int]] = {}

    async def join(self, requester: Requester, since: datetime | None) -> Viewer:
        """Begin to look; what has changed since then is told at once. Raises `TooManyViewers`."""
        own = self._viewers.get(requester, set())
        if len(own) >= MOST_OF_ONE or sum(map(len, self._viewers.values())) >= MOST:
            raise TooManyViewers
        viewer = Viewer(requester)
        self._viewers.setdefault(requester, set()).add(viewer)
        metrics.streams.inc()
        self._anybody.set()
        try:
            if since is not None:
                async for each in self._actions.touched(max(since, LONG_AGO) - OVERLAP, of=requester):
                    viewer.tell(each.action_id, each.touched_at, each.version)
        except BaseException:
            self.leave(viewer)  # nobody else will: the caller has none
            raise
        return viewer

    def leave(self, viewer: Viewer) -> None:
        own = self._viewers.get(viewer.requester, set())
        if viewer in own:
            own.remove(viewer)
            metrics.streams.dec()
        if not own:
            self._viewers.pop(viewer.requester, None)

    async def run(self) -> None:
        """Look for ever; when that ends, so do all streams."""
        try:
            while True:
                if not self._viewers:
                    self._known.clear()
                    self._anybody.clear()
                    await self._anybody.wait()
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for viewer in [each for own in self._viewers.values() for each in own]:
                viewer.over = True
                viewer.woken.set()

    async def look(self) -> None:
        """Tell what has changed since the last look."""
        since = self._clock() - OVERLAP
        before, self._known = self._known, {}
        async for each in self._actions.touched(since):
            self._known[each.action_id] = (each.touched_at, each.version)
            if before.get(each.action_id, (None, 0))[1] != each.version:
                for viewer in self._viewers.get(each.requester, ()):
                    viewer.tell(each.action_id, each.touched_at, each.version)
