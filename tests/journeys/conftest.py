"""Services that several journeys share: starting one takes seconds."""

import secrets
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.bulk_tracker.mailbox import a_mailbox
from tests.journeys.bulk_portal import Portal, mail_settings
from tests.world import World


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_tracker(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Portal]:
    """One tracker for all journeys: each has a portal of its own on it."""
    prefix = f"t{secrets.token_hex(4)}."
    folder = tmp_path_factory.mktemp("world")
    async with a_mailbox() as mailbox, World(kafka, mongo_uri, prefix, folder) as world:
        process = world.service("bulk-tracker", **mail_settings(mailbox))
        await world.ready(process)
        yield Portal(world, process, mailbox, "none")
    used_prefixes.append(prefix)


@pytest.fixture
def portal(running_tracker: Portal) -> Portal:
    return replace(running_tracker, name=f"p{secrets.token_hex(3)}")
