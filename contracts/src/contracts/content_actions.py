"""Content actions: what happened to somebody's access to, or standing in, a piece of content."""

from typing import ClassVar

from contracts.event import Event, EventRef
from contracts.topics import CONTENT_ACTIONS
from contracts.types import EmailAddress, Id, Instant, PortalId, Text, normal_email


class ContentActionRecorded(Event):
    """One content action. `type` and `source` are legal as a pair only (`contracts.vocabulary`)."""

    TYPE: ClassVar[str] = "learnwire.content-action.recorded.v1"
    TOPIC: ClassVar[str] = CONTENT_ACTIONS

    email: EmailAddress
    panorama_name: Text | None = None
    content_type: Text
    content_title: Text
    type: Text
    source: Text
    timestamp: Instant
    portal_id: PortalId | None = None
    learner_id: Id | None = None
    content_id: Id | None = None
    actor_id: Id | None = None
    reference_id: Id | None = None
    corrects: EventRef | None = None

    def key(self) -> str:
        """The normal form of `email`."""
        return normal_email(self.email)
