"""Commands that operators send to services."""

from typing import ClassVar

from contracts.bulk_actions import Requester
from contracts.event import Event
from contracts.topics import COMMANDS
from contracts.types import Id, Instant, PortalId


class SalesforceResyncRequested(Event):
    """Somebody wants Salesforce compared and put right, for a portal or one of its learners."""

    TYPE: ClassVar[str] = "learnwire.salesforce.resync-requested.v1"
    TOPIC: ClassVar[str] = COMMANDS

    request_id: Id
    portal_id: PortalId
    learner_id: Id | None = None
    requester: Requester
    requested_at: Instant

    def key(self) -> str:
        """`portal_id`."""
        return self.portal_id
