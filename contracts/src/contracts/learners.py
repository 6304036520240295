"""Learners: who they are, which Salesforce record is theirs, and their right to be forgotten."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, JsonValue, Strict, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from contracts.event import Event
from contracts.topics import LEARNERS
from contracts.types import EmailAddress, Id, Instant, PortalId, SalesforceId, Text, Version

SalesforceKind = Literal["user", "contact"]

PREFIXES = {"user": "005", "contact": "003"}
"""What the ids of each kind of Salesforce record begin with."""


class _OfLearner(Event):
    TOPIC: ClassVar[str] = LEARNERS

    portal_id: PortalId
    learner_id: Id

    def key(self) -> str:
        """`{portal_id}/{learner_id}`."""
        return f"{self.portal_id}/{self.learner_id}"


class LearnerChanged(_OfLearner):
    """A learner was created, or what is known of him has changed."""

    TYPE: ClassVar[str] = "learnwire.learner.changed.v1"

    email: EmailAddress
    first_name: Text | None = None
    last_name: Text | None = None
    active: bool = True
    version: Version


def _prefix(kind: str, prefix: str) -> dict[str, JsonValue]:
    return {
        "if": {"properties": {"salesforce_kind": {"const": kind}}},
        "then": {"properties": {"salesforce_id": {"pattern": f"^{prefix}"}}},
    }


class LearnerLinked(_OfLearner):
    """A learner belongs to a Salesforce user or contact: one of the two prerequisites is met."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_prefix(*each) for each in PREFIXES.items()]})

    TYPE: ClassVar[str] = "learnwire.learner.linked.v1"

    salesforce_kind: SalesforceKind
    salesforce_id: SalesforceId
    via: Literal["tab_opened", "contact_imported"]
    linked_at: Instant

    @model_validator(mode="after")
    def _id_is_of_its_kind(self) -> Self:
        if not self.salesforce_id.startswith(PREFIXES[self.salesforce_kind]):
            raise PydanticCustomError(
                "salesforce_id_kind", "A user's Salesforce id begins with 005, a contact's with 003"
            )
        return self


class LearnerUnlinked(_OfLearner):
    """A learner no longer belongs to a Salesforce user or contact."""

    TYPE: ClassVar[str] = "learnwire.learner.unlinked.v1"

    salesforce_kind: SalesforceKind
    unlinked_at: Instant


class LearnerAccessed(_OfLearner):
    """A learner used the platform."""

    TYPE: ClassVar[str] = "learnwire.learner.accessed.v1"

    accessed_at: Instant


class _NullIsEmpty:
    """As for every optional field, null says the same as nothing."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        nullable = core_schema.nullable_schema(handler(source))
        return core_schema.no_info_after_validator_function(_empty, nullable)


def _empty(value: tuple[str, ...] | None) -> tuple[str, ...]:
    return value or ()


class LearnerErased(_OfLearner):
    """A learner is to be forgotten, by his id and by every address given here or seen with it."""

    TYPE: ClassVar[str] = "learnwire.learner.erased.v1"

    email: EmailAddress | None = None
    former_emails: Annotated[tuple[EmailAddress, ...], Strict(strict=False), Field(max_length=20), _NullIsEmpty()] = ()
    erased_at: Instant
