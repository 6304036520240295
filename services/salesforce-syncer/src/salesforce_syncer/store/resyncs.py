"""Resyncs asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from salesforce_syncer.store.tables import Tables


@dataclass(frozen=True, slots=True)
class Resyncs:
    """Keeps what was asked for until it is done."""

    tables: Tables

    async def take(self, requests: Sequence[Any]) -> None:
        """Take requests in."""
