"""Many rows at once: Bulk API 2.0 ingest. A job's results come in any order and are matched by key."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog

from salesforce_syncer.salesforce.client import Client, Request
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.salesforce.rows import Fields, Outcome, failed

log = structlog.stdlib.get_logger()

AT_ONCE = 10_000
"""Rows of one job: one of Salesforce's own batches, and far below its 100 MB."""
NULL = "#N/A"
"""An empty cell leaves the field as it is; this clears it. Bulk API 2.0 guide, "Valid CSV Record Rows"."""
FIRST_POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 15.0
LOOKS_AT_AN_END = 8
NOT_FOUND, WRONG_STATE = 404, 400
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


async def ingest(
    client: Client,
    object_name: str,
    rows: Sequence[Fields],
    *,
    key_field: str | None,
    begun: Callable[[str], Awaitable[None]] | None = None,
) -> list[Outcome]:
    """Write rows (by external id, or by Id where there is none) and return their answers in the order of the rows.

    Raises `Refused`; a job that Salesforce does not finish is aborted. `begun` is told the job's id before it starts.
    """
    job = await _opened(client, object_name, key_field)
    if begun is not None:
        await begun(job)
    await client.call(
        Request("bulk", "PUT", f"/jobs/ingest/{job}/batches", content=table(client, rows), content_type="text/csv")
    )
    await client.call(Request("bulk", "PATCH", f"/jobs/ingest/{job}", json={"state": "UploadComplete"}))
    ended = await _ended(client, job)
    log.info(
        "bulk.finished",
        object=object_name,
        state=ended["state"],
        rows=len(rows),
        failed=ended.get("numberRecordsFailed"),
    )
    return await _answers(client, job, rows, key_field or "Id", ended)


async def _opened(client: Client, object_name: str, key_field: str | None) -> str:
    body = {
        "object": client.names.out(object_name),
        "operation": "upsert" if key_field else "update",
        "contentType": "CSV",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    if key_field:
        body["externalIdFieldName"] = client.names.out(key_field)
    return str((await client.call(Request("bulk", "POST", "/jobs/ingest", json=body))).body["id"])


def table(client: Client, rows: Sequence[Fields]) -> bytes:
    """Return the rows as Salesforce reads them: parents as `Membership__r.Membership_Key__c`, null as `#N/A`."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(_flat(client, rows[0])), lineterminator="\n", restval=NULL)
    writer.writeheader()
    writer.writerows(_flat(client, each) for each in rows)
    return text.getvalue().encode()


def _flat(client: Client, row: Fields) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in row.items():
        column = "Id" if name == "id" else client.names.out(name)
        if isinstance(value, Mapping):
            for inner, key in value.items():  # pyright: ignore[reportUnknownVariableType]  a parent's key
                cells[f"{column}.{client.names.out(str(inner))}"] = key  # pyright: ignore[reportUnknownArgumentType]  as above
        else:
            cells[column] = NULL if value is None else value
    return cells


async def end(client: Client, job: str) -> None:
    """See to it that a job writes nothing any more: it may hold rows older than those to be written now."""
    pause = FIRST_POLL_SECONDS / 10
    for _ in range(LOOKS_AT_AN_END):
        try:
            found: Mapping[str, Any] = (await client.call(Request("bulk", "GET", f"/jobs/ingest/{job}"))).body
            if found["state"] in ENDED:
                return
            await client.call(Request("bulk", "PATCH", f"/jobs/ingest/{job}", json={"state": "Aborted"}))
            log.warning(
                "bulk.aborted",
                job=job,
                state=found["state"],
                reason="nobody waits for it any more",
                next_step="none; its rows are sent again",
            )
        except Refused as error:
            if error.status == NOT_FOUND:
                return  # Salesforce keeps jobs for a week
            if error.status != WRONG_STATE:
                raise  # else it has ended in between
        await asyncio.sleep(pause)
        pause = min(LONGEST_POLL_SECONDS, pause * 2)
    raise Refused(Action.RETRY, "BULK_JOB_STUCK", sentence="the job cannot be aborted")


async def _ended(client: Client, job: str) -> Mapping[str, Any]:
    waited, pause = 0.0, FIRST_POLL_SECONDS
    while True:
        await asyncio.sleep(pause)
        waited += pause
        found: Mapping[str, Any] = (await client.call(Request("bulk", "GET", f"/jobs/ingest/{job}"))).body
        if found["state"] in ENDED:
            return found
        if waited >= client.bulk_seconds:
            await end(client, job)
            raise Refused(Action.RETRY, "BULK_JOB_STUCK", sentence="the job was aborted")
        pause = min(LONGEST_POLL_SECONDS, pause * 2)


async def _answers(
    client: Client, job: str, rows: Sequence[Fields], key_column: str, ended: Mapping[str, Any]
) -> list[Outcome]:
    column = client.names.out(key_column)
    why = str(ended.get("errorMessage") or "")
    if ended["state"] == "Failed" and why.startswith("InvalidBatch"):
        raise Refused(Action.STOP_OBJECT, "INVALID_BATCH", sentence=why[:500])
    found: dict[str, Outcome] = {}
    for each in await _results(client, job, "successfulResults"):
        found[each[column]] = Outcome(id=each["sf__Id"])
    if ended.get("numberRecordsFailed", 1) or ended["state"] != "JobComplete":
        for each in await _results(client, job, "failedResults"):
            found[each[column]] = _failed(each["sf__Error"])
    unanswered = Outcome(action=Action.AGAIN, code="PROCESSING_HALTED", message="the job ended before this row")
    return [found.get(str(each.get(key_column) or each.get("id")), unanswered) for each in rows]


async def _results(client: Client, job: str, kind: str) -> Iterator[dict[str, str]]:
    """Return lines, read as they are asked for: they repeat all that was sent."""
    text = str((await client.call(Request("bulk", "GET", f"/jobs/ingest/{job}/{kind}"))).body)
    return csv.DictReader(io.StringIO(text, newline=""))


def _failed(error: str) -> Outcome:
    """Read `CODE:message:Field__c --`."""
    code, _, rest = error.partition(":")
    message, _, fields = rest.rpartition(":")
    field = fields.removesuffix("--").strip()
    return failed(code.strip() or "UNKNOWN", message or rest, field or None)
