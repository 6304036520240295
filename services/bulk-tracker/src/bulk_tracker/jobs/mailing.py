"""Mails out, one after the other, apart from the events: a slow or dead server delays nobody."""

import asyncio
from collections.abc import Sequence

import structlog

from bulk_tracker import mail, metrics
from bulk_tracker.domain.action import Action
from bulk_tracker.domain.mails import Ending
from bulk_tracker.domain.vocabulary import Status, label_of
from bulk_tracker.store.documents import to_action
from bulk_tracker.store.mails import GIVEN_UP_AFTER, Queued
from bulk_tracker.store.stores import Stores
from shared import failpoints
from shared.mongo import Document

log = structlog.stdlib.get_logger()

IDLE_SECONDS = 1.0


class Mailing:
    """Queues the mails that documents owe, and sends what is queued. Without a server it does neither."""

    def __init__(self, stores: Stores, server: mail.Server | None) -> None:
        self._stores = stores
        self._server = server

    async def queue(self, documents: Sequence[Document]) -> None:
        """Take over what these documents owe."""
        if self._server is not None:
            await self._stores.mails.queue(to_action(each) for each in documents)

    async def run(self) -> None:
        """Send for ever."""
        if self._server is None:
            log.info("mail.disabled", reason="LEARNWIRE_SMTP_URL is not set: no mails are sent, and none are kept")
            await asyncio.Event().wait()
        while True:
            if not await self.send_one():
                await asyncio.sleep(IDLE_SECONDS)

    async def send_one(self) -> bool:
        """Send the mail that is due; False where there is none."""
        queued = await self._stores.mails.claim()
        if queued is None or self._server is None:
            return False
        action = (await self._stores.actions.load([queued.action_id])).get(queued.action_id)
        outcome, reason = await self._send(self._server, queued, action)
        if outcome == "later" and self._stores.clock() - queued.queued_at < GIVEN_UP_AFTER:
            await self._stores.mails.later(queued)
            log.warning(
                "mail.delayed",
                action_id=queued.action_id,
                attempts=queued.attempts,
                reason=reason,
                next_step="none: it is sent again with a growing delay, for 24 h",
            )
            return True
        await self._settle(queued, "given_up" if outcome == "later" else outcome, reason)
        return True

    async def _settle(self, queued: Queued, outcome: str, reason: str) -> None:
        await self._stores.mails.settle(queued, outcome)
        metrics.mails.labels(outcome).inc()
        match outcome:
            case "sent":
                log.info("mail.sent", action_id=queued.action_id, attempts=queued.attempts)
            case "dropped":
                log.info("mail.dropped", action_id=queued.action_id, reason=reason)
            case _:
                log.error(
                    "mail.abandoned",
                    action_id=queued.action_id,
                    attempts=queued.attempts,
                    reason=reason,
                    next_step="see the mail server's log; the requester finds his action on the page",
                )

    async def _send(self, server: mail.Server, queued: Queued, action: Action | None) -> tuple[str, str]:
        ending = _ending(queued, action)
        address = action.submission.data.requester.email if action and action.submission else None
        if ending is None or address is None:
            return "dropped", "the requester's address is gone"
        try:
            message = mail.compose(server, ending, to=address, name=queued.name, date=queued.queued_at)
        except mail.BadAddress:
            return "refused", "no mail can be sent to such an address"
        failpoints.reach("mail before")
        sent = await mail.send(server, message)
        failpoints.reach("mail after")
        return sent


def _ending(queued: Queued, action: Action | None) -> Ending | None:
    if action is None or action.submission is None:
        return None
    data = action.submission.data
    return Ending(
        action_type=label_of(data.action_type),
        status=Status(queued.status).mail_label,
        reference_id=action.reference_id,
        requester=data.requester.name,
        completed_at=queued.ended_at,
    )
