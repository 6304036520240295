"""Wires the tracker; nobody imports it."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from fastapi import Response

from bulk_tracker import mail, routes
from bulk_tracker.domain.action import STATUS, Action, Rules
from bulk_tracker.domain.vocabulary import ROLES
from bulk_tracker.handlers import handlers
from bulk_tracker.jobs.clock import LEASE_SECONDS as CLOCK_SECONDS
from bulk_tracker.jobs.clock import Watchdog
from bulk_tracker.jobs.mailing import Mailing
from bulk_tracker.jobs.reading import Reading
from bulk_tracker.jobs.tidying import LEASE_SECONDS as TIDYING_SECONDS
from bulk_tracker.jobs.tidying import Tidying
from bulk_tracker.pages import page
from bulk_tracker.pages.looks import Looks
from bulk_tracker.routes import closed
from bulk_tracker.settings import Settings, stalls_of, starttls
from bulk_tracker.store.actions import Requester
from bulk_tracker.store.documents import to_action
from bulk_tracker.store.stores import Stores
from contracts.bulk_actions import BulkActionStatusChanged
from contracts.envelope import Envelope
from shared import service
from shared.http import Principal
from shared.http.sessions import Sessions
from shared.http.sessions import router as sign_in
from shared.leases import Lease
from shared.mongo import Document
from shared.outbox import Outbox
from shared.service import Parts, Shell

NAME = "bulk-tracker"
DEMO_USERS = 20


def build(shell: Shell[Settings]) -> Parts:
    settings = shell.settings
    stores = Stores.of(shell.database, shell.keys, _rules(settings), shell.clock)
    mailing = Mailing(stores, _mail_server(settings))
    outbox = Outbox(
        stores.actions.collection,
        shell.sender,
        lambda document: _changes_owed(document, shell.source),
        mailing.queue,
        clock=shell.clock,
    )
    reading = Reading(settings, group_id=settings.kafka_group_id or NAME, clock=shell.clock)

    sessions = Sessions(service=NAME, settings=settings, database=shell.database, auth=shell.auth, clock=shell.clock)
    shell.auth.read_session = sessions.read
    looks = Looks(shell.clock, development=sessions.development)

    async def refused(*_: object) -> Response:
        return looks.launch_failed()

    async def demo_users() -> Sequence[Principal]:
        return [_demo_user(each) for each in await stores.actions.requesters(at_most=DEMO_USERS)]

    async def prepare() -> None:
        await stores.prepare()
        await sessions.prepare()
        await outbox.prepare()

    def lease(name: str, seconds: float) -> Lease:
        return Lease(shell.database, name, holder=shell.instance, seconds=seconds)

    return Parts(
        handlers=handlers(stores, outbox),
        routers=(
            *routes.routers(stores, shell.auth),
            page.router(stores, sessions, looks),
            sign_in(sessions, roles=ROLES, refused=refused, demo_users=demo_users),
            closed.router(),
        ),
        jobs={
            "outbox": outbox.sweep,
            "watchdog": Watchdog(stores, outbox, lease("watchdog", CLOCK_SECONDS), reading).run,
            "mail": mailing.run,
            "live": stores.live.run,
            "tidying": Tidying(stores, lease("tidying", TIDYING_SECONDS), retention=_retention(settings)).run,
        },
        prepare=prepare,
    )


def _demo_user(requester: Requester) -> Principal:
    roles = frozenset({"manager"})
    return Principal(requester.subject, roles, portal_id=requester.portal_id, name=requester.subject)


def _rules(settings: Settings) -> Rules:
    default, by_type = stalls_of(settings.tracker_stalls_after_seconds)
    return Rules(
        stalls_after=default,
        stalls_after_by_type=by_type,
        report_for=timedelta(hours=settings.tracker_report_hours),
        mail_on_timeout=settings.tracker_mail_on_timeout,
    )


def _mail_server(settings: Settings) -> mail.Server | None:
    if settings.smtp_url is None or settings.mail_from is None or settings.public_url is None:
        return None
    return mail.Server(
        url=settings.smtp_url,
        sender=settings.mail_from,
        public_url=settings.public_url,
        starttls=starttls(settings.smtp_url),
        username=settings.smtp_username,
        password_file=settings.smtp_password_file,
    )


def _retention(settings: Settings) -> timedelta | None:
    return None if settings.tracker_retention_days is None else timedelta(days=settings.tracker_retention_days)


def _changes_owed(document: Document, source: str) -> list[Envelope[Any]]:
    """Return an event for each change of status that was not told yet; its id says which change it is."""
    action = to_action(document)
    owed = {int(each.removeprefix(STATUS)) for each in action.owes if each.startswith(STATUS)}
    return [_event(action, version, source) for version in sorted(owed)]


def _event(action: Action, version: int, source: str) -> Envelope[Any]:
    change = next(each for each in action.history if each.version == version)
    if action.submission is None:
        raise LookupError("an action without its submission owes nothing")
    data = BulkActionStatusChanged(
        action_id=action.action_id,
        portal_id=action.submission.data.portal_id,
        reference_id=action.reference_id,
        status=change.status.value,
        previous_status=change.previous.value if change.previous else None,
        changed_at=change.at,
        version=version,
    )
    # All of the envelope is made of what is kept: a republished event is the same, byte for byte.
    event_id = _event_id(action.action_id, version)
    return Envelope.of(data, source=source, id=event_id, time=change.at, **asdict(change.origin))


def _event_id(action_id: str, version: int) -> str:
    """Return an id of at most 128 characters, made of action and version."""
    return hashlib.sha256(f"{action_id}/{version}".encode()).hexdigest()[:32]


def main() -> None:
    """Run the console script."""
    service.main(NAME, Settings, build)
