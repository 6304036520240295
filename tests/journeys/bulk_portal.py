"""One portal of a running tracker, as its publishers, its requesters and their mailbox see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    ReportedRow,
    Requester,
)
from contracts.event import Event
from contracts.topics import BULK_STATUSES
from tests.bulk_tracker.mailbox import Mailbox
from tests.world import Process, World, eventually

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**before: float) -> datetime:
    return NOW - timedelta(**before)


def rows(action_id: str, *numbers: int, minutes: float = 20) -> BulkActionRowsReported:
    reported = tuple(
        ReportedRow(
            row=each,
            status="error",
            identifier=f"user{each}@acme.example",
            issue="Unknown group",
            resolution="Create it",
        )
        for each in numbers
    )
    return BulkActionRowsReported(action_id=action_id, reported_at=ago(minutes=minutes), rows=reported)


def an_upload(portal: "Portal", name: str, **changes: Any) -> list[Event]:
    """The five events of an upload with errors."""
    action_id = portal.id(name)
    return [
        portal.of_ada(name, **changes),
        BulkActionStarted(action_id=action_id, started_at=ago(minutes=29)),
        BulkActionProgressed(
            action_id=action_id,
            progressed_at=ago(minutes=21),
            processed=40,
            succeeded=38,
            warnings=0,
            errors=2,
            total_rows=40,
        ),
        rows(action_id, 7, 12),
        BulkActionFinished(action_id=action_id, finished_at=ago(minutes=10), outcome="completed"),
    ]


@dataclass
class Portal:
    """One portal of a running tracker, with its mailbox, and somebody who looks; `name` is the test's own."""

    world: World
    process: Process
    mailbox: Mailbox
    name: str

    def of_ada(self, action_id: str, **changes: Any) -> BulkActionSubmitted:
        """What Ada says when she starts an action here."""
        known: dict[str, Any] = {
            "portal_id": self.name,
            "action_type": "users_upload",
            "requester": Requester(id="u-ada", name="Ada Example", email=self.address, role="manager"),
            "submitted_at": ago(minutes=30),
            "file_names": ("users-march.csv",),
        }
        return BulkActionSubmitted(action_id=self.id(action_id), **(known | changes))

    def id(self, name: str) -> str:
        """An action's id that no other test has."""
        return f"{self.name}-{name}"

    @property
    def address(self) -> str:
        return f"ada@{self.name}.example"

    @property
    def mails(self) -> list[EmailMessage]:
        """What came for this portal's people."""
        return [each for each in self.mailbox.mails if str(each["To"]).endswith(f"@{self.name}.example")]

    async def mailed(self, count: int) -> list[EmailMessage]:
        async def look() -> list[EmailMessage]:
            return self.mails

        return await eventually(look, f"{count} mails", until=lambda mails: len(mails) >= count)

    async def see(self, path: str, *, subject: str = "u-ada", portal_id: str = "", role: str = "manager") -> Any:
        token = self.world.token("bulk-tracker", role, subject=subject, portal_id=portal_id or self.name)
        return await self.world.get(self.process, path, token=token)

    async def sees(self, name: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async def look() -> dict[str, Any]:
            return (await self.see(f"/v1/actions/{self.id(name)}")).json()

        return await eventually(look, f"{name} to be as expected", until=until)

    async def has_status(self, name: str, status: str) -> dict[str, Any]:
        return await self.sees(name, lambda item: item.get("status") == status)

    async def told(self, *names: str, count: int = 0) -> list[Any]:
        """The records about these actions that the tracker has published, `count` of them at least."""
        keys = {self.id(name).encode() for name in names}

        async def look() -> list[Any]:
            return [each for each in await self.world.records(BULK_STATUSES) if each.key in keys]

        return await eventually(look, f"{count} changes", until=lambda found: len(found) >= count)


def mail_settings(mailbox: Mailbox) -> dict[str, str]:
    return {
        "SMTP_URL": mailbox.url,
        "MAIL_FROM": "learnwire@lms.example",
        "PUBLIC_URL": "https://tracker.example",
        "TRACKER_STALLS_AFTER_SECONDS": "3600",
    }
