"""CSV as Bulk API 2.0 reads and writes it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from salesforce_standin.records.values import Value

DELIMITERS = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
NULL = "#N/A"  # clears a field; an empty cell leaves it alone


class CsvError(ValueError):
    """The file as a whole cannot be read; the message is the job's errorMessage."""


def read(text: str, *, delimiter: str, line_end: str) -> tuple[list[str], list[list[str]]]:
    """The names in the first row, and the other rows."""
    first_line = text.partition("\n")[0]
    if first_line.endswith("\r") != (line_end == "CRLF") and "\n" in text:
        raise CsvError(
            f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {line_end}"
        )
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter], strict=True))
    except csv.Error as error:
        raise CsvError(f"ClientInputError : {error}") from error
    if not rows or not any(rows[0]):
        raise CsvError("InvalidBatch : The 'header' row is missing")
    return rows[0], [row for row in rows[1:] if row]


def record(names: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """A row as the JSON routes would have it; Membership__r.Membership_Key__c becomes a nested object."""
    given: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=False):
        if not cell:
            continue
        value = None if cell == NULL else cell
        relationship, _, key = name.partition(".")
        given[relationship] = {key: value} if key and value is not None else value
    return given


def write(names: Sequence[str], rows: Iterable[Sequence[str]], *, delimiter: str, line_end: str) -> str:
    out = io.StringIO(newline="")
    ends = LINE_ENDS[line_end]
    table = csv.writer(out, delimiter=DELIMITERS[delimiter], lineterminator=ends, quoting=csv.QUOTE_ALL)
    table.writerow(names)
    table.writerows(rows)
    return out.getvalue()


def cell(value: Value) -> str:
    """A value of a query's result."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).removesuffix("+0000") + "Z" if _is_instant(value) else str(value)


def _is_instant(value: Value) -> bool:
    return isinstance(value, str) and value.endswith(".000+0000") and len(value) == len("2026-11-22T00:31:06.000+0000")


def flat(given: dict[str, Any], paths: Sequence[Sequence[str]]) -> Iterator[str]:
    """The cells of one record of a query, related rows by their dotted names."""
    for path in paths:
        related: dict[str, Any] | None = given
        for name in path[:-1]:
            related = related and related.get(name)
        yield cell(related.get(path[-1]) if related else None)
