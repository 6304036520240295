"""What an operator does with a syncer: run a command, ask for its status, wait until it is quiet."""

import asyncio
import json
import subprocess
from typing import Any

from tests.salesforce_syncer.stage import Someone, Stage, counters
from tests.world import SCRIPTS


async def command(stage: Stage, *arguments: str) -> tuple[int, Any]:
    """Run a subcommand with the syncer's settings; its exit code and JSON."""
    process = await asyncio.create_subprocess_exec(
        SCRIPTS / "salesforce-syncer",
        *arguments,
        "--json",
        env=stage.syncer.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    assert process.returncode in {0, 1}, errors.decode()
    return process.returncode, json.loads(printed)


async def complaint(stage: Stage, arguments: str, **settings: str) -> tuple[int | None, str]:
    """Run a subcommand that cannot do what it is asked; its exit code, and what it says on standard error."""
    changed = {f"LEARNWIRE_{name}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        SCRIPTS / "salesforce-syncer",
        *arguments.split(),
        env=stage.syncer.environment | changed,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    assert printed == b""
    return process.returncode, errors.decode().splitlines()[-1]


async def status(stage: Stage) -> Any:
    token = stage.world.token("salesforce-syncer", "operator")
    return (await stage.world.get(stage.syncer, "/v1/status", token=token)).json()


async def quiet(stage: Stage) -> None:
    """Wait until nothing is dirty."""

    async def dirty() -> int:
        return sum(each["rows"] for each in (await status(stage))["dirty"])

    await stage.becomes(dirty, 0, seconds=90)


async def synced(stage: Stage, size: int = 1) -> tuple[list[Someone], list[str]]:
    people, users = [Someone() for _ in range(size)], [stage.standin.user() for _ in range(size)]
    await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
    await stage.tell(*(each.enrolled("e1", 1) for each in people))
    await stage.shows(
        lambda: {counters(stage.standin, "User", user) for user in users}, {(1, 0, 0, 0, 1, 0)}, seconds=90
    )
    return people, users
