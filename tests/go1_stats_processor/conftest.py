"""The service's pages in this process, and a world for its flow."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from shared.mongo import Database
from tests.go1_stats_processor.pages import Dashboard, a_dashboard
from tests.world import World


@pytest.fixture
async def dashboard(database: Database, tmp_path: Path) -> AsyncGenerator[Dashboard]:
    async with a_dashboard(database, tmp_path) as made:
        yield made


@pytest.fixture
async def world(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[World]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        yield world
