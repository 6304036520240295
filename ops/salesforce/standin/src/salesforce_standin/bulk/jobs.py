"""Jobs and their states: Open, UploadComplete, InProgress, then JobComplete, Failed or Aborted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from salesforce_standin import ids

State = Literal["Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted"]
Row = tuple[str, ...]


@dataclass(slots=True)
class Job:
    """An ingest or a query job."""

    job_id: str
    kind: Literal["ingest", "query"]
    operation: str
    object_name: str
    created: str
    created_by: str
    api_version: float
    external_id: str | None = None
    query: str = ""
    line_end: str = "LF"
    delimiter: str = "COMMA"
    state: State = "Open"
    message: str | None = None
    body: str | None = None
    names: Sequence[str] = ()
    processed: int = 0
    succeeded: list[Row] = field(default_factory=list[Row])  # sf__Id, sf__Created, the columns given
    failed: list[Row] = field(default_factory=list[Row])  # sf__Id, sf__Error, the columns given
    untouched: list[Row] = field(default_factory=list[Row])
    results: list[Row] = field(default_factory=list[Row])  # of a query

    @property
    def over(self) -> bool:
        return self.state in {"JobComplete", "Failed", "Aborted"}

    def tells(self) -> dict[str, Any]:
        """As the API shows it."""
        told: dict[str, Any] = {
            "id": self.job_id, "operation": self.operation, "object": self.object_name, "createdById": self.created_by,
            "createdDate": self.created, "systemModstamp": self.created, "state": self.state, "concurrencyMode": "Parallel",
            "contentType": "CSV", "apiVersion": self.api_version, "lineEnding": self.line_end, "columnDelimiter": self.delimiter,
            "jobType": "V2Ingest" if self.kind == "ingest" else "V2Query", "retries": 0, "totalProcessingTime": 0,
        }  # fmt: skip
        if self.kind == "ingest":
            told["contentUrl"] = f"services/data/v{self.api_version}/jobs/ingest/{self.job_id}/batches"
            told |= {"apexProcessingTime": 0, "apiActiveProcessingTime": 0}
            told |= {"numberRecordsProcessed": self.processed, "numberRecordsFailed": len(self.failed)}
        else:
            told["numberRecordsProcessed"] = len(self.results)
        optional = {"externalIdFieldName": self.external_id, "errorMessage": self.message}
        return told | {name: value for name, value in optional.items() if value is not None}


@dataclass(slots=True)
class Jobs:
    """All jobs, and the queue of those that wait to be worked off."""

    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    waiting: asyncio.Queue[Job] = field(default_factory=asyncio.Queue[Job])
    _numbers: int = 0

    def next_id(self) -> str:
        self._numbers += 1
        return ids.make("750", self._numbers)

    def add(self, job: Job) -> None:
        self.jobs[job.job_id] = job

    def start(self, job: Job) -> None:
        job.state = "UploadComplete"
        self.waiting.put_nowait(job)

    def clear(self) -> None:
        """Forget all; what is being worked off stops."""
        for job in self.jobs.values():
            job.state = "Aborted"
        self.jobs.clear()
