"""What the stories have caused so far, and what must come of it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

END = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The demo's now. Publishing moves all of the week so that it ends when the demo runs."""

Line = dict[str, Any]


def text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    return END - timedelta(days=days, hours=hours, minutes=minutes)


@dataclass(frozen=True)
class Person:
    """A learner, or somebody who starts bulk actions."""

    learner_id: str
    portal_id: str
    first: str
    last: str
    link: str = ""
    """`user`, `contact`, both with a space between, or nothing."""
    leaves: str = ""
    """`unlinked` or `erased` at the end of the week."""
    record: str = ""
    """Two learners with the same one are one person in Salesforce."""
    mailbox: str = ""

    @property
    def slug(self) -> str:
        return f"{self.first}.{self.last}".lower()

    @property
    def email(self) -> str:
        return f"{self.mailbox or self.slug}@{self.portal_id}.example"

    def record_of(self, kind: str) -> str:
        return f"{kind}:{self.record or self.slug}"


@dataclass
class Ledger:
    """Lines of the files, and the expected end state."""

    chance: random.Random
    files: dict[str, list[Line]] = field(default_factory=dict[str, list[Line]])
    salesforce: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict[str, dict[str, dict[str, Any]]])
    attempts: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    parked: dict[str, str] = field(default_factory=dict[str, str])
    log: dict[str, int] = field(default_factory=dict[str, int])
    log_at_noon: int = 0
    """Rows in the log before the second part is published."""
    log_erased: int = 0
    bulk: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    reports: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    mails: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    dead: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    count: int = 0

    def event(self, file: str, kind: str, data: Mapping[str, Any], at: datetime, *, source: str = "") -> Line:
        """One event; instants among the data may be datetimes, absent values None."""
        self.count += 1
        portal = str(data.get("portal_id", "acme"))
        line = {
            "id": f"demo-{self.count:04d}",
            "source": source or f"/lms/{portal}",
            "type": f"learnwire.{kind}.v1",
            "time": text(at + timedelta(milliseconds=self.chance.randint(20, 900))),
            "data": {key: _plain(value) for key, value in data.items() if value is not None},
        }
        self.files.setdefault(file, []).append(line)
        return line

    def row(self, object_name: str, key: str, **fields: Any) -> None:
        """A row that Salesforce must hold at the end."""
        self.salesforce.setdefault(object_name, {})[key] = fields

    def logged(self, kind: str, *, person: Person | None = None, rows: int = 1) -> None:
        """Rows that the action log must hold at the end."""
        self.log[kind] = self.log.get(kind, 0) + rows
        self.log_at_noon += rows
        if person is not None and person.leaves == "erased":
            self.log_erased += rows

    def dead_letter(self, service: str, reason: str) -> None:
        reasons = self.dead.setdefault(service, {})
        reasons[reason] = reasons.get(reason, 0) + 1

    def repeat(self, file: str, share: float) -> None:
        """Deliver some events twice, the second time anywhere later; then let neighbours overtake each other."""
        lines = self.files[file]
        for line in [each for each in lines if self.chance.random() < share]:
            lines.insert(self.chance.randint(lines.index(line) + 1, len(lines)), line)
        for _ in range(len(lines) // 4):
            at = self.chance.randrange(len(lines) - 1)
            lines[at], lines[at + 1] = lines[at + 1], lines[at]


def _plain(value: Any) -> Any:
    return text(value) if isinstance(value, datetime) else value
