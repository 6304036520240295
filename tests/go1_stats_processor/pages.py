"""The service's HTTP side in this process, on a real MongoDB, with a clock that the test turns; events go to its handlers."""

import re
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
from aiokafka import ConsumerRecord
from fastapi import FastAPI

from contracts.envelope import Envelope
from contracts.event import Event
from go1_stats_processor import app
from go1_stats_processor.settings import Settings
from shared.consumer import Fact
from shared.http import Auth, problems
from shared.kafka import RawRecord, Sender
from shared.keys import Keys
from shared.mongo import Database
from shared.service import Parts, Shell
from tests.go1_stats_processor.events import completed, course, deleted, launched, learner

ISSUER = "https://issuer.example"
SECRET = "s" * 32
NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


class Outgoing(Sender):
    """Swallows what would be published; journeys publish to a real Kafka."""

    def __init__(self) -> None:
        self._prefix = ""

    async def send_exactly(self, records: Sequence[RawRecord]) -> None:
        del records


@dataclass
class Dashboard:
    """The service, and somebody who asks it."""

    parts: Parts
    web: FastAPI
    client: httpx.AsyncClient
    now: datetime = field(default=NOW)

    async def told(self, *events: Event, said_at: datetime | None = None) -> None:
        """Give events to their handlers as one batch for each topic, in this order."""
        for topic, handler in self.parts.handlers.items():
            facts = [_fact(each, said_at or self.now) for each in events if topic == each.TOPIC]
            if facts:
                assert await handler(facts) == ()

    async def sign_in(self, **claims: Any) -> httpx.Response:
        answer = await self.client.post("/launch", data={"token": launch_token(**claims)})
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.client.headers["cookie"] = f"{name}={value}"  # over http the client itself would keep no Secure cookie
        return answer

    async def page(self, path: str = "/", **parameters: str) -> str:
        return (await self.client.get(path, params=named(parameters) or None)).text


def named(parameters: dict[str, str]) -> dict[str, str]:
    """`from_` is `from`."""
    return {name.removesuffix("_"): value for name, value in parameters.items()}


def token_of(**claims: Any) -> str:
    now = int(time.time())
    base: dict[str, Any] = {"iss": ISSUER, "aud": "go1-stats-processor", "sub": "u-ada", "iat": now, "exp": now + 600}
    base |= {"roles": ["analyst"], "portals": "*"}
    return jwt.encode(base | claims, SECRET, algorithm="HS256")


def launch_token(**claims: Any) -> str:
    exp = int(time.time()) + 100
    base = {"aud": "go1-stats-processor-launch", "exp": exp, "jti": secrets.token_hex(8), "name": "Ada Analyst"}
    return token_of(**(base | claims))


def _fact(event: Event, said_at: datetime) -> Fact[Any]:
    envelope = Envelope.of(event, source="/lms/acme", time=said_at)
    raw: ConsumerRecord[bytes | None, bytes | None] = ConsumerRecord(event.TOPIC, 0, 0, 0, 0, b"", b"", None, 0, 0, ())
    return Fact(envelope, raw)


@asynccontextmanager
async def a_dashboard(database: Database, folder: Path, *, development: bool = False) -> AsyncGenerator[Dashboard]:
    (folder / "jwt").write_text(SECRET)
    (folder / "pii").write_bytes(b"k" * 32)
    settings = Settings.model_validate(
        {
            "jwt_issuer": ISSUER,
            "jwt_secret_file": folder / "jwt",
            "pii_key_file": folder / "pii",
            "development": development,
        }
    )
    made: list[Dashboard] = []
    shell = Shell(
        settings=settings,
        name="go1-stats-processor",
        version="0",
        source="/learnwire/go1-stats-processor",
        instance="here",
        database=database,
        sender=Outgoing(),
        keys=Keys.read(settings.pii_key_file),
        auth=Auth(settings, audience="go1-stats-processor"),
        clock=lambda: made[0].now if made else NOW,
        lag=lambda: 0,
    )
    parts = app.build(shell)
    assert parts.prepare is not None
    await parts.prepare()
    for name in ("sessions", "launches"):  # the tests' clock stands elsewhere: the database's own expiry is stopped
        await database[name].drop_index("ends")
    web = FastAPI()
    problems.install(web)
    for each in parts.routers:
        web.include_router(each)
    transport = httpx.ASGITransport(web, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://go1") as client:
        made.append(Dashboard(parts, web, client))
        yield made[0]


async def some_attempts(dashboard: Dashboard) -> None:
    """Two courses, three learners, two portals; one attempt of each kind."""
    await dashboard.told(
        course(),
        course("C2", title="Data protection"),
        learner(),
        learner("bob"),
        learner("cyd", portal_id="umbrella"),
    )
    await dashboard.told(
        launched("2026-11-01 09:00"),
        completed("2026-11-01 13:30"),
        launched("2026-11-02 09:00", "L2", learner_id="bob"),
        completed("2026-11-02 15:00", "E2", email="bob@example.com", passed=False),
        launched("2026-11-03 09:00", "L3", learner_id="bob", course_id="C2"),
        launched("2024-12-01 09:00", "L4"),
        launched("2026-11-04 09:00", "L5", learner_id="cyd", portal_id="umbrella", email="cyd@example.com"),
        completed("2026-11-05 10:00", "E6", started="2026-11-05 09:50", course_id="C2"),
        deleted("2026-11-06 10:00", "E6", course_id="C2"),
    )


def shown_courses(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/course\?[^"]*course_id=([^"&]+)', page)


def shown_attempts(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/attempt\?[^"]*attempt_id=([^"&]+)', page)
