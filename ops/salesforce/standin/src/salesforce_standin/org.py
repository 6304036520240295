"""The org: who it is, what it holds, what its integration user may see, and how many calls it has answered."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from salesforce_standin import ids
from salesforce_standin.records import values
from salesforce_standin.records.database import Database, Row
from salesforce_standin.schema.model import Schema, SObject

INTEGRATION_USERNAME = "integration@learnwire.example"


@dataclass(slots=True)
class Access:
    """What was taken from the integration user, for as long as a test wants it."""

    hidden: set[tuple[str, str | None]] = field(default_factory=set[tuple[str, str | None]])  # object, field
    locked: set[tuple[str, str | None]] = field(default_factory=set[tuple[str, str | None]])

    def of(self, schema: Schema) -> Schema:
        """The schema as the integration user sees it."""
        return Schema(
            {name: self._object(one) for name, one in schema.objects.items() if (name, None) not in self.hidden}
            if self.hidden or self.locked
            else schema.objects
        )

    def _object(self, one: SObject) -> SObject:
        fields = {name: found for name, found in one.fields.items() if (one.name, name) not in self.hidden}
        for name, found in fields.items():
            if (one.name, name) in self.locked:
                fields[name] = replace(found, createable=False, updateable=False)
        writable = one.writable and (one.name, None) not in self.locked
        return replace(one, fields={}, writable=writable).with_fields(fields.values())


class Org:
    """One org. `schema` is what the integration user sees, `full_schema` what there is."""

    def __init__(self, schema: Schema, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = clock
        self.full_schema = schema
        self.access = Access()
        self.schema = schema
        self.database = Database(schema)
        self.generation = 1
        self._stamp: tuple[datetime | None, str] = None, ""
        self.user_id = ids.make("005", 1)

    def stamp(self) -> str:
        """Now, as rows have it; made anew once a second."""
        now = self.now().replace(microsecond=0)
        if self._stamp[0] != now:
            self._stamp = now, values.instant_text(now)
        return self._stamp[1]

    @property
    def organization_id(self) -> str:
        return ids.make("00D", self.generation)

    def see(self) -> None:
        """Apply what was taken or given back."""
        self.schema = self.access.of(self.full_schema)

    def deploy(self, schema: Schema) -> None:
        """Take a schema with more in it."""
        self.full_schema = schema
        self.database.adopt(schema)
        self.see()

    def empty(self) -> None:
        """As on the first day: the integration user, the org and two profiles, nothing else."""
        self.database = Database(self.full_schema)
        self.access = Access()
        self.generation = 1
        self.see()
        self.found()

    def found(self) -> None:
        """The rows that every org begins with."""
        now = self.stamp()
        stamps: Row = {"IsDeleted": False, "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        for number, name in enumerate(("System Administrator", "Standard User"), 1):
            self.database.put("Profile", {"Id": ids.make("00e", number), "Name": name, **stamps})
        self.database.put("Organization", {
            "Id": self.organization_id, "Name": "Salesforce stand-in", "InstanceName": "LOCAL", "IsSandbox": True,
            "NamespacePrefix": None, "OrganizationType": "Developer Edition", "TrialExpirationDate": None, **stamps,
        })  # fmt: skip
        self.database.put("User", {
            "Id": self.user_id, "Username": INTEGRATION_USERNAME, "FirstName": "Integration", "LastName": "User",
            "Name": "Integration User", "Email": INTEGRATION_USERNAME, "Alias": "integr", "IsActive": True,
            "ProfileId": ids.make("00e", 1), "UserType": "Standard", **stamps,
        })  # fmt: skip
        self.database.tables["User"].numbers = 1

    def become_another(self) -> None:
        """A refreshed sandbox: the same rows behind another org id."""
        before = self.database.get("Organization", self.organization_id) or {}
        self.database.remove("Organization", self.organization_id)
        self.generation += 1
        self.database.put("Organization", {**before, "Id": self.organization_id})
