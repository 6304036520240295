"""Describe, and single rows: create, read, update, upsert, delete, by id or by external id."""

from typing import Any

from salesforce_standin import ids
from salesforce_standin.failures import RequestFailed, RowFailed, not_found
from salesforce_standin.http.call import Answer, Call
from salesforce_standin.records import collections
from salesforce_standin.records.collections import Written
from salesforce_standin.records.database import Row
from salesforce_standin.schema import describe
from salesforce_standin.schema.model import Field, SObject
from salesforce_standin.soql import binding, running

_STATUS = {"ENTITY_IS_DELETED": 404, "INVALID_CROSS_REFERENCE_KEY": 404}


def describe_all(call: Call) -> Answer:
    objects = call.world.org.schema.objects.values()
    listed = [describe.summary(one, call.base) for one in objects]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})


def describe_basic(call: Call) -> Answer:
    return Answer(200, {"objectDescribe": describe.summary(call.sobject(), call.base), "recentItems": []})


def describe_one(call: Call) -> Answer:
    return Answer(200, describe.full(call.sobject(), call.world.org.schema, call.base))


def create(call: Call) -> Answer:
    (done,) = collections.create(call.batch(), [(call.sobject(), call.json())])
    return _created(done)


def read(call: Call) -> Answer:
    one = call.sobject()
    return Answer(200, _shown(call, one, _row_by_id(call, one)))


def update(call: Call) -> Answer:
    one = call.sobject()
    row = _row_by_id(call, one)
    body = call.json()
    if any(name.lower() == "id" for name in body):
        message = "The Id field should not be specified in the sobject data."
        raise RequestFailed(400, "INVALID_FIELD", message, ("Id",))
    (done,) = collections.update(call.batch(), [(one, {**body, "Id": row["Id"]})])
    return _unless_failed(done, Answer(204))


def delete(call: Call) -> Answer:
    row = _row_by_id(call, call.sobject())
    (done,) = collections.delete(call.batch(), [str(row["Id"])])
    return _unless_failed(done, Answer(204))


def read_by_key(call: Call) -> Answer:
    one, key_field, key = _key(call)
    found = _one_of(call, one, key_field, key)
    row = call.world.org.database.get(one.name, found) if found else None
    if row is None:
        raise not_found()
    return Answer(200, _shown(call, one, row))


def upsert(call: Call) -> Answer:
    one, key_field, key = _key(call)
    found = _one_of(call, one, key_field, key)
    if call.query.get("updateOnly", "").lower() == "true" and found is None:
        raise not_found()
    body = call.json()
    if any(name.lower() in {"id", key_field.name.lower()} for name in body):
        message = f"The {key_field.name} field should not be specified in the sobject data."
        raise RequestFailed(400, "INVALID_FIELD", message, (key_field.name,))
    (done,) = collections.upsert(call.batch(), one, key_field, [{**body, key_field.name: key}])
    return _created(done)


def delete_by_key(call: Call) -> Answer:
    one, key_field, key = _key(call)
    found = _one_of(call, one, key_field, key)
    if found is None:
        raise not_found()
    (done,) = collections.delete(call.batch(), [found])
    return _unless_failed(done, Answer(204))


def _created(done: Written) -> Answer:
    body: dict[str, Any] = {"id": done.row_id, "success": True, "errors": []}
    if done.created is not None:
        body["created"] = done.created
    return _unless_failed(done, Answer(200 if done.created is False else 201, body))


def _unless_failed(done: Written, answer: Answer) -> Answer:
    if done.failure is not None:
        raise as_request(done.failure)
    return answer


def as_request(failure: RowFailed) -> RequestFailed:
    """A row's failure where the row is the whole request."""
    return RequestFailed(_STATUS.get(failure.code, 400), failure.code, failure.message, failure.fields)


def _row_by_id(call: Call, one: SObject) -> Row:
    row_id = ids.normal(call.path["id"])
    if row_id is None or not row_id.startswith(one.prefix):
        raise not_found()
    row = call.world.org.database.get(one.name, row_id)
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise RequestFailed(404, "ENTITY_IS_DELETED", "entity is deleted")
    return row


def _key(call: Call) -> tuple[SObject, Field, str]:
    one = call.sobject()
    key_field = one.field(call.path["field"])
    if key_field is None or not key_field.finds_rows:
        message = f"Provided external ID field does not exist or is not accessible: {call.path['field']}"
        raise RequestFailed(404, "NOT_FOUND", message)
    return one, key_field, call.path["value"]


def _one_of(call: Call, one: SObject, key_field: Field, key: str) -> str | None:
    found = collections.matches(call.world.org, one, key_field, key)
    if len(found) > 1:
        raise Several([f"{call.base}/sobjects/{one.name}/{row_id}" for row_id in found])
    return found[0] if found else None


class Several(RequestFailed):
    """More than one row has this external id: 300 and where they are."""

    def __init__(self, urls: list[str]) -> None:
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", "")
        object.__setattr__(self, "fields", tuple(urls))

    def body(self) -> list[Any]:
        return list(self.fields)


def _shown(call: Call, one: SObject, row: Row) -> dict[str, Any]:
    wanted = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
    paths = [tuple(name.split(".")) for name in wanted] or [(name,) for name in one.fields]
    columns = [binding.bind(call.world.org.schema, one, path) for path in paths]
    return running.record(call.world.org, one, columns, row, call.base)
