"""The service's pages in this process."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from shared.mongo import Database
from tests.go1_stats_processor.pages import Dashboard, a_dashboard


@pytest.fixture
async def dashboard(database: Database, tmp_path: Path) -> AsyncGenerator[Dashboard]:
    async with a_dashboard(database, tmp_path) as made:
        yield made
