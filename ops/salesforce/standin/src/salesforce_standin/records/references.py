"""Look-ups to other rows: by id, or by an external id of the row they mean."""

from typing import Any, cast

from salesforce_standin.failures import RowFailed
from salesforce_standin.org import Org
from salesforce_standin.records import values
from salesforce_standin.records.values import Value
from salesforce_standin.schema.model import Field


def checked(org: Org, one: Field, value: Value) -> Value:
    """The same value, when it is no reference or the row is there."""
    if one.kind != "reference" or one.refers_to is None or not isinstance(value, str):
        return value
    target = org.full_schema.objects[one.refers_to]
    if not value.startswith(target.prefix):
        raise RowFailed("FIELD_INTEGRITY_EXCEPTION", f"{one.label}: id value of incorrect type: {value}", (one.name,))
    row = org.database.get(target.name, value)
    if row is None:
        raise RowFailed("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    if row.get("IsDeleted"):
        raise RowFailed("ENTITY_IS_DELETED", "entity is deleted", ())
    return value


def by_external_id(org: Org, one: Field, raw: object) -> Value:
    """The id of the row that `{"Membership_Key__c": "acme:7"}` means."""
    if raw is None:
        return None
    if one.refers_to is None or not isinstance(raw, dict):
        raise RowFailed("INVALID_FIELD", f"The value of {one.relationship} must name one external id field", ())
    given = {name: value for name, value in cast("dict[str, Any]", raw).items() if name != "attributes"}
    target = org.schema.find(one.refers_to)
    if target is None or len(given) != 1:
        raise RowFailed("INVALID_FIELD", f"The value of {one.relationship} must name one external id field", ())
    ((name, raw_key),) = given.items()
    key_field = target.field(name)
    if key_field is None or not key_field.finds_rows:
        raise RowFailed("INVALID_FIELD", f"{name} is not an External ID or indexed field for {target.name}", ())
    key = values.coerce(key_field, raw_key)
    if key_field.name == "Id":
        return checked(org, one, key)
    found = [] if key is None else org.database.find(target.name, key_field, key)
    if not found:
        message = f"Foreign key external ID: {key} not found for field {key_field.name} in entity {target.name}"
        raise RowFailed("INVALID_FIELD", message, ())
    if len(found) > 1:
        message = f"More than one record found for external id field: {key_field.name}: [{', '.join(found)}]"
        raise RowFailed("INVALID_FIELD", message, ())
    return found[0]
