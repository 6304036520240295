"""A tracker inside the test: real MongoDB, its own routes and handlers, a clock that the test turns."""

import secrets
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from aiokafka import ConsumerRecord
from fastapi import FastAPI
from pymongo import MongoClient

from bulk_tracker import app
from bulk_tracker.domain.action import Rules
from bulk_tracker.settings import Settings
from bulk_tracker.store.stores import Stores
from contracts.envelope import Envelope
from contracts.event import Event
from shared import mongo
from shared.consumer import Fact
from shared.http import Auth, problems
from shared.kafka import Sender
from shared.keys import Keys
from shared.mongo import Database
from shared.service import Parts, Shell
from tests.bulk_tracker.facts import at

ISSUER = "https://issuer.example"
SECRET = "s" * 32


class Outgoing(Sender):
    """Keeps what would be published; journeys publish to a real Kafka."""

    def __init__(self) -> None:
        self.sent: list[Envelope[Any]] = []

    async def send(self, envelopes: Sequence[Envelope[Any]]) -> None:
        self.sent += envelopes


@dataclass
class Tracker:
    """The tracker and its clock."""

    parts: Parts
    client: httpx.AsyncClient
    outgoing: Outgoing
    database: Database
    settings: Settings
    web: FastAPI
    rules: Rules = field(default_factory=Rules)
    now: datetime = field(default_factory=lambda: at(60))

    async def told(self, *events: Event, said_at: datetime | None = None) -> None:
        """Give events to their handlers as one batch for each topic, in this order."""
        for topic, handler in self.parts.handlers.items():
            facts = [_fact(each, said_at or at(0)) for each in events if topic == each.TOPIC]
            if facts:
                assert await handler(facts) == ()

    async def sign_in(self, *, subject: str = "u-ada", portal_id: str = "acme", **claims: Any) -> httpx.Response:
        """Launch the page as a platform does; the client keeps the cookie."""
        token = launch_token(subject=subject, portal_id=portal_id, **claims)
        answer = await self.client.post("/launch", data={"token": token})
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.client.headers["cookie"] = f"{name}={value}"  # over http the client itself would keep no Secure cookie
        return answer

    async def get(self, path: str, *, subject: str = "u-ada", portal_id: str = "acme", **claims: Any) -> httpx.Response:
        token = token_of(subject=subject, portal_id=portal_id, **claims)
        return await self.client.get(path, headers={"Authorization": f"Bearer {token}"})


def stores_of(tracker: Tracker) -> Stores:
    """The tracker's collections, for tests that look behind it."""
    keys = Keys.read(tracker.settings.pii_key_file)
    return Stores.of(tracker.database, keys, tracker.rules, lambda: tracker.now)


def token_of(*, subject: str = "u-ada", portal_id: str = "acme", **claims: Any) -> str:
    now = int(time.time())
    base: dict[str, Any] = {"iss": ISSUER, "aud": "bulk-tracker", "sub": subject, "iat": now, "exp": now + 600}
    base |= {"roles": ["manager"], "portal_id": portal_id, "jti": "j"}
    return jwt.encode(base | claims, SECRET, algorithm="HS256")


def launch_token(**claims: Any) -> str:
    now = int(time.time())
    base: dict[str, Any] = {"aud": "bulk-tracker-launch", "exp": now + 100, "jti": secrets.token_hex(8), "name": "Ada"}
    return token_of(**(base | claims))


def _fact(event: Event, said_at: datetime) -> Fact[Any]:
    envelope = Envelope.of(event, source="/lms/acme", time=said_at)
    raw: ConsumerRecord[bytes | None, bytes | None] = ConsumerRecord(event.TOPIC, 0, 0, 0, 0, b"", b"", None, 0, 0, ())
    return Fact(envelope, raw)


def settings_in(folder: Path) -> Settings:
    """Settings whose keys lie in this folder."""
    (folder / "jwt").write_text(SECRET)
    (folder / "pii").write_bytes(b"k" * 32)
    return Settings.model_validate(
        {
            "jwt_issuer": ISSUER,
            "jwt_secret_file": folder / "jwt",
            "pii_key_file": folder / "pii",
            "public_url": "https://tracker.example",
        }
    )


@pytest.fixture
def tracker_settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture(scope="session")
def kept_database_name(mongo_client: "MongoClient[dict[str, Any]]") -> Generator[str]:
    """One database for all tests here, emptied after each: its indexes, two dozen, are made once."""
    name = f"t{secrets.token_hex(6)}"
    yield name
    mongo_client.drop_database(name)


@pytest.fixture
async def database(mongo_uri: str, kept_database_name: str) -> AsyncGenerator[Database]:
    async with mongo.connect(mongo_uri, kept_database_name) as opened:
        yield opened
        for name in await opened.list_collection_names():
            await opened[name].delete_many({})


@pytest.fixture
async def tracker(database: Database, tracker_settings: Settings) -> AsyncGenerator[Tracker]:
    async with a_tracker(database, tracker_settings) as made:
        yield made


@asynccontextmanager
async def a_tracker(database: Database, settings: Settings) -> AsyncGenerator[Tracker]:
    """The tracker with these settings."""
    outgoing = Outgoing()
    made: list[Tracker] = []
    shell = Shell(
        settings=settings,
        name="bulk-tracker",
        version="0",
        source="/learnwire/bulk-tracker",
        instance="here",
        database=database,
        sender=outgoing,
        keys=Keys.read(settings.pii_key_file),
        auth=Auth(settings, audience="bulk-tracker"),
        clock=lambda: made[0].now if made else at(60),
        lag=lambda: 0,
    )
    parts = app.build(shell)
    assert parts.prepare is not None
    await parts.prepare()
    web = FastAPI()
    problems.install(web)
    for each in parts.routers:
        web.include_router(each)
    if parts.customize is not None:
        parts.customize(web)
    transport = httpx.ASGITransport(web, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tracker") as client:
        made.append(Tracker(parts, client, outgoing, database, settings, web))
        yield made[0]
