"""Downloads of the report: three formats, hostile content, the line that is logged."""

import csv
import io
import json

import pytest
import structlog

from tests.action_logger.conftest import Site
from tests.action_logger.test_report import SOME, an_event


async def test_the_csv_has_the_columns_of_the_report_and_text_alone(site: Site) -> None:
    await site.store.take([*SOME[:1], an_event(6, content_title="=1+1", email="+ada@example.org")])
    answer = await site.get("/v1/content-actions/export", bom="true", from_="2026-03-01", to="2026-03-02T01:00:00Z")
    assert (
        answer.content
        == (
            "\ufeffEmail,Panorama Name,Content Type,Content Title,Type,Source,Timestamp\r\n"
            "'+ada@example.org,,course,'=1+1,enrollment,sso,2026-03-01T12:06:00.000Z\r\n"
            "Ada@example.org,North,course,Safety first,enrollment,sso,2026-03-01T12:01:00.000Z\r\n"
        ).encode()
    )
    assert answer.headers["content-disposition"].startswith(
        'attachment; filename="content-actions_2026-03-01_2026-03-02T010000Z.csv"'
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "\uff1d1",
    "a,b",
    'say "hi"',
    "emoji 🎓",
    "\u202eright to left",
    "x" * 1000,
    "-1",
    "@sum",
    "'",
    "ünï\u2028code",
]


async def test_hostile_titles_read_back_as_they_were_but_for_one_apostrophe(site: Site) -> None:
    await site.store.take([an_event(number, content_title=title) for number, title in enumerate(HOSTILE)])
    text = (await site.get("/v1/content-actions/export", order="asc")).text
    cells = [row[3] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert [
        cell.removeprefix("'") if title[0] in "=\uff1d-@" else cell for cell, title in zip(cells, HOSTILE, strict=True)
    ] == HOSTILE
    assert not [cell for cell in cells if cell[0] in "=+-@\uff1d"]


@pytest.mark.parametrize("rows", [0, 1, 5])
async def test_the_three_formats_say_the_same(site: Site, rows: int) -> None:
    await site.store.take(SOME[:rows])
    items = await site.items()
    as_array = (await site.get("/v1/content-actions/export", format="json")).json()
    lines = (await site.get("/v1/content-actions/export", format="jsonl")).text.splitlines()
    table = list(csv.reader(io.StringIO((await site.get("/v1/content-actions/export")).text, newline="")))
    assert as_array == [json.loads(each) for each in lines] == items
    names = ("email", "panorama_name", "content_type", "content_title", "type", "source", "timestamp")
    assert table[1:] == [[each[name] or "" for name in names] for each in items]


async def test_an_export_is_logged_with_who_what_and_how_much_and_no_address(site: Site) -> None:
    await site.store.take(SOME)
    with structlog.testing.capture_logs() as lines:
        await site.get("/v1/content-actions/export", email="ada@example.org", type="enrollment", content_title="safety")
    (line,) = [each for each in lines if each["event"] == "report.exported"]
    assert {key: value for key, value in line.items() if key not in {"person", "filter_email"}} == {
        "event": "report.exported",
        "log_level": "info",
        "format": "csv",
        "rows": 1,
        "outcome": "finished",
        "filter_type": "enrollment",
        "filter_title": "given",
    }
    assert "ada@example.org" not in repr(line)
