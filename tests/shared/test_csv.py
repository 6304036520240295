"""CSV that a spreadsheet opens as text and a parser reads back."""

import csv
import io
from collections.abc import AsyncGenerator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.http.csv import as_text, attachment, csv_stream

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\x00x", "＝1", "＋1", "－1", "＠x"]  # noqa: RUF001  full-width on purpose


async def written(rows: Sequence[Sequence[str | None]], *, bom: bool = False) -> bytes:
    async def each() -> AsyncGenerator[Sequence[str | None]]:
        for row in rows:
            yield row

    return b"".join([piece async for piece in csv_stream(["A", "B"], each(), bom=bom)])


def test_cells_that_a_spreadsheet_would_run_get_a_leading_apostrophe_and_no_others() -> None:
    assert [as_text(cell) for cell in HOSTILE] == [f"'{cell}" for cell in HOSTILE]
    assert [as_text(cell) for cell in ("a=1", "1-1", "'x", "", None)] == ["a=1", "1-1", "'x", "", ""]


async def test_lines_end_with_cr_lf_and_quotes_are_doubled() -> None:
    assert await written([['say "hi"', "a,b"], [None, "x\ny"]]) == b'A,B\r\n"say ""hi""","a,b"\r\n,"x\ny"\r\n'


async def test_a_byte_order_mark_comes_first_where_it_is_asked_for() -> None:
    assert (await written([], bom=True)) == b"\xef\xbb\xbfA,B\r\n"


@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=40)] * 2), max_size=20))
async def test_what_is_written_reads_back_apart_from_the_apostrophe(rows: list[tuple[str, str]]) -> None:
    text = (await written(rows)).decode()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["A", "B"], *([as_text(cell) for cell in row] for row in rows)]


def test_a_download_s_name_is_whole_and_has_an_ascii_form() -> None:
    header = attachment('Über "2026";\r\n.csv')["Content-Disposition"]
    assert header == (
        "attachment; filename=\"_ber _2026____.csv\"; filename*=UTF-8''%C3%9Cber%20%222026%22%3B%0D%0A.csv"
    )
