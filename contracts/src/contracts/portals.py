"""Portals: one customer's learning platform each."""

from typing import ClassVar

from contracts.event import Event
from contracts.topics import PORTALS
from contracts.types import Instant, PortalId, Text, Version


class PortalConnected(Event):
    """A portal was connected with Salesforce for the first time, or what is known of it has changed."""

    TYPE: ClassVar[str] = "learnwire.portal.connected.v1"
    TOPIC: ClassVar[str] = PORTALS

    portal_id: PortalId
    name: Text
    url: Text
    connected_at: Instant
    version: Version

    def key(self) -> str:
        """`portal_id`."""
        return self.portal_id
