"""Everything that one stand-in is made of."""

from dataclasses import dataclass
from typing import Any

from salesforce_standin.auth import Gatekeeper
from salesforce_standin.bulk.jobs import Jobs
from salesforce_standin.cursors import Cursors
from salesforce_standin.faults import Faults
from salesforce_standin.journal import Journal
from salesforce_standin.metering import Meter
from salesforce_standin.org import Org


@dataclass(slots=True)
class World:
    """The org, who may call it, and what goes wrong on the way."""

    org: Org
    gatekeeper: Gatekeeper
    meter: Meter
    faults: Faults
    cursors: Cursors
    jobs: Jobs
    deployments: dict[str, dict[str, Any]]
    journal: Journal
    page_size: int
    instance_url: str | None  # None: whatever host the request names

    def save(self) -> None:
        """What the request changed goes to the state file, if there is one, before it is answered."""
        self.journal.save(self.org)

    def reset(self) -> None:
        """As on the first day, tokens and faults too."""
        self.org.empty()
        self.cursors.clear()
        self.jobs.clear()
        self.faults.take_away()
        self.gatekeeper.expire()
        self.meter.forget_counts()
        self.meter.pretend(0)
        self.journal.forget()
        self.save()
