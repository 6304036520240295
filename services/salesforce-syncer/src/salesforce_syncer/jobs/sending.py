"""One chunk of rows to Salesforce: sent until each row has its answer, each answer kept as soon as it is there."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from salesforce_syncer import metrics
from salesforce_syncer.domain.ledger import payload_hash
from salesforce_syncer.domain.objects import ACCESSED, KEY_FIELDS, MEMBERSHIP, PROFILE_ACCESSED, PROFILES
from salesforce_syncer.jobs.under_way import UnderWay
from salesforce_syncer.salesforce import bulk
from salesforce_syncer.salesforce import rows as wire
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.salesforce.rows import Outcome
from salesforce_syncer.salesforce.schema import Schema, cut
from salesforce_syncer.store import answers
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Document

log = structlog.stdlib.get_logger()

TRIES = {Action.RETRY: 5, Action.AGAIN: 5, Action.TWICE: 3, Action.ONCE: 2}
"""How often a row is sent in all, by what was wrong with it; a lock does not count as a race."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0
LATER = timedelta(seconds=30)


@dataclass
class Result:
    """What a chunk leaves to be done."""

    written: list[str] = field(default_factory=list[str])
    """Keys of rows that Salesforce holds now."""
    orphans: list[Document] = field(default_factory=list[Document])
    """Rows whose parent Salesforce does not have."""
    unresolved: list[tuple[Document, Outcome]] = field(default_factory=list[tuple[Document, Outcome]])
    """Rows that point to a record that is gone, merged or hidden."""
    stop: Outcome | None = None
    """The object cannot be written: schema or rights."""

    def add(self, other: "Result") -> None:
        self.written += other.written
        self.orphans += other.orphans
        self.unresolved += other.unresolved


