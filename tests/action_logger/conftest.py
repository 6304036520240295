"""The service's HTTP side in this process, on a real MongoDB."""

import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI

from action_logger.app import build
from action_logger.settings import Settings
from shared.http import Auth, problems
from shared.kafka import Sender
from shared.mongo import Database
from shared.service import Shell
from tests.action_logger.stores import KEYS, NOW, Store

SECRET = "s" * 32
ISSUER = "https://issuer.example"


@dataclass(frozen=True)
class Site:
    """A store to fill and a client to ask."""

    store: Store
    client: httpx.AsyncClient
    web: FastAPI

    async def sign_in(self, **claims: object) -> httpx.Response:
        """Launch the page as a platform does; the client keeps the cookie."""
        answer = await self.client.post("/launch", data={"token": launch_token(**claims)})
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.client.headers["cookie"] = f"{name}={value}"  # over http the client itself would keep no Secure cookie
        return answer

    async def page(self, **parameters: str) -> str:
        named = {"from" if k == "from_" else k: v for k, v in parameters.items()}
        return (await self.client.get("/", params=named or None)).text

    async def get(
        self, path: str, *, panoramas: object = "*", role: str = "analyst", **parameters: str
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(panoramas=panoramas, roles=[role])}"}
        return await self.client.get(
            path, params={"from" if k == "from_" else k: v for k, v in parameters.items()}, headers=headers
        )

    async def items(
        self, path: str = "/v1/content-actions", *, panoramas: object = "*", **parameters: str
    ) -> list[Any]:
        answer = await self.get(path, panoramas=panoramas, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def ids(self, *, panoramas: object = "*", **parameters: str) -> list[str]:
        return [each["event"]["id"] for each in await self.items(panoramas=panoramas, **parameters)]


def token(**claims: object) -> str:
    now = int(time.time())
    base: dict[str, object] = {"iss": ISSUER, "aud": "action-logger", "sub": "someone", "iat": now, "exp": now + 600}
    return jwt.encode(base | claims, SECRET, algorithm="HS256")


def launch_token(**claims: object) -> str:
    now = int(time.time())
    base: dict[str, object] = {"aud": "action-logger-launch", "exp": now + 100, "jti": secrets.token_hex(8)}
    return token(**({"name": "Ada Analyst", "roles": ["analyst"], "panoramas": "*"} | base | claims))


@pytest.fixture
async def site(database: Database, tmp_path: Path) -> AsyncGenerator[Site]:
    async with a_site(database, tmp_path) as made:
        yield made


@asynccontextmanager
async def a_site(
    database: Database, folder: Path, *, development: bool = False, now: datetime = NOW
) -> AsyncGenerator[Site]:
    """The service, without what consumes."""
    (folder / "jwt").write_text(SECRET)
    (folder / "pii").write_bytes(bytes(range(32)))
    settings = Settings.model_validate(
        {
            "jwt_issuer": ISSUER,
            "jwt_secret_file": folder / "jwt",
            "pii_key_file": folder / "pii",
            "development": development,
        }
    )
    shell = Shell(
        settings=settings,
        name="action-logger",
        version="0",
        source="/learnwire/action-logger",
        instance="test",
        database=database,
        sender=Sender(settings),
        keys=KEYS,
        auth=Auth(settings, audience="action-logger"),
        clock=lambda: now,
        lag=lambda: None,
    )
    app = FastAPI()
    problems.install(app)
    for each in build(shell).routers:
        app.include_router(each)
    store = await Store(database).prepare()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://action-logger") as client:
        yield Site(store, client, app)
