"""How much memory the syncer takes with very many rows to be written: by its own account in /proc, highest mark."""

import os
import re
from pathlib import Path

import pytest

from contracts.event import Event
from tests.salesforce_syncer.desired import Rows
from tests.salesforce_syncer.lag import watched
from tests.salesforce_syncer.stage import USER_ROWS, Someone, staged
from tests.world import Process, eventually

ROWS = int(os.environ.get("SALESFORCE_ROWS", "200000"))
COURSES = 20
AT_ONCE = 10_000
MOST_MIB = 256


def peak_mib(process: Process) -> float:
    """The most memory that a process ever had resident."""
    assert process.popen is not None
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) / 1024


@pytest.mark.long
async def test_200_000_dirty_rows_at_once_fit_into_256_mib(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    everywhere = {"SALESFORCE_DRY_RUN_PORTALS": "*"}
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path, **everywhere) as stage:
        user = stage.standin.user()
        facts: list[tuple[float, Event]] = []
        for _ in range(ROWS // COURSES):
            someone = Someone()
            facts += [someone.linked(1, user), *(someone.enrolled(f"e{n}", 1, "passed") for n in range(COURSES))]
            if len(facts) >= AT_ONCE:
                await stage.tell(*facts)
                facts.clear()
        await stage.tell(*facts)
        async with watched(stage) as lag:
            await lag.over(seconds=1_200)
        with Rows(stage.world) as rows:
            assert await rows.count(object=USER_ROWS, dirty_since={"$exists": True}) == ROWS
            reading = peak_mib(stage.syncer)
            assert stage.syncer.terminate() == 0
            del stage.syncer.environment["LEARNWIRE_SALESFORCE_DRY_RUN_PORTALS"]
            stage.syncer.start()
            await eventually(
                lambda: rows.count(object=USER_ROWS, dirty_since={"$exists": True}),
                "all rows to be written",
                until=lambda left: left == 0,
                seconds=1_200,
            )
            writing = peak_mib(stage.syncer)
        assert stage.standin.total(USER_ROWS) == ROWS
        print(f"{ROWS} rows dirty at once: {reading:.0f} MiB while reading, {writing:.0f} MiB while writing")  # noqa: T201  for the person who runs it
        assert max(reading, writing) < MOST_MIB
