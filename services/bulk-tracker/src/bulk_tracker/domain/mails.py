"""The mail at an action's end: exactly five facts and the link."""

from dataclasses import dataclass
from datetime import UTC, datetime

NO_REFERENCE = "—"


@dataclass(frozen=True, slots=True)
class Ending:
    """What is told of an action's end. The requester's name and address come from the action, so that erasing one erases both."""

    action_type: str
    status: str
    reference_id: str | None
    requester: str
    completed_at: datetime

    @property
    def subject(self) -> str:
        return f"{self.action_type}: {self.status}"

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (
            ("Action type", self.action_type),
            ("Status", self.status),
            ("Reference ID", self.reference_id or NO_REFERENCE),
            ("Requester", self.requester),
            ("Completed", self.completed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        )
