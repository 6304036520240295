"""Whether the org can be written: schema and rights before the first row, and again for what stands still."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from salesforce_syncer.domain.objects import OBJECTS, PORTAL
from salesforce_syncer.jobs.brakes import ORG, Brakes
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.salesforce.schema import Schema, describe
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.orgs import OrgStore

log = structlog.stdlib.get_logger()


@dataclass
class Preflight:
    """Knows the org's schema, and what of it is missing."""

    settings: Settings
    client: Client
    orgs: OrgStore
    brakes: Brakes
    clock: Callable[[], datetime]
    schemas: dict[str, Schema] = field(default_factory=dict[str, Schema])

    @property
    def recheck(self) -> timedelta:
        return timedelta(seconds=self.settings.salesforce_recheck_seconds)

    async def look(self) -> None:
        """See to it that the schema is known, and look again at what stands still. Raises `Refused`."""
        if self.brakes.due(ORG):
            await self._same_org()
            self._note(await describe(self.client, PORTAL))
            self.brakes.go(ORG)
        if self.brakes.stopped(ORG):
            return
        missing = [each for each in OBJECTS if each not in self.schemas]
        if missing:
            await self._same_org()
        for each in missing:
            self._note(await describe(self.client, each))
        for each in OBJECTS:
            if self.brakes.due(each):
                self._note(await describe(self.client, each))

    def reasons(self) -> list[str]:
        """Return what keeps us from writing, for readiness: what the preflight found missing, all of it."""
        found = [each for schema in self.schemas.values() for each in schema.missing]
        if not self.schemas:
            found.append("salesforce: not looked at yet")
        return found

    def stop(self, object_name: str, code: str) -> None:
        """Stop an object that Salesforce refuses to write."""
        self.brakes.stop(
            object_name,
            code,
            again_in=self.recheck,
            next_step="deploy the package, assign the permission sets; it goes on by itself",
        )

    def _note(self, schema: Schema) -> None:
        self.schemas[schema.object] = schema
        if schema.missing:
            self.stop(schema.object, "; ".join(schema.missing))
        else:
            self.brakes.go(schema.object)

    async def _same_org(self) -> None:
        """Remember the org at the first time; another one behind the same settings is not written."""
        remembered = await self.orgs.org_id()
        if remembered != self.client.tokens.expected_org:
            self.schemas.clear()
        self.client.tokens.expected_org = remembered
        token = await self.client.tokens.current()
        if remembered is None and token.org_id:
            await self.orgs.remember_org(token.org_id)
            self.client.tokens.expected_org = token.org_id
