"""The inside of a syncer without its process, for tests that look at one of its parts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from salesforce_syncer.app import NAME
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.settings import Settings
from shared import service
from shared.service import Shell
from tests.salesforce_syncer.standin import CLIENT_ID, SECRET


@asynccontextmanager
async def shell_of(folder: Path, database_name: str, **settings: str) -> AsyncGenerator[Shell[Settings]]:
    """What a syncer with these settings would be given."""
    for name, content in {"jwt": b"j" * 32, "pii": b"p" * 32, "client-secret": SECRET.encode()}.items():
        (folder / name).write_bytes(content)
    valid: dict[str, Any] = {
        "mongo_database": database_name,
        "jwt_issuer": "https://issuer.example",
        "jwt_secret_file": folder / "jwt",
        "pii_key_file": folder / "pii",
        "salesforce_client_id": CLIENT_ID,
        "salesforce_client_secret_file": folder / "client-secret",
    }
    async with service.opened(NAME, Settings.model_validate(valid | settings)) as shell:
        yield shell


@asynccontextmanager
async def closed(client: Client) -> AsyncGenerator[Client]:
    try:
        yield client
    finally:
        await client.close()
