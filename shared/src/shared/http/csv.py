"""Tables out as CSV: RFC 4180, UTF-8, cells that a spreadsheet would run as a formula made text."""

import csv
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from urllib.parse import quote

_FORMULA = re.compile("^[=+\\-@\t\r\n\x00＝＋－＠]")  # noqa: RUF001  the full-width forms are meant
AT_ONCE_BYTES = 64 * 1024
BOM = b"\xef\xbb\xbf"


def as_text(cell: str | None) -> str:
    """Return the cell, with a leading `'` where a spreadsheet would take it for a formula."""
    if not cell:
        return ""
    return f"'{cell}" if _FORMULA.match(cell) else cell


async def csv_stream(
    header: Sequence[str], rows: AsyncIterator[Sequence[str | None]], *, bom: bool = False
) -> AsyncGenerator[bytes]:
    """Yield the table in pieces of about 64 KiB; lines end with CR LF."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    if bom:
        yield BOM
    yield _taken(buffer)
    async for row in rows:
        writer.writerow([as_text(cell) for cell in row])
        if buffer.tell() >= AT_ONCE_BYTES:
            yield _taken(buffer)
    if buffer.tell():
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece


def attachment(filename: str) -> dict[str, str]:
    """Return the header that makes a download of an answer; the name whole in `filename*` (RFC 6266), ASCII beside it."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"}
