"""sObject Collections: up to 200 rows in a request."""

from typing import Any, cast

from salesforce_standin.failures import RequestFailed, not_found
from salesforce_standin.http.call import Answer, Call
from salesforce_standin.records import collections
from salesforce_standin.records.collections import Batch, Written
from salesforce_standin.schema.model import SObject

Record = dict[str, Any]


def upsert(call: Call) -> Answer:
    one = call.sobject()
    key_field = one.field(call.path["field"])
    if key_field is None or not key_field.finds_rows:
        raise not_found()
    records = _records(call)
    for given, record in ((_type_of(call, record), record) for record in records):
        if given.name != one.name:
            message = f"The record's type {given.name} is not the type of the URI, {one.name}"
            raise RequestFailed(400, "INVALID_INPUT", message, tuple(record)[:1])
    batch = call.batch()
    mark = batch.org.database.mark()
    return _answer(call, batch, mark, collections.upsert(batch, one, key_field, records))


def create(call: Call) -> Answer:
    records = [(_type_of(call, record), record) for record in _records(call)]
    batch = call.batch()
    mark = batch.org.database.mark()
    return _answer(call, batch, mark, collections.create(batch, records))


def update(call: Call) -> Answer:
    records = [(_type_of(call, record), record) for record in _records(call)]
    batch = call.batch()
    mark = batch.org.database.mark()
    return _answer(call, batch, mark, collections.update(batch, records))


def delete(call: Call) -> Answer:
    given = [one for one in call.query.get("ids", "").split(",") if one.strip()]
    if not given:
        raise RequestFailed(400, "REQUIRED_FIELD_MISSING", "The required field is missing: ids", ("ids",))
    _check_size(len(given))
    batch = call.batch()
    mark = batch.org.database.mark()
    results = collections.delete(batch, given)
    if call.query.get("allOrNone", "false").lower() == "true":
        results = batch.all_or_none(results, mark)
    return Answer(200, [one.in_collection() for one in results])


def _answer(call: Call, batch: Batch, mark: int, results: list[Written]) -> Answer:
    if call.json().get("allOrNone") is True:
        results = batch.all_or_none(results, mark)
    return Answer(200, [one.in_collection() for one in results])


def _records(call: Call) -> list[Record]:
    given = call.json().get("records")
    if not isinstance(given, list):
        raise RequestFailed(400, "REQUIRED_FIELD_MISSING", "The required field is missing: records", ("records",))
    records = cast("list[object]", given)
    if not all(isinstance(one, dict) for one in records):
        raise RequestFailed(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of sobject at [line:1, column:1]")
    _check_size(len(records))
    return cast("list[Record]", records)


def _check_size(count: int) -> None:
    if count > collections.MOST_ROWS:
        message = f"record limit reached. cannot submit more than {collections.MOST_ROWS} records in this transaction"
        raise RequestFailed(400, "EXCEEDED_ID_LIMIT", message)


def _type_of(call: Call, record: Record) -> SObject:
    attributes = record.get("attributes")
    named = cast("Record", attributes).get("type") if isinstance(attributes, dict) else None
    if not isinstance(named, str):
        raise RequestFailed(400, "INVALID_INPUT", "The record has no attributes.type", ("attributes",))
    found = call.world.org.schema.find(named)
    if found is None:
        message = (
            f"sObject type '{named}' is not supported. If you are attempting to use a custom object, be sure to append the "
            "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
        )
        raise RequestFailed(400, "INVALID_TYPE", message)
    return found
