"""Go1 attempts shown as enrollments, or not: when the setting has changed, the rows follow."""

from dataclasses import dataclass, field

import structlog

from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.orgs import OrgStore

log = structlog.stdlib.get_logger()


@dataclass
class Mirroring:
    """A chore of the writer: it looks once, when this process begins to write.

    So it is the new process that decides, once the old one has given up the lease. Where an old replica still took in facts
    after that, a resync settles them.
    """

    facts: FactStore
    orgs: OrgStore
    go1: bool
    _looked: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Derive anew for everybody with attempts, if they were derived under another setting."""
        if self._looked:
            return
        if await self.orgs.mirrored_go1() is not self.go1:
            await self.facts.rederive_all({"facts.kind": "attempt"})
            await self.orgs.remember_mirrored(go1=self.go1)
            log.info("mirror.settled", go1=self.go1)
        self._looked = True
