"""Working jobs off: slices of 200 rows, other requests in between."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from salesforce_standin.bulk import csvs
from salesforce_standin.bulk.jobs import Job, Row
from salesforce_standin.failures import RequestFailed, RowFailed
from salesforce_standin.org import Org
from salesforce_standin.records import collections
from salesforce_standin.records.collections import Batch, Written
from salesforce_standin.schema.model import SObject
from salesforce_standin.soql import parser, running
from salesforce_standin.soql.tree import Column
from salesforce_standin.world import World

KIND = "bulk.rows"
"""What faults call the rows of a job."""
_SLICE = 200
_STEP_SECONDS = 0.02
Writer = Callable[[Batch, Sequence[dict[str, Any]]], list[Written]]


async def for_ever(world: World) -> None:
    """Take the jobs one after the other."""
    while True:
        job = await world.jobs.waiting.get()
        if job.over:
            continue
        job.state = "InProgress"
        await asyncio.sleep(0)
        if world.faults.for_job("bulk_stuck", job.object_name):
            continue
        await _dawdle(world, job)
        if job.over:
            continue
        try:
            await (_ingest(world, job) if job.kind == "ingest" else _query(world, job))
        except csvs.CsvError as error:
            job.state, job.message = "Failed", str(error)
        except RequestFailed as failed:
            job.state, job.message = "Failed", f"{failed.code} : {failed.message}"


async def _dawdle(world: World, job: Job) -> None:
    """Wait as long as a planted fault says, or until somebody ends the job."""
    slow = world.faults.for_job("bulk_slow", job.object_name)
    until = time.monotonic() + (slow.seconds if slow else 0)
    while time.monotonic() < until and not job.over:  # noqa: ASYNC110  a job is ended by setting its state
        await asyncio.sleep(_STEP_SECONDS)


async def _ingest(world: World, job: Job) -> None:
    org = world.org
    one = org.schema.find(job.object_name)
    if one is None:
        raise csvs.CsvError(f"InvalidBatch : Unable to find object: {job.object_name}")
    names, rows = csvs.read(job.body or "", delimiter=job.delimiter, line_end=job.line_end)
    job.names, job.body = names, None
    _check_names(org, one, names, job)
    write = _writer(one, job)
    fails = world.faults.for_job("bulk_failed", job.object_name)
    for start in range(0, len(rows), _SLICE):
        if job.over:
            job.untouched += [tuple(row) for row in rows[start:]]
            return
        if fails is not None and start >= fails.rows:
            job.state, job.message = "Failed", "InternalServerError : the job was planted to fail"
            job.untouched += [tuple(row) for row in rows[start:]]
            return
        _slice(world, job, write, rows[start : start + _SLICE])
        world.save()
        await asyncio.sleep(0)
    job.state = "JobComplete"
    # The API promises no order, so clients that count on one are told here.
    job.succeeded.reverse()
    job.failed.reverse()


def _slice(world: World, job: Job, write: Writer, rows: Sequence[Sequence[str]]) -> None:
    """Rows that cannot be read fail alone; the others are written together."""
    given = [(row, csvs.record(job.names, row)) for row in rows if len(row) == len(job.names)]
    for row in rows:
        if len(row) != len(job.names):
            job.failed.append(("", "InvalidBatch:The row has another number of columns than the header:--", *row))
    batch = Batch(world.org, partial(world.faults.planted_row, KIND))
    for (row, _), done in zip(given, _each_or_all(batch, write, [record for _, record in given]), strict=True):
        if done.failure is None:
            job.succeeded.append((done.row_id or "", "true" if done.created else "false", *row))
        else:
            job.failed.append((done.row_id or "", _error(done.failure), *row))
    job.processed += len(rows)


def _each_or_all(batch: Batch, write: Writer, records: Sequence[dict[str, Any]]) -> list[Written]:
    """A value of the wrong kind ends a JSON request, but only its own row here."""
    mark = batch.org.database.mark()
    try:
        return write(batch, records)
    except RequestFailed:
        batch.org.database.roll_back(mark)
    return [_alone(batch, write, record) for record in records]


def _alone(batch: Batch, write: Writer, record: dict[str, Any]) -> Written:
    mark = batch.org.database.mark()
    try:
        return write(batch, [record])[0]
    except RequestFailed as failed:
        batch.org.database.roll_back(mark)
        code = "INVALID_TYPE_ON_FIELD_IN_RECORD" if failed.code == "JSON_PARSER_ERROR" else failed.code
        return Written(None, None, RowFailed(code, failed.message, failed.fields))


def _error(failure: RowFailed) -> str:
    return f"{failure.code}:{failure.message}:{','.join(failure.fields)} --".replace(": --", ":--")


def _writer(one: SObject, job: Job) -> Writer:
    match job.operation:
        case "upsert":
            key_field = one.field(job.external_id or "")
            if key_field is None or not key_field.finds_rows:
                raise csvs.CsvError(f"InvalidBatch : Field name not found : {job.external_id}")
            return lambda batch, records: collections.upsert(batch, one, key_field, records)
        case "insert":
            return lambda batch, records: collections.create(batch, [(one, record) for record in records])
        case "update":
            return lambda batch, records: collections.update(batch, [(one, record) for record in records])
        case _:
            return lambda batch, records: collections.delete(batch, [str(record.get("Id", "")) for record in records])


def _check_names(org: Org, one: SObject, names: Sequence[str], job: Job) -> None:
    if job.operation in {"delete", "hardDelete"} and list(names) != ["Id"]:
        raise csvs.CsvError("InvalidBatch : The 'delete' batch must contain only ids")
    for name in names:
        relationship, _, key = name.partition(".")
        target = one.reference(relationship) if key else None
        parent = org.schema.find(target.refers_to) if target is not None and target.refers_to else None
        known = one.field(name) if not key else parent and parent.field(key)
        if known is None:
            raise csvs.CsvError(f"InvalidBatch : Field name not found : {name}")


async def _query(world: World, job: Job) -> None:
    parsed = parser.parse(job.query)
    if parsed.aggregates or not all(isinstance(one, Column) for one in parsed.columns):
        raise RequestFailed(400, "API_ERROR", "Aggregate queries are not allowed in bulk jobs")
    result = running.run(world.org, parsed, deleted=job.operation == "queryAll", base="")
    paths = [tuple(one.path) for one in parsed.columns if isinstance(one, Column)]
    job.names = [".".join(path) for path in paths]
    rows: list[Row] = []
    for start in range(0, result.total, _SLICE):
        rows += [tuple(csvs.flat(found, paths)) for found in result.render(start, start + _SLICE)]
        await asyncio.sleep(0)
    job.results = rows
    if not job.over:
        job.state = "JobComplete"
