"""A report of a million rows: taken in row by row, streamed out in constant memory. Takes minutes: `-m long`."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from contracts.bulk_actions import BulkActionRowsReported, ReportedRow
from tests.bulk_tracker.facts import at, finished, submitted
from tests.world import World, eventually

ROWS = 1_000_000
AT_ONCE = 1_000
MOST_MIB = 256


def chunk(start: int) -> BulkActionRowsReported:
    rows = tuple(
        ReportedRow(
            row=row,
            status="error" if row % 7 else "warning",
            identifier=f"learner{row}@acme.example",
            issue=f"Unknown group 'Group {row % 300}'",
            resolution="Create the group first",
        )
        for row in range(start, start + AT_ONCE)
    )
    return BulkActionRowsReported(action_id="big", reported_at=at(1), rows=rows)


def peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.long
async def test_a_million_rows_come_in_and_go_out_in_constant_memory(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        process = world.service("bulk-tracker", TRACKER_REPORT_HOURS="87600")
        await world.ready(process)
        begun = time.monotonic()
        await world.publish(submitted(action_id="big"))
        for start in range(2, ROWS + 2, 50 * AT_ONCE):
            await world.publish(*(chunk(each) for each in range(start, start + 50 * AT_ONCE, AT_ONCE)))
        await world.publish(finished(4, action_id="big"))
        token = world.token("bulk-tracker", "manager", subject="u-ada", portal_id="acme", seconds=3000)

        async def status() -> str:
            return (await world.get(process, "/v1/actions/big", token=token)).json().get("status", "")

        await eventually(status, "the end", until=lambda found: found == "completed_with_errors", seconds=1500)
        taken_in = time.monotonic() - begun
        assert process.popen is not None
        after_intake = peak_mib(process.popen.pid)

        begun = time.monotonic()
        lines = last = 0
        async with httpx.AsyncClient(base_url=process.url, timeout=120) as client:
            headers = {"Authorization": f"Bearer {token}"}
            async with client.stream("GET", "/v1/actions/big/error-report", headers=headers) as answer:
                assert answer.status_code == 200
                async for line in answer.aiter_lines():
                    number = line.partition(",")[0]
                    if number.isdecimal():
                        assert int(number) > last
                        last = int(number)
                    lines += 1
        peak = peak_mib(process.popen.pid)
        measured = (
            f"in: {ROWS / taken_in:,.0f} rows/s, out: {ROWS / (time.monotonic() - begun):,.0f} rows/s, "
            f"peak {after_intake:.0f} MiB after intake, {peak:.0f} MiB after download"
        )
        record_property("measured", measured)
        assert lines == ROWS + 1
        assert peak <= MOST_MIB, measured
