"""Bulk API 2.0 over HTTP: create a job, upload, start, poll, fetch the results."""

from collections.abc import Sequence
from typing import Literal

from salesforce_standin.bulk import csvs
from salesforce_standin.bulk.jobs import Job
from salesforce_standin.failures import RequestFailed, not_found
from salesforce_standin.http.call import Answer, Call
from salesforce_standin.records import values
from salesforce_standin.soql import binding, parser

_OPERATIONS = {"insert", "update", "upsert", "delete", "hardDelete"}
_CSV = "text/csv; charset=UTF-8"
_LARGEST_UPLOAD = 150_000_000  # bytes, after Salesforce has encoded them; clients stop at 100 MB
_LARGEST_PAGE = 50_000


def create_ingest(call: Call) -> Answer:
    given = call.json()
    one = call.world.org.schema.find(str(given.get("object", "")))
    if one is None:
        raise RequestFailed(400, "INVALIDENTITY", f"Unable to find object: {given.get('object')}")
    operation = given.get("operation")
    if operation not in _OPERATIONS:
        raise RequestFailed(400, "INVALIDOPERATION", f"Operation {operation} is not supported")
    if operation == "upsert" and not given.get("externalIdFieldName"):
        raise RequestFailed(400, "INVALIDJOB", "externalIdFieldName is required for upsert")
    job = _job(call, "ingest", str(operation), one.name)
    job.external_id = given.get("externalIdFieldName")
    return Answer(200, job.tells())


def create_query(call: Call) -> Answer:
    given = call.json()
    text, operation = str(given.get("query", "")), given.get("operation")
    if operation not in {"query", "queryAll"}:
        raise RequestFailed(400, "INVALIDOPERATION", f"Operation {operation} is not supported")
    source = binding.source(call.world.org.schema, parser.parse(text).source)
    job = _job(call, "query", str(operation), source.name)
    job.query = text
    call.world.jobs.start(job)
    return Answer(200, job.tells())


def _job(call: Call, kind: Literal["ingest", "query"], operation: str, name: str) -> Job:
    given, world = call.json(), call.world
    line_end, delimiter = given.get("lineEnding") or "LF", given.get("columnDelimiter") or "COMMA"
    if line_end not in csvs.LINE_ENDS or delimiter not in csvs.DELIMITERS:
        raise RequestFailed(400, "INVALIDJOB", "lineEnding or columnDelimiter is not known")
    version = float(call.path["version"].removeprefix("v"))
    now = values.instant_text(world.org.now())
    job = Job(
        world.jobs.next_id(), kind, operation, name, now, call.user_id, version, line_end=line_end, delimiter=delimiter
    )
    world.jobs.add(job)
    return job


def upload(call: Call) -> Answer:
    job = _find(call, "ingest")
    if job.state != "Open" or job.body is not None:
        raise RequestFailed(400, "INVALIDJOBSTATE", f"Data was already uploaded, or the job is in state {job.state}")
    if len(call.body) > _LARGEST_UPLOAD:
        raise RequestFailed(400, "INVALIDBATCH", "The upload is larger than 150 MB")
    try:
        job.body = call.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestFailed(400, "INVALIDBATCH", "The upload is not UTF-8") from error
    return Answer(201)


def change(call: Call) -> Answer:
    """UploadComplete starts it, Aborted ends it."""
    job, state = _job_of(call), call.json().get("state")
    if state == "UploadComplete" and job.kind == "ingest" and job.state == "Open":
        call.world.jobs.start(job)
    elif state == "Aborted" and not job.over:
        job.state = "Aborted"
    else:
        raise RequestFailed(400, "INVALIDJOBSTATE", f"The job is in state {job.state} and cannot become {state}")
    return Answer(200, job.tells())


def show(call: Call) -> Answer:
    return Answer(200, _job_of(call).tells())


def list_all(call: Call) -> Answer:
    kind = _kind(call)
    records = [job.tells() for job in call.world.jobs.jobs.values() if job.kind == kind]
    return Answer(200, {"done": True, "records": records, "nextRecordsUrl": None})


def delete(call: Call) -> Answer:
    job = _job_of(call)
    if job.state in {"UploadComplete", "InProgress"}:
        raise RequestFailed(400, "INVALIDJOBSTATE", f"A job in state {job.state} cannot be deleted")
    del call.world.jobs.jobs[job.job_id]
    return Answer(204)


def successful(call: Call) -> Answer:
    job = _find(call, "ingest")
    return _table(job, ("sf__Id", "sf__Created"), job.succeeded if job.over else [])


def failed(call: Call) -> Answer:
    job = _find(call, "ingest")
    return _table(job, ("sf__Id", "sf__Error"), job.failed if job.over else [])


def unprocessed(call: Call) -> Answer:
    job = _find(call, "ingest")
    return _table(job, (), job.untouched if job.over else [])


def results(call: Call) -> Answer:
    """One page; Sforce-Locator says where the next begins, or the word null."""
    job = _find(call, "query")
    if job.state != "JobComplete":
        raise RequestFailed(400, "INVALIDJOBSTATE", f"The job is in state {job.state} and has no results")
    first, most = call.query.get("locator", "0"), call.query.get("maxRecords", str(_LARGEST_PAGE))
    if not first.isdecimal() or not most.isdecimal() or int(most) < 1:
        raise RequestFailed(400, "INVALIDLOCATOR", "locator or maxRecords is not known")
    after = int(first) + int(most)
    page = job.results[int(first) : after]
    locator = str(after) if after < len(job.results) else "null"
    answer = _table(job, (), page)
    headers = {"Sforce-Locator": locator, "Sforce-NumberOfRecords": str(len(page))}
    return Answer(200, answer.body, headers, answer.kind)


def _table(job: Job, added: Sequence[str], rows: Sequence[Sequence[str]]) -> Answer:
    text = csvs.write([*added, *job.names], rows, delimiter=job.delimiter, line_end=job.line_end)
    return Answer(200, text.encode(), kind=_CSV)


def _kind(call: Call) -> Literal["ingest", "query"]:
    return "ingest" if call.kind.startswith("bulk.ingest") else "query"


def _job_of(call: Call) -> Job:
    return _find(call, _kind(call))


def _find(call: Call, kind: str) -> Job:
    job = call.world.jobs.jobs.get(call.path["job"])
    if job is None or job.kind != kind:
        raise not_found()
    return job