@dataclass(frozen=True, slots=True)
class Sending:
    """What sending needs."""

    client: Client
    store: WritingStore
    orgs: OrgStore
    clock: Callable[[], datetime]
    under_way: UnderWay = field(default_factory=UnderWay)

    async def chunk(self, object_name: str, rows: Sequence[Document], schema: Schema | None, *, fence: int) -> Result:
        """Write rows of one object, at most 200. Raises `Refused` when the request fails as a whole."""
        await self.store.mark_in_doubt(rows, fence)
        result = Result()
        await self._halved(object_name, rows, schema, result)
        return result

    async def in_bulk(self, object_name: str, rows: Sequence[Document], schema: Schema | None, *, fence: int) -> Result:
        """Write many rows of one object with a bulk job; what is to be tried again waits for a later pass."""
        await self.store.mark_in_doubt(rows, fence)
        result = Result()
        key_field = KEY_FIELDS.get(object_name)
        records = [fields(each, schema) for each in rows]
        outcomes = await bulk.ingest(
            self.client, object_name, records, key_field=key_field, begun=self.orgs.remember_job
        )
        await self.orgs.forget_jobs()
        again = await self.keep(object_name, rows, outcomes, result, Counter())
        soon = self.clock() + timedelta(seconds=LONGEST_WAIT_SECONDS)
        await self.store.save([answers.postponed(row, state="dirty", until=soon, why=each.code) for row, each in again])
        return result

    async def end_jobs(self) -> None:
        """End the bulk jobs whose writer died, or gave up, while they ran: rows are never written by two at once."""
        for job in await self.orgs.jobs():
            await bulk.end(self.client, job)
        await self.orgs.forget_jobs()

    async def _halved(self, object_name: str, rows: Sequence[Document], schema: Schema | None, result: Result) -> None:
        """Send; where Salesforce chokes on the whole, find the row it chokes on."""
        try:
            await self._until_answered(object_name, rows, schema, result)
        except Refused as error:
            if error.action is not Action.TWICE:
                raise
            if len(rows) == 1:
                await self._reject([(rows[0], Outcome(None, Action.TWICE, error.code, error.sentence))])
                return
            middle = len(rows) // 2
            await self._halved(object_name, rows[:middle], schema, result)
            await self._halved(object_name, rows[middle:], schema, result)

    async def _until_answered(
        self, object_name: str, rows: Sequence[Document], schema: Schema | None, result: Result
    ) -> None:
        left, sent, failures = list(rows), 0, Counter[tuple[str, str]]()
        while left:
            left = await self.under_way.finished(self._answered(object_name, left, schema, result, failures))
            sent += 1
            if left:
                longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (sent - 1))
                await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311  jitter is no secret

    async def _answered(
        self,
        object_name: str,
        rows: Sequence[Document],
        schema: Schema | None,
        result: Result,
        failures: Counter[tuple[str, str]],
    ) -> list[Document]:
        """Send once and keep the answers; the rows that are to be sent again at once."""
        records = [fields(each, schema) for each in rows]
        if object_name in PROFILES:
            outcomes = await wire.update(self.client, object_name, records)
        else:
            outcomes = await wire.upsert(self.client, object_name, KEY_FIELDS[object_name], records)
        return [row for row, _ in await self.keep(object_name, rows, outcomes, result, failures)]

    async def keep(
        self,
        object_name: str,
        rows: Sequence[Document],
        outcomes: Sequence[Outcome],
        result: Result,
        failures: Counter[tuple[str, str]],
    ) -> list[tuple[Document, Outcome]]:
        """Keep each row's answer, count its `failures` (row, code); the rows that are to be sent again at once."""
        now = self.clock()
        held: list[tuple[Document, Outcome]] = []
        later: list[tuple[Document, Outcome]] = []
        refused: list[tuple[Document, Outcome]] = []
        again: list[tuple[Document, Outcome]] = []
        for row, outcome in zip(rows, outcomes, strict=True):
            failed = (row["_id"], outcome.code)
            failures[failed] += outcome.action is not None
            match outcome.action:
                case None:
                    held.append((row, outcome))
                    result.written.append(row["key"])
                case Action.PARENT:
                    result.orphans.append(row)
                case Action.RESOLVE:
                    result.unresolved.append((row, outcome))
                case Action.STOP_OBJECT:
                    result.stop = outcome
                case action if failures[failed] + answers.tries(row, outcome.code) < TRIES.get(action, 1):
                    again.append((row, outcome))
                case Action.RETRY | Action.AGAIN:
                    later.append((row, outcome))
                case _:
                    refused.append((row, outcome))
        await self.store.save(answers.written(as_written(row, each.id), now) for row, each in held)
        await self.store.save(
            answers.postponed(row, state="dirty", until=now + LATER, why=each.code) for row, each in later
        )
        await self._reject(refused)
        _count(object_name, outcomes)
        return again

    async def _reject(self, refused: Sequence[tuple[Document, Outcome]]) -> None:
        now = self.clock()
        await self.store.save(
            [
                answers.rejected(row, code=each.code, field=each.field, message=each.message, now=now)
                for row, each in refused
            ]
        )
        for code in sorted({each.code for _, each in refused}):
            rows = [row for row, each in refused if each.code == code]
            log.error(
                "rows.rejected",
                object=rows[0]["object"],
                reason=code,
                rows=len(rows),
                next_step="GET /v1/rejected says which and why; mend the cause, then POST /v1/rejected/retry",
            )

    async def reject(self, refused: Sequence[tuple[Document, Outcome]]) -> None:
        """Leave these rows alone until they change, or somebody asks."""
        await self._reject(refused)


def fields(row: Document, schema: Schema | None, *, quiet: bool = False) -> dict[str, Any]:
    """Return a row as it is sent, its texts cut to what their fields hold."""
    payload: dict[str, Any] = {}
    for name, value in row["payload"].items():
        longest = schema.lengths.get(name) if schema is not None and isinstance(value, str) else None
        shown = value if longest is None else cut(value, longest)
        if shown != value and not quiet:
            log.warning(
                "text.truncated",
                object=row["object"],
                key=row["key"] if row["object"] != MEMBERSHIP else None,  # it would name a learner
                field=name,
                reason=f"longer than {longest}",
                next_step="none; shorten it at its source, or lengthen the field in Salesforce",
            )
        payload[name] = shown
    if row["object"] in PROFILES:
        return {"id": row["key"], **payload}
    return {KEY_FIELDS[row["object"]]: row["key"], **payload}


def as_written(row: Document, salesforce_id: str | None) -> answers.Written:
    accessed = row["payload"].get(ACCESSED) or row["payload"].get(PROFILE_ACCESSED)
    return answers.Written(row["_id"], row["version"], salesforce_id, payload_hash(row["payload"]), accessed)


def _count(object_name: str, outcomes: Sequence[Outcome]) -> None:
    for each in outcomes:
        metrics.rows.labels(object_name, "written" if each.action is None else str(each.action)).inc()
