"""Where the command finds things: the services' HTTP, their databases, Kafka. What it cannot reach it says, and goes on."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from contracts.catalog import SERVICES
from shared.cli.output import complain
from shared.kafka import as_unavailable as kafka_unavailable
from shared.mongo import Client, Database, PyMongoError, connect
from shared.settings import PREFIX, KafkaSettings, SecretFile, read_secret

FIRST_PORT = 8081
HTTP_SECONDS = 1.5
DATABASE_SECONDS = 2.0

R = TypeVar("R")


class CommandSettings(KafkaSettings):
    """What the command reads. It takes what the services are given; the last three are its own."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    mongo_uri: str = "mongodb://localhost:27017/?replicaSet=rs0"
    mongo_uri_file: SecretFile | None = None
    mongo_database: str | None = None
    service_urls: str = Field(
        "",
        description="Where services answer, for `learnwire`: action-logger=http://host:port,…; 127.0.0.1:8081 to 8084"
        " where not said",
    )
    service_databases: str = Field(
        "", description="Databases, for `learnwire`: action-logger=name,…; the services' names with _ where not said"
    )

    service_groups: str = Field(
        "", description="Consumer groups, for `learnwire`: action-logger=group,…; the services' names where not said"
    )

    def mongo_address(self) -> str:
        """Return the URI to connect with; it may hold a password."""
        return read_secret(self.mongo_uri_file) if self.mongo_uri_file else self.mongo_uri

    def urls(self) -> dict[str, str]:
        """Return where each service's HTTP is."""
        defaults = {name: f"http://127.0.0.1:{FIRST_PORT + number}" for number, name in enumerate(SERVICES)}
        return defaults | {name: url.rstrip("/") for name, url in _pairs(self.service_urls, "SERVICE_URLS").items()}

    def databases(self) -> dict[str, str]:
        """Return each service's database."""
        defaults = {name: name.replace("-", "_") for name in SERVICES}
        return defaults | _pairs(self.service_databases, "SERVICE_DATABASES")

    def groups(self) -> dict[str, str]:
        """Return each service's consumer group."""
        return {name: name for name in SERVICES} | _pairs(self.service_groups, "SERVICE_GROUPS")

    def database(self, service: str) -> str:
        """Return the database for commands about one service: the setting of that service's environment comes first."""
        return self.mongo_database or self.databases()[service]


def known(service: str) -> str:
    """Return the service's name, or end the command and say which there are."""
    if service not in SERVICES:
        complain(f"no such service: {service}; there are: {', '.join(SERVICES)}")
    return service


def _pairs(text: str, setting: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in filter(None, text.split(",")):
        name, separator, value = each.strip().partition("=")
        if not separator or name not in SERVICES or not value:
            complain(f"{PREFIX}{setting}: {each!r} is not SERVICE=VALUE with one of: {', '.join(SERVICES)}")
        pairs[name] = value
    return pairs


class Notes:
    """What could not be reached, and why; each said once."""

    def __init__(self) -> None:
        self.not_reached: dict[str, str] = {}

    async def within(self, what: str, work: Awaitable[R], *, seconds: float) -> R | None:
        """Wait for this so long; None, with a note, where it cannot be had."""
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            self.not_reached[what] = f"no answer within {seconds:g} s"
        except (PyMongoError, urllib.error.URLError, OSError) as error:
            self.not_reached[what] = _reason(error)
        except Exception as error:
            down = kafka_unavailable(error)
            if down is None:
                raise
            self.not_reached[what] = down.reason
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    if isinstance(error, urllib.error.URLError):
        error = error.reason if isinstance(error.reason, Exception) else error
    code = getattr(error, "code", None)
    name = type(error).__name__
    return f"{name} {code}" if isinstance(code, int) else name


@asynccontextmanager
async def mongo(settings: CommandSettings) -> AsyncGenerator[Client]:
    """Open the server that holds the databases; nothing is sent before the first question."""
    async with connect(settings.mongo_address(), "admin") as database:
        yield database.client


def database_of(client: Client, settings: CommandSettings, service: str) -> Database:
    """Return a service's database."""
    return client[settings.databases()[service]]


async def get(url: str) -> tuple[int, dict[str, str], bytes]:
    """GET: status, headers, body; an answer of 503 is an answer. Raises what urllib raises where there is none."""

    def ask() -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(url, headers={"Accept": "*/*"})  # noqa: S310  the operator's own settings
        try:
            with urllib.request.urlopen(request, timeout=HTTP_SECONDS) as answer:  # noqa: S310  as above
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    return await asyncio.to_thread(ask)
