"""Objects and fields as data; nothing here knows where they came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal[
    "id",
    "string",
    "textarea",
    "email",
    "phone",
    "url",
    "picklist",
    "boolean",
    "double",
    "int",
    "date",
    "datetime",
    "reference",
]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `length` counts UTF-16 units; precision and scale are of numbers."""

    name: str
    label: str
    kind: Kind
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    createable: bool = True
    updateable: bool = True
    default: str | bool | None = None
    number_format: str | None = None  # of an auto-number: LUE-{00000000}
    values: tuple[tuple[str, str], ...] = ()  # of a picklist: value and label
    restricted: bool = False
    refers_to: str | None = None
    relationship: str | None = None  # the name that queries and nested objects use: Membership__r
    children: str | None = None  # the name of the way back: Enrollments__r
    delete_constraint: Literal["SetNull", "Restrict", "Cascade"] = "SetNull"

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def finds_rows(self) -> bool:
        """May stand in a URL or a nested object to name a row."""
        return self.external_id or self.id_lookup


@dataclass(frozen=True, slots=True)
class SObject:
    """One object; fields by name in the order of describe."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field]
    writable: bool = True
    deletable: bool = True
    setup: bool = False  # User: never in one transaction with other objects
    by_lower_name: Mapping[str, Field] = field(default_factory=dict[str, Field])
    by_relationship: Mapping[str, Field] = field(default_factory=dict[str, Field])

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """Salesforce finds fields without regard to case."""
        return self.fields.get(name) or self.by_lower_name.get(name.lower())

    def reference(self, relationship: str) -> Field | None:
        return self.by_relationship.get(relationship.lower())

    def with_fields(self, more: Iterable[Field]) -> "SObject":
        """The same object with these fields added or replaced."""
        return sobject(replace(self, fields={**self.fields, **{one.name: one for one in more}}))


def sobject(made: SObject) -> SObject:
    """The object with its look-up tables filled."""
    return replace(
        made,
        by_lower_name={name.lower(): one for name, one in made.fields.items()},
        by_relationship={one.relationship.lower(): one for one in made.fields.values() if one.relationship},
    )


@dataclass(frozen=True, slots=True)
class Schema:
    """All objects of the org."""

    objects: Mapping[str, SObject]

    def find(self, name: str) -> SObject | None:
        """Salesforce finds objects without regard to case."""
        found = self.objects.get(name)
        if found is not None:
            return found
        lower = name.lower()
        return next((one for one in self.objects.values() if one.name.lower() == lower), None)

    def children(self, parent: str) -> tuple[tuple[SObject, Field], ...]:
        """Who looks up to this object, and by which field."""
        return tuple(
            (child, one) for child in self.objects.values() for one in child.fields.values() if one.refers_to == parent
        )
