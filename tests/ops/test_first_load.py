"""A report's own CSV comes back as events, and the report of these events is the report that they came from."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts import ContentActionRecorded
from tests.ops.waiting import ready
from tests.world import SCRIPTS, Process, World, eventually

SCRIPT = Path(__file__).parents[2] / "ops/first_load.py"
START = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = "Email,Panorama Name,Content Type,Content Title,Type,Source,Timestamp\r\n"


def converted(folder: Path, report: str) -> list[dict[str, Any]]:
    (folder / "report.csv").write_text(report, encoding="utf-8", newline="")
    command = [sys.executable, SCRIPT, folder / "report.csv", "--source", "/lms/acme/report"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_same_report_makes_the_same_events_and_equal_rows_stay_two(tmp_path: Path) -> None:
    row = "ann@x.org,,course,Safety,enrollment,public,2026-03-01T00:00:00.000Z\r\n"
    first = converted(tmp_path, HEADER + row + row)
    assert first == converted(tmp_path, HEADER + row + row)
    assert len({each["id"] for each in first}) == 2
    data = {"email": "ann@x.org", "content_type": "course", "content_title": "Safety", "type": "enrollment"}
    assert first[0]["data"] == {**data, "source": "public", "timestamp": "2026-03-01T00:00:00.000Z"}
    assert first[0]["time"] == "2026-03-01T00:00:00.000Z"


def test_what_was_made_text_for_spreadsheets_is_itself_again_and_erased_rows_are_left_out(tmp_path: Path) -> None:
    rows = (
        "erased,,course,Safety,enrollment,public,2026-03-01T00:00:00.000Z\r\n"
        "ann@x.org,'=Pan,course,'@home,enrollment,public,2026-03-01T00:00:00.000Z\r\n"
        "ann@x.org,'s-Hertogenbosch,course,'tis,enrollment,public,2026-03-01T00:00:00.000Z\r\n"
    )
    made = [each["data"] for each in converted(tmp_path, HEADER + rows)]
    assert [(each["panorama_name"], each["content_title"]) for each in made] == [
        ("=Pan", "@home"),
        ("'s-Hertogenbosch", "'tis"),
    ]


@pytest.mark.long
async def test_a_report_goes_in_again_and_comes_out_the_same(world: World, tmp_path: Path) -> None:
    one = world.service("action-logger")
    await ready(one)
    await world.publish(*(an_action(each) for each in range(40)))
    report = await the_report(world, one, rows=40)
    (tmp_path / "history.jsonl").write_text(
        "".join(json.dumps(each) + "\n" for each in converted(tmp_path, report)), encoding="utf-8"
    )
    async with World(world.kafka, world.mongo_uri, f"again.{world.prefix}", tmp_path) as again:
        other = again.service("action-logger")
        await ready(other)
        publish = [SCRIPTS / "learnwire", "events", "publish", tmp_path / "history.jsonl"]
        for _ in range(2):  # the second time changes nothing
            subprocess.run(publish, env=other.environment, check=True, capture_output=True)  # noqa: ASYNC221  nothing else runs here
        assert rows_of(await the_report(again, other, rows=40)) == rows_of(report)


@pytest.fixture
async def world(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> Any:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        yield world


def an_action(number: int) -> ContentActionRecorded:
    return ContentActionRecorded(
        email=f"p{number % 7}@acme.example",
        panorama_name=f"=Panorama {number % 3}" if number % 2 else None,
        content_type="course",
        content_title='Fire, "safety"\tand more' if number % 5 else "-Minus",
        type="enrollment",
        source="public" if number % 3 else "sso",
        timestamp=START + timedelta(minutes=number // 2),
    )


async def the_report(world: World, logger: Process, *, rows: int) -> str:
    token = world.token("action-logger", "operator")

    async def look() -> str:
        return (await world.get(logger, "/v1/content-actions/export", token=token, format="csv")).text

    return await eventually(look, "all rows", until=lambda text: len(rows_of(text)) == rows + 1)


def rows_of(report: str) -> list[list[str]]:
    return sorted(csv.reader(io.StringIO(report)))
