"""An export opened by others than Python's csv: every title is text in it, and reads back as it was."""

import csv
import json
import shutil
import subprocess
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from action_logger.domain.report import COLUMNS, Entry, as_cells
from action_logger.domain.rows import row_of_action
from bench.environments import python_of
from shared.http.csv import csv_stream
from tests.action_logger.stores import NOW
from tests.action_logger.test_export import HOSTILE
from tests.action_logger.test_rows import an_event

OFFICE = shutil.which("soffice")
AS_UTF8_WITH_TEXT_QUOTED = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true"
TITLE = COLUMNS.index("Content Title")
TITLES = [
    *HOSTILE,
    "=1+1",
    "+1",
    "=HYPERLINK(0)",
    "two\nlines",
    "two\r\nlines",
    "\t=1+1",
    "\r=1+1",
    "007",
    "1e5",
    "2026-03-01",
    "TRUE",
    "a;b",
    '"',
    '",=1+1,"',
    "مرحبا",
    "👩‍👩‍👧",
]
"""Some of these no publisher can send (titles hold no line ends): the file must hold them all the same."""


@pytest.fixture
async def exported(tmp_path: Path) -> Path:
    async def rows() -> AsyncGenerator[Sequence[str | None]]:
        for title in TITLES:
            yield as_cells(Entry(row_of_action(an_event())._replace(content_title=title), NOW))

    file = tmp_path / "export.csv"
    file.write_bytes(b"".join([each async for each in csv_stream(COLUMNS, rows(), bom=True)]))
    return file


def read_back(cells: Sequence[str]) -> list[str]:
    """Titles as they were: without the apostrophe that makes a formula text."""
    return [
        cell.removeprefix("'") if title[0] in "=+-@\t\r\uff1d" else cell
        for cell, title in zip(cells, TITLES, strict=True)
    ]


@pytest.mark.long
@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on this machine (apt-get install libreoffice-calc-nogui)")
def test_libreoffice_opens_every_title_as_text(exported: Path, tmp_path: Path) -> None:
    """Opened as a person would (UTF-8, numbers detected), and saved again with quotes around what is text."""
    (tmp_path / "again").mkdir()
    command = [
        str(OFFICE),
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
        "--infilter=CSV:44,34,76,1",
        "--convert-to",
        AS_UTF8_WITH_TEXT_QUOTED,
        "--outdir",
        str(tmp_path / "again"),
        str(exported),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    with (tmp_path / "again/export.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(COLUMNS)
    cells = [row[TITLE] for row in rows[1:]]
    formulas = {title for title in TITLES if title[0] in "=+-@\t\r\uff1d"}
    assert [
        (title, cell) for title, cell in zip(TITLES, cells, strict=True) if title in formulas and cell[0] != "'"
    ] == []
    as_before = {title: cell for title, cell in zip(TITLES, read_back(cells), strict=True) if title not in NUMBERS}
    assert as_before == {
        title: title.replace("\r\n", "\n").replace("\r", "\n") for title in TITLES if title not in NUMBERS
    }


NUMBERS = ("007", "1e5", "2026-03-01", "TRUE")
"""Harmless, but a spreadsheet shows them in its own way."""

READ = """
import json, sys, pandas
table = pandas.read_csv(sys.argv[1], dtype=str, keep_default_na=False, encoding="utf-8-sig")
print(json.dumps([list(table.columns), table["Content Title"].tolist()]))
"""


@pytest.mark.long
def test_pandas_reads_every_title_back(exported: Path) -> None:
    """In an environment of its own, made on demand."""
    done = subprocess.run(
        [python_of("pandas"), "-c", READ, exported], check=True, capture_output=True, text=True, timeout=240
    )
    columns, cells = json.loads(done.stdout)
    assert columns == list(COLUMNS)
    assert read_back(cells) == TITLES


def test_python_reads_every_title_back(exported: Path) -> None:
    with exported.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    assert header == list(COLUMNS)
    assert read_back([row[TITLE] for row in rows]) == TITLES
