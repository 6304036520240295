"""Fixtures for all tests. Kafka and MongoDB are real, started once a session and only when a test asks for them
(with `pytest -n`, once for all processes).

| fixture | gives |
| --- | --- |
| `kafka` | address of the session's Kafka, `host:port` |
| `mongo_uri` | address of the session's MongoDB, a replica set |
| `database_name` | a name of the test's own; dropped afterwards |
| `database` | that database, opened with `shared.mongo.connect` |
| `topic_prefix` | a prefix of the test's own for topic names, such as `t8f3a01.`; its topics are removed later |
| `group_id` | a consumer group of the test's own |

A test that kills or restarts a server starts one for itself (`learnwire_local.start_kafka`, `start_mongo`).
"""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from shared import mongo
from tests import backends
from tests.topics import remove_topics

CHOICE = pytest.StashKey[backends.Choice]()
SHARED = pytest.StashKey[ExitStack]()
TOPICS_AT_ONCE = 20
LONG_SECONDS = 3_600

# How long an example takes says how busy the machine is, and nothing about what is tested. `make test` judges a change by
# the same examples before and after it; the long forms look for more.
settings.register_profile("busy machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


def pytest_configure(config: pytest.Config) -> None:
    choice = config.stash[CHOICE] = backends.choose()
    # Run in several processes (`pytest -n 3`), the first one starts the servers, and the others are given them.
    if config.getoption("numprocesses", None) and choice.kind != "given":
        stack = config.stash[SHARED] = ExitStack()
        addresses = backends.start(choice, stack)
        os.environ["LEARNWIRE_TEST_KAFKA"], os.environ["LEARNWIRE_TEST_MONGO"] = addresses.kafka, addresses.mongo


def pytest_unconfigure(config: pytest.Config) -> None:
    if SHARED in config.stash:
        config.stash[SHARED].close()


def pytest_report_header(config: pytest.Config) -> str:
    return f"Kafka and MongoDB: {config.stash[CHOICE].why}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Generator[backends.Addresses]:
    """Both servers, for the fixtures below."""
    with ExitStack() as stack:
        yield backends.start(request.config.stash[CHOICE], stack)


@pytest.fixture(scope="session")
def kafka(backend: backends.Addresses) -> str:
    """The address of a Kafka that all tests share: keep to `topic_prefix` and `group_id`."""
    return backend.kafka


@pytest.fixture(scope="session")
def mongo_uri(backend: backends.Addresses) -> str:
    """The address of a MongoDB that all tests share: keep to `database_name`."""
    return backend.mongo


@pytest.fixture(scope="session")
def mongo_client(mongo_uri: str) -> Generator["MongoClient[dict[str, object]]"]:
    """A blocking client for tidying up."""
    client: MongoClient[dict[str, object]] = MongoClient(mongo_uri)
    with client:
        yield client


@pytest.fixture
def database_name(mongo_client: "MongoClient[dict[str, object]]") -> Generator[str]:
    """A database of the test's own, for processes that open it themselves."""
    name = f"t{secrets.token_hex(6)}"
    yield name
    mongo_client.drop_database(name)


@pytest.fixture
async def database(mongo_uri: str, database_name: str) -> AsyncGenerator[mongo.Database]:
    """The test's own database, as services open it."""
    async with mongo.connect(mongo_uri, database_name) as opened:
        yield opened


@pytest.fixture(scope="session")
def used_prefixes(kafka: str) -> Generator[list[str]]:
    """Prefixes whose topics may go; removed together, because one removal costs as much as twenty."""
    prefixes: list[str] = []
    yield prefixes
    _remove(kafka, prefixes)


@pytest.fixture
def topic_prefix(kafka: str, used_prefixes: list[str]) -> Generator[str]:
    """Put before every topic name (LEARNWIRE_KAFKA_TOPIC_PREFIX): the test has these topics to itself."""
    prefix = f"t{secrets.token_hex(4)}."
    yield prefix
    used_prefixes.append(prefix)
    if len(used_prefixes) >= TOPICS_AT_ONCE:
        _remove(kafka, used_prefixes)


@pytest.fixture
def group_id() -> str:
    """A consumer group that nobody else is in."""
    return f"g{secrets.token_hex(4)}"


def _remove(kafka: str, prefixes: list[str]) -> None:
    # In a thread of its own: the test's event loop must not be replaced by asyncio.run's.
    if prefixes:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, remove_topics(kafka, tuple(prefixes))).result()
        prefixes.clear()
