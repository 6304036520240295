"""A tracker with something in every state, served for a browser, with a clock that the test turns."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from bulk_tracker.settings import Settings
from contracts.bulk_actions import BulkActionRowsReported, Task
from contracts.event import Event
from shared.http.middleware import Around
from shared.mongo import Database
from tests.browser.serving import served
from tests.browser.visiting import Visitor
from tests.bulk_tracker.conftest import Tracker, a_tracker, launch_token, stores_of
from tests.bulk_tracker.facts import a_row, ada, at, finished, progressed, rows_reported, started, submitted

NOW = at(14 * 24 * 60)
"""When the tests look: two weeks after the first facts."""


def ago(**before: float) -> float:
    """So long before now, in minutes as the facts count them."""
    return 14 * 24 * 60 - timedelta(**before).total_seconds() / 60


@dataclass
class Site:
    """The tracker and its address."""

    tracker: Tracker
    url: str
    visitors: list[Visitor] = field(default_factory=list[Visitor])

    async def sign_in(self, visitor: Visitor, *, subject: str = "u-ada", **claims: Any) -> None:
        """Come in as people do: a form on the platform's page, posted to the tracker."""
        await self.show_time(visitor)
        await launched(visitor, self.url, self.token(sub=subject, **claims))
        await visitor.page.wait_for_url(self.url + "/**")

    def token(self, **claims: Any) -> str:
        """What the platform signs to let somebody in."""
        return launch_token(**({"sub": "u-ada"} | claims))

    async def show_time(self, visitor: Visitor) -> None:
        """The browser's clock says what the tracker's does."""
        await visitor.page.clock.set_fixed_time(self.tracker.now)


async def launched(visitor: Visitor, url: str, token: str) -> None:
    """Post a launch token from another site's page."""
    form = (
        f'<form method="post" action="{url}/launch"><input name="token" value="{token}"><button>Tracker</button></form>'
    )
    await visitor.page.goto(f"data:text/html,{quote(form)}")
    await visitor.page.get_by_role("button", name="Tracker").click()


@asynccontextmanager
async def a_site(database: Database, settings: Settings) -> AsyncGenerator[Site]:
    """Serve a tracker that has no actions yet."""
    async with a_tracker(database, settings.model_copy(update={"development": True})) as tracker:
        tracker.now = NOW
        tracker.web.add_middleware(Around)
        live = asyncio.create_task(_job(tracker.parts.jobs["live"]))
        try:
            async with served(tracker.web) as url:
                yield Site(tracker, url)
        finally:
            live.cancel()
            with suppress(asyncio.CancelledError):
                await live


async def _job(run: Callable[[], Awaitable[None]]) -> None:
    await run()


def in_every_state() -> list[Event]:
    """What Ada has started; ids say the state."""
    return [
        submitted(ago(minutes=1), "not-started", action_type="reminders", file_names=()),
        submitted(
            ago(hours=3), "scheduled", action_type="dynamic_rules", file_names=(), scheduled_for=at(ago(days=-2))
        ),
        *_running(),
        *_stalled(),
        *_completed(),
        *_with_errors(),
        submitted(ago(days=2), "cancelled", action_type="group_unenroll", file_names=()),
        finished(ago(days=2), "cancelled", "cancelled", "Cancelled by Ada Example."),
        submitted(ago(days=3), "failed", action_type="training_history_migration", file_names=("histories.csv",)),
        finished(ago(days=3, minutes=-4), "failed", "failed", "The file is not UTF-8. Save it as “CSV UTF-8”."),
        *_expired(),
    ]


async def fill(site: Site) -> None:
    """Publish all of that, and let the watchdog look."""
    await site.tracker.told(*in_every_state())
    await stores_of(site.tracker).actions.judge_due(known_until=site.tracker.now)


def _running() -> list[Event]:
    return [
        submitted(ago(minutes=12), "running", total_rows=48_210, file_names=("users-emea.csv",)),
        started(ago(minutes=11), "running"),
        progressed(ago(minutes=1), 20_134, "running", warnings=3, errors=17),
        submitted(ago(minutes=20), "running-unknown", action_type="group_enroll", file_names=()),
        progressed(ago(minutes=2), 940, "running-unknown"),
    ]


def _stalled() -> list[Event]:
    return [
        submitted(ago(hours=6), "timeout", action_type="content_upload", total_rows=12, file_names=("courses.zip",)),
        progressed(ago(hours=5), 4, "timeout"),
    ]


def _completed() -> list[Event]:
    def task(step: int) -> Task:
        return Task(task_id="replace-7", step=step, steps=2, label="Replace three SCORM packages")

    files = ("safety-basics-v3.zip", "data-protection.zip", "onboarding_2026_final_FINAL.zip")
    return [
        submitted(ago(hours=8), "step-1", action_type="content_upload", task=task(1), file_names=files, total_rows=3),
        progressed(ago(hours=7.9), 3, "step-1"),
        finished(ago(hours=7.8), action_id="step-1"),
        submitted(
            ago(hours=7.7), "step-2", action_type="content_replace", task=task(2), file_names=files, total_rows=3
        ),
        progressed(ago(hours=7.5), 3, "step-2", warnings=1, succeeded=2),
        _warning("step-2", ago(hours=7.5)),
        finished(ago(hours=7.4), action_id="step-2"),
        submitted(ago(days=1), "completed", action_type="group_enroll", file_names=(), total_rows=4_312),
        progressed(ago(days=1), 4_312, "completed"),
        finished(ago(days=1, minutes=-9), action_id="completed"),
    ]


def _warning(action_id: str, minutes: float) -> BulkActionRowsReported:
    return rows_reported(
        minutes,
        a_row(0, "warning", identifier="data-protection.zip", issue="No manifest title", resolution="Add one"),
        action_id=action_id,
    )


def _with_errors() -> list[Event]:
    unknown = [a_row(each, issue="Unknown group “Sales EMEA”") for each in range(2, 90)]
    address = [a_row(each, issue="Not an e-mail address", resolution="Correct column B") for each in (93, 95)]
    twice = [a_row(120, "warning", issue="Row appears twice", resolution="Nothing; the first one was taken")]
    return [
        submitted(ago(days=1, hours=2), "with-errors", total_rows=812),
        started(ago(days=1, hours=2), "with-errors"),
        progressed(ago(days=1, hours=1.9), 812, "with-errors", succeeded=721, warnings=1, errors=90),
        rows_reported(ago(days=1, hours=1.9), *unknown, *address, *twice, action_id="with-errors"),
        finished(ago(days=1, hours=1.8), action_id="with-errors", message="90 of 812 users were not uploaded."),
    ]


def _expired() -> list[Event]:
    return [
        submitted(ago(days=9), "expired", action_type="users_update", file_names=("users-old.csv",), total_rows=5),
        progressed(ago(days=9), 5, "expired", succeeded=4, errors=1),
        rows_reported(ago(days=9), action_id="expired"),
        finished(ago(days=9), action_id="expired"),
    ]


def many(count: int) -> list[Event]:
    """So many actions of Bob's, all over."""
    bob = ada(id="u-bob", name="Bob")
    return [
        event
        for each in range(count)
        for event in (
            submitted(ago(days=5, minutes=-each), f"b-{each:03}", requester=bob, file_names=(f"part-{each}.csv",)),
            finished(ago(days=5, minutes=-each - 1), action_id=f"b-{each:03}"),
        )
    ]
