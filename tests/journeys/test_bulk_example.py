"""The example for platform developers: what the guide shows is what the program does, and it shows on the page."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.bulk_tracker.mailbox import text_of
from tests.journeys.bulk_portal import Portal
from tests.world import eventually

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "ops/local/demo/bulk_upload.py"
GUIDE = ROOT / "docs/reporting-bulk-actions.md"


def test_each_event_in_the_guide_is_said_so_by_the_program() -> None:
    shown = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(shown) == 5
    program = PROGRAM.read_text()
    assert [each for each in shown if each not in program] == []


@pytest.mark.asyncio(loop_scope="session")
async def test_the_example_program_is_followed_from_its_start_to_its_report_and_mail(portal: Portal) -> None:
    environment = {
        "LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS": portal.world.kafka,
        "LEARNWIRE_KAFKA_TOPIC_PREFIX": portal.world.prefix,
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, "--seconds", "0", env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    assert program.returncode == 0
    ended = re.fullmatch(r"(upload-\S+): 140 rows, 5 errors, 5 warnings", said.decode().splitlines()[-1])
    assert ended is not None
    path = f"/v1/actions/{ended[1]}"

    async def look() -> dict[str, object]:
        return (await portal.see(path, subject="you", portal_id="acme")).json()

    item = await eventually(look, "its end", until=lambda found: found.get("status") == "completed_with_errors")
    assert item["counts"] == {"total": 140, "processed": 140, "succeeded": 130, "warnings": 5, "errors": 5}
    assert item["message"] == "135 of 140 users were uploaded."
    report = await portal.see(f"{path}/error-report", subject="you", portal_id="acme")
    lines = report.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 11
    assert lines[1] == (
        "8,Error,gro.berg at acme.example,The address has no @,Correct the address and upload the row again"
    )

    async def mails() -> list[str]:
        return [text_of(each) for each in portal.mailbox.mails if each["To"] == "you@acme.example"]

    (mail,) = await eventually(mails, "its mail")
    assert str(item["reference_id"]) in mail
