"""What inserting, updating, upserting and deleting one row means: rights, references, required, unique."""

import re
from collections.abc import Mapping
from typing import Any

from salesforce_standin import ids
from salesforce_standin.failures import RowFailed
from salesforce_standin.org import Org
from salesforce_standin.records import references, values
from salesforce_standin.records.database import Row
from salesforce_standin.records.values import Value
from salesforce_standin.schema.model import SObject

Given = Mapping[str, Any]  # a record as it came: field names, nested objects, `attributes`


def insert(org: Org, one: SObject, given: Given) -> str:
    """The id of the new row."""
    if not one.writable:
        raise _no_access()
    if any(name.lower() == "id" for name in given):
        raise RowFailed("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
    changes = _changes(org, one, given, creating=True)
    row = _defaults(org, one) | changes
    _check_required(one, row)
    table = org.database.tables[one.name]
    row_id = ids.make(one.prefix, table.numbers + 1)
    now = org.stamp()
    stamps: Row = {
        "Id": row_id, "IsDeleted": False, "CreatedDate": now, "CreatedById": org.user_id, "LastModifiedDate": now,
        "LastModifiedById": org.user_id, "SystemModstamp": now,
    }  # fmt: skip
    row = _named(one, row | stamps)
    _check_unique(org, one, row)
    table.numbers += 1
    row = _numbered(org, one, row)
    org.database.put(one.name, row, counts_as="created")
    return row_id


def update(org: Org, one: SObject, row_id: str, given: Given) -> None:
    if not one.writable:
        raise _no_access()
    before = existing(org, one, row_id)
    changes = _changes(org, one, given, creating=False)
    now = org.stamp()
    stamps: Row = {"LastModifiedDate": now, "LastModifiedById": org.user_id, "SystemModstamp": now}
    row = _named(one, before | changes | stamps)
    _check_required(one, row)
    _check_unique(org, one, row)
    org.database.put(one.name, row, counts_as="updated")


def delete(org: Org, one: SObject, row_id: str) -> None:
    """Into the recycle bin; rows that look up to it forget it."""
    if not one.deletable or not one.writable:
        raise _no_access()
    row = existing(org, one, row_id)
    for child, one_field in org.full_schema.children(one.name):
        for child_id in org.database.find(child.name, one_field, row_id):
            if one_field.delete_constraint == "Restrict":
                message = f"Your attempt to delete could not be completed because it is associated with: {child.label}"
                raise RowFailed("DELETE_FAILED", message)
            child_row = org.database.get(child.name, child_id)
            if child_row is not None:
                org.database.put(child.name, {**child_row, one_field.name: None})
    binned = {**row, "IsDeleted": True, "SystemModstamp": org.stamp()}
    org.database.put(one.name, binned, counts_as="deleted")


def existing(org: Org, one: SObject, row_id: str) -> Row:
    """The row, or the failure that names why there is none."""
    row = org.database.get(one.name, row_id)
    if row is None:
        raise RowFailed("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.get("IsDeleted"):
        raise RowFailed("ENTITY_IS_DELETED", "entity is deleted")
    return row


def _no_access() -> RowFailed:
    return RowFailed("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def _changes(org: Org, one: SObject, given: Given, *, creating: bool) -> dict[str, Value]:
    """The fields that this record sets, checked one by one."""
    changes: dict[str, Value] = {}
    closed: list[str] = []
    for name, raw in given.items():
        if name == "attributes" or name.lower() == "id":
            continue
        found = one.field(name)
        if found is None:
            target = one.reference(name)
            if target is None:
                raise RowFailed("INVALID_FIELD", f"No such column '{name}' on sobject of type {one.name}")
            if target.name in given:
                message = f"Cannot specify both an external ID reference {name} and a salesforce id, {target.name}"
                raise RowFailed("INVALID_FIELD", message, (target.name,))
            changes[target.name] = references.by_external_id(org, target, raw)
            found = target
        else:
            changes[found.name] = references.checked(org, found, values.coerce(found, raw))
        if not (found.createable if creating else found.updateable):
            closed.append(found.name)
    if closed:
        message = (
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set."
        )
        raise RowFailed("INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(closed))
    return changes


def _defaults(org: Org, one: SObject) -> Row:
    row: Row = {field.name: field.default for field in one.fields.values() if field.default is not None}
    row |= {field.name: False for field in one.fields.values() if field.kind == "boolean" and field.name not in row}
    if "OwnerId" in one.fields:
        row["OwnerId"] = org.user_id
    return row


def _named(one: SObject, row: Row) -> Row:
    """A person's name is made of its parts."""
    if "LastName" not in one.fields:
        return row
    return {**row, "Name": " ".join(str(row[part]) for part in ("FirstName", "LastName") if row.get(part))}


def _numbered(org: Org, one: SObject, row: Row) -> Row:
    table = org.database.tables[one.name]
    formats = {field.name: field.number_format for field in one.fields.values() if field.number_format}
    if not formats:
        return row
    table.automatic += 1
    number = table.automatic
    return row | {
        name: re.sub(r"\{(0+)\}", lambda zeros: str(number).rjust(len(zeros[1]), "0"), shape)
        for name, shape in formats.items()
    }


def _check_required(one: SObject, row: Row) -> None:
    missing = tuple(field.name for field in one.fields.values() if field.required and row.get(field.name) is None)
    if missing:
        raise RowFailed("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)


def _check_unique(org: Org, one: SObject, row: Row) -> None:
    for field in one.fields.values():
        if not field.unique or row.get(field.name) is None:
            continue
        others = [found for found in org.database.find(one.name, field, row[field.name]) if found != row["Id"]]
        if others:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0][:15]}"
            raise RowFailed("DUPLICATE_VALUE", message, ())


def merge(org: Org, one: SObject, master_id: str, loser_ids: list[str]) -> None:
    """The losers go to the bin and name their master; rows that looked up to them look up to it. At most two losers."""
    existing(org, one, master_id)
    for loser_id in loser_ids:
        loser = existing(org, one, loser_id)
        for child, one_field in org.full_schema.children(one.name):
            for child_id in org.database.find(child.name, one_field, loser_id):
                child_row = org.database.get(child.name, child_id)
                if child_row is not None:
                    org.database.put(child.name, {**child_row, one_field.name: master_id})
        stamp = org.stamp()
        org.database.put(one.name, {**loser, "IsDeleted": True, "MasterRecordId": master_id, "SystemModstamp": stamp})
