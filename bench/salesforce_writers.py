"""Who writes rows into Salesforce, each in a process of its own: `python -m bench.salesforce_writers WRITER HEAT`."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

from aio_sf.api.auth.client_credentials import ClientCredentialsAuth
from aio_sf.api.client import SalesforceClient
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from contracts import EnrollmentChanged, Envelope, Event, LearnerLinked, PortalConnected
from salesforce_syncer.app import NAME, build
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.rows import Derivation
from salesforce_syncer.store.tables import Tables
from shared import service
from shared.consumer import Fact

CLIENT_ID, SECRET = "bench", "nobody's secret"
OBJECT, KEY = "LearnUponEnrollment__c", "Enrollment_Key__c"
COURSES = 5
DAY = datetime(2026, 11, 1, tzinfo=UTC)
LOOK_SECONDS = 0.02
DIRTY = {"dirty_since": {"$exists": True}}


@dataclass(frozen=True, slots=True)
class Heat:
    """What one writer is told: `rows` enrollments, five of each learner, for memberships that Salesforce has."""

    url: str
    user: str
    rows: int
    mongo_uri: str
    kafka: str
    database: str
    folder: str

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def as_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(slots=True)
class Clock:
    """Runs from `start` to `stop`."""

    heat: Heat
    begun: float = 0.0
    cpu: float = 0.0

    def start(self) -> None:
        self.begun, self.cpu = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        measured = {"seconds": time.perf_counter() - self.begun, "cpu_seconds": time.process_time() - self.cpu}
        (Path(self.heat.folder) / "result.json").write_text(json.dumps(measured))


def facts_of(number: int, user: str) -> Sequence[Event]:
    """A learner: his link, then his enrollments."""
    ids: dict[str, Any] = {"portal_id": "acme", "learner_id": f"l{number}"}
    link = LearnerLinked(**ids, salesforce_kind="user", salesforce_id=user, via="tab_opened", linked_at=DAY)
    return link, *(
        EnrollmentChanged(
            **ids,
            enrollment_id=f"l{number}-e{course}",
            course_id=f"c{course}",
            course_name=f"Course {course}",
            status="passed",
            enrolled_at=DAY,
            completed_at=DAY,
            score=80.5,
            version=1,
        )
        for course in range(COURSES)
    )


def records(heat: Heat) -> list[dict[str, Any]]:
    """The same rows as the product derives, for writers that are given rows."""
    return [
        {
            KEY: f"acme:l{number}-e{course}",
            "Membership__r": {"Membership_Key__c": f"acme:l{number}"},
            "User__c": heat.user,
            "Course_Id__c": f"c{course}",
            "Course_Name__c": f"Course {course}",
            "Enrolled_At__c": "2026-11-01T00:00:00.000Z",
            "Completed_At__c": "2026-11-01T00:00:00.000Z",
            "Status__c": "passed",
            "Score__c": 80.5,
        }
        for number in range(heat.rows // COURSES)
        for course in range(COURSES)
    ]


class PlainHttp(HTTPAdapter):
    """simple-salesforce knows only https://; the stand-in speaks plain HTTP on loopback."""

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, *args, **more)


async def row_by_row(heat: Heat, clock: Clock) -> None:
    """simple-salesforce, an upsert a row, as its README shows; synchronous, as it is."""
    rows = records(heat)
    session = Session()
    session.mount("https://127.0.0.1", PlainHttp())
    host = heat.url.removeprefix("http://")
    clock.start()
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
    token = session.post(f"{heat.url}/services/oauth2/token", data=form, timeout=30).json()["access_token"]
    client: Any = Salesforce(instance=host, session_id=token, session=session, version="66.0")
    for row in rows:
        client.LearnUponEnrollment__c.upsert(f"{KEY}/{row[KEY]}", {name: row[name] for name in row if name != KEY})
    clock.stop()


async def in_collections(heat: Heat, clock: Clock) -> None:
    """aio-sf, collections of 200 rows, five in flight: its defaults."""
    rows = records(heat)
    auth = ClientCredentialsAuth(heat.url, CLIENT_ID, SECRET)
    clock.start()
    async with SalesforceClient(auth_strategy=auth, version="v66.0") as client:
        results = await client.collections.upsert(rows, KEY, OBJECT, all_or_none=False)
        clock.stop()
    if not all(each["success"] for each in results):
        raise RuntimeError("a row was refused")


async def whole(heat: Heat, clock: Clock, *, bulk_rows: int) -> None:
    """The writer of salesforce-syncer with all that is around it: lease, describes, quota, doubt marked, answers kept."""
    settings = _settings(heat, bulk_rows)
    async with service.opened(NAME, settings) as shell:
        tables = Tables.of(shell.database)
        derivation = Derivation(tables, mirror_go1=True, accessed_every=timedelta(minutes=15))
        store = FactStore(tables, derivation, shell.sender, shell.clock)
        await store.prepare()
        portal = PortalConnected(portal_id="acme", name="A", url="https://a.example", connected_at=DAY, version=1)
        await store.portals({"acme": [_fact(portal)]})
        people = [facts_of(number, heat.user) for number in range(heat.rows // COURSES)]
        for which in (slice(0, 1), slice(1, None)):  # the links first, with their rows; what is timed are enrollments
            for start in range(0, len(people), 200):
                some = people[start : start + 200]
                await store.learners({each[0].key(): [_fact(one) for one in each[which]] for each in some})
            writer = build(shell).jobs["writer"]
            async with asyncio.TaskGroup() as group:
                clock.start()
                writing = group.create_task(writer())  # pyright: ignore[reportArgumentType, reportUnknownVariableType]  a job is a coroutine
                while await tables.rows.find_one(DIRTY, {"_id": 1}) is not None:  # noqa: ASYNC110  MongoDB rings no bell
                    await asyncio.sleep(LOOK_SECONDS)
                clock.stop()
                writing.cancel()


def _fact(data: Event) -> Fact[Any]:
    return Fact(Envelope.of(data, source="/lms/acme", time=DAY), None)  # pyright: ignore[reportArgumentType]  read from no topic


def _settings(heat: Heat, bulk_rows: int) -> Settings:
    folder = Path(heat.folder)
    files = {"jwt": b"j" * 32, "pii": b"p" * 32, "secret": SECRET.encode()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Settings.model_validate(
        {
            "kafka_bootstrap_servers": heat.kafka,
            "mongo_uri": heat.mongo_uri,
            "mongo_database": heat.database,
            "jwt_issuer": "https://issuer.example",
            "jwt_secret_file": folder / "jwt",
            "pii_key_file": folder / "pii",
            "salesforce_login_url": heat.url,
            "salesforce_client_id": CLIENT_ID,
            "salesforce_client_secret_file": folder / "secret",
            "salesforce_bulk_rows": bulk_rows,
        }
    )


WRITERS: Mapping[str, Callable[[Heat, Clock], Awaitable[None]]] = {
    "simple-salesforce": row_by_row,
    "aio-sf": in_collections,
    "syncer": partial(whole, bulk_rows=0),
    "syncer-bulk": partial(whole, bulk_rows=2_000),
}


async def _run(name: str, heat: Heat) -> None:
    await WRITERS[name](heat, Clock(heat))


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], Heat.read(sys.argv[2])))
