"""Writing many rows in one request: in order, each with its own result, all or none when asked."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed, RowFailed
from salesforce_standin.faults import Planted
from salesforce_standin.org import Org
from salesforce_standin.records import values, writes
from salesforce_standin.records.database import index_key
from salesforce_standin.records.writes import Given
from salesforce_standin.schema.model import Field, SObject

MOST_ROWS = 200
MOST_CHUNKS = 10
ROLLED_BACK = RowFailed(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one row; `created` is told of upserts alone."""

    row_id: str | None
    created: bool | None = None
    failure: RowFailed | None = None

    def in_collection(self) -> dict[str, Any]:
        out: dict[str, Any] = {"id": self.row_id} if self.row_id and self.failure is None else {}
        out |= {"success": self.failure is None, "errors": [self.failure.in_collection()] if self.failure else []}
        return out if self.created is None else out | {"created": self.created}


@dataclass(frozen=True, slots=True)
class Batch:
    """The org and the faults of one request."""

    org: Org
    planted: Callable[[str, str, str], Planted | None]  # object, key, create | update | delete

    def all_or_none(self, results: list[Written], mark: int) -> list[Written]:
        """Undo everything when one row failed."""
        if not any(one.failure for one in results):
            return results
        self.org.database.roll_back(mark)
        return [
            one if one.failure else Written(None, None if one.created is None else False, ROLLED_BACK)
            for one in results
        ]

    def attempt(self, one: SObject, key: str, on: str, write: Callable[[], Written]) -> Written:
        """One row: its faults, then the write, undone if it fails half-way."""
        planted = self.planted(one.name, key, on)
        if planted is not None and not planted.after_write:
            return Written(None, None, planted.failure)
        mark = self.org.database.mark()
        try:
            done = write()
        except RowFailed as failure:
            self.org.database.roll_back(mark)
            return Written(None, None, failure)
        if planted is None:
            return done
        return Written(None, None, _with_id(planted.failure, done.row_id))


def _with_id(failure: RowFailed, row_id: str | None) -> RowFailed:
    return RowFailed(failure.code, failure.message.replace("{id}", (row_id or "")[:15]), failure.fields)


def upsert(batch: Batch, one: SObject, key_field: Field, records: Sequence[Given]) -> list[Written]:
    """By external id. A key that comes twice in one request fails each time it comes."""
    keys = [_key(key_field, given) for given in records]
    counts = Counter(index_key(key_field, key) for key in keys if isinstance(key, str))
    return [
        _refused("DUPLICATE_VALUE", f"Duplicate external id specified: {key}")
        if isinstance(key, str) and counts[index_key(key_field, key)] > 1
        else _upsert_one(batch, one, key_field, given, key)
        for given, key in zip(records, keys, strict=True)
    ]


def _refused(code: str, message: str) -> Written:
    return Written(None, created=False, failure=RowFailed(code, message))


def _key(key_field: Field, given: Given) -> str | RowFailed:
    if any(name.lower() == "id" for name in given) and key_field.name != "Id":
        return RowFailed("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an upsert by external id", ("Id",))
    raw = next((value for name, value in given.items() if name.lower() == key_field.name.lower()), None)
    try:
        key = values.coerce(key_field, raw)
    except RowFailed as failure:
        return failure
    if not isinstance(key, str):
        return RowFailed("MISSING_ARGUMENT", f"{key_field.name} not specified", ())
    return key


def _upsert_one(batch: Batch, one: SObject, key_field: Field, given: Given, key: str | RowFailed) -> Written:
    if isinstance(key, RowFailed):
        return Written(None, created=False, failure=key)
    found = matches(batch.org, one, key_field, key)
    if len(found) > 1:
        several = f"more than one record found for external id field: [{', '.join(found)}]"
        return _refused("DUPLICATE_EXTERNAL_ID", f"{key_field.name}: {several}")

    def write() -> Written:
        if found:
            writes.update(batch.org, one, found[0], _without_key(key_field, given))
            return Written(found[0], created=False)
        return Written(writes.insert(batch.org, one, given), created=True)

    done = batch.attempt(one, key, "update" if found else "create", write)
    return done if done.failure is None else Written(None, created=False, failure=done.failure)


def matches(org: Org, one: SObject, key_field: Field, key: str) -> list[str]:
    """Ids of the rows that this key means."""
    if key_field.name == "Id":
        return [key]
    return org.database.find(one.name, key_field, key)


def _without_key(key_field: Field, given: Given) -> Given:
    return {name: value for name, value in given.items() if name.lower() != key_field.name.lower()}


def create(batch: Batch, records: Sequence[tuple[SObject, Given]]) -> list[Written]:
    _check_kinds([one for one, _ in records])
    return [
        batch.attempt(one, "", "create", lambda one=one, given=given: Written(writes.insert(batch.org, one, given)))
        for one, given in records
    ]


def update(batch: Batch, records: Sequence[tuple[SObject, Given]]) -> list[Written]:
    _check_kinds([one for one, _ in records])
    return [_update_one(batch, one, given) for one, given in records]


def _update_one(batch: Batch, one: SObject, given: Given) -> Written:
    raw = next((value for name, value in given.items() if name.lower() == "id"), None)
    if not isinstance(raw, str) or not raw:
        return Written(None, None, RowFailed("MISSING_ARGUMENT", "Id not specified in an update call", ()))
    row_id = ids.normal(raw)
    if row_id is None:
        return Written(None, None, RowFailed("MALFORMED_ID", f"malformed id {raw[:80]}", ("Id",)))
    if not row_id.startswith(one.prefix):
        return Written(
            None,
            None,
            RowFailed("FIELD_INTEGRITY_EXCEPTION", f"{one.label} ID: id value of incorrect type: {row_id}", ("Id",)),
        )

    def write() -> Written:
        writes.update(batch.org, one, row_id, given)
        return Written(row_id)

    return batch.attempt(one, row_id, "update", write)


def delete(batch: Batch, given: Sequence[str]) -> list[Written]:
    found = [_deletable(batch.org, raw) for raw in given]
    _check_kinds([one[0] for one in found if not isinstance(one, RowFailed)])
    return [
        Written(None, None, one) if isinstance(one, RowFailed) else _delete_one(batch, one[0], one[1]) for one in found
    ]


def _deletable(org: Org, raw: str) -> tuple[SObject, str] | RowFailed:
    row_id = ids.normal(raw.strip())
    if row_id is None:
        return RowFailed("MALFORMED_ID", f"malformed id {raw[:80]}", ())
    found = next((one for one in org.schema.objects.values() if row_id.startswith(one.prefix)), None)
    return (found, row_id) if found else RowFailed("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())


def _delete_one(batch: Batch, one: SObject, row_id: str) -> Written:
    def write() -> Written:
        writes.delete(batch.org, one, row_id)
        return Written(row_id)

    return batch.attempt(one, row_id, "delete", write)


def _check_kinds(objects: Sequence[SObject]) -> None:
    """At most ten runs of equal objects; users never beside others."""
    chunks = sum(
        1 for before, one in zip([None, *objects], objects, strict=False) if before is None or before.name != one.name
    )
    if chunks > MOST_CHUNKS:
        message = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
        raise RequestFailed(400, "INVALID_INPUT", message)
    names = {one.name for one in objects}
    setup = next((one.name for one in objects if one.setup), None)
    if setup is not None and len(names) > 1:
        other = next(name for name in names if name != setup)
        message = f"DML operation on setup object is not permitted after you have updated a non-setup object (or vice versa): {setup}, original object: {other}"
        raise RequestFailed(400, "MIXED_DML_OPERATION", message)
