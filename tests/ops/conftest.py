"""Servers that these tests may kill, and a world on them."""

import secrets
import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from learnwire_local import Kafka, Mongo
from learnwire_local.both import start_both
from tests.world import World


@pytest.fixture(scope="module")
def servers() -> Generator[tuple[Kafka, Mongo]]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not here; on Debian and Ubuntu: apt-get install prometheus")
    kafka, mongo = start_both(None)
    with kafka, mongo:
        yield kafka, mongo


@pytest.fixture
async def world(servers: tuple[Kafka, Mongo], tmp_path: Path) -> AsyncGenerator[World]:
    kafka, mongo = servers
    async with World(kafka.bootstrap, mongo.uri, f"t{secrets.token_hex(4)}.", tmp_path) as world:
        yield world
