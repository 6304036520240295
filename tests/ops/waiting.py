"""Waiting for services on a machine that has more to do than this."""

import httpx

from tests.world import Process, eventually

PATIENCE_SECONDS = 150


async def ready(*processes: Process) -> None:
    """As `World.ready`, with more patience."""
    for each in processes:
        await eventually(lambda each=each: _is_ready(each), f"{each.name} to be ready", seconds=PATIENCE_SECONDS)


async def _is_ready(process: Process) -> bool:
    assert process.popen is None or process.popen.poll() is None, process.log_file.read_text(errors="replace")[-2000:]
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{process.url}/readyz", timeout=5)).status_code == 200
        except httpx.HTTPError:
            return False
