"""Makes events of a report of content actions: `python ops/first_load.py REPORT.csv --source /lms/acme/report > history.jsonl`.

The report is the platform's, or action-logger's own export; its columns are exactly `Email, Panorama Name, Content Type,
Content Title, Type, Source, Timestamp`. Each row becomes one `learnwire.content-action.recorded.v1`, dated as the row is.
Its id is made of what the row says (and of how many rows before it say the same), so making and publishing the
file again changes nothing. Standard library alone; check the result with `learnwire events validate`.
"""

import argparse
import csv
import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

COLUMNS = ("Email", "Panorama Name", "Content Type", "Content Title", "Type", "Source", "Timestamp")
FIELDS = ("email", "panorama_name", "content_type", "content_title", "type", "source", "timestamp")
TYPE = "learnwire.content-action.recorded.v1"
IDS = uuid.UUID("5b0b7c7e-4d5f-4f0e-9a41-0d3c4e2c8a77")
RUN_AS_FORMULA = tuple("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001  the full-width ones are meant
ERASED = "erased"


def events(rows: Iterable[dict[str, str]], source: str) -> Iterator[dict[str, object]]:
    """Rows of erased persons have no address any more and are left out."""
    seen: Counter[str] = Counter()
    for row in rows:
        data = {field: _as_it_was(row[column]) for column, field in zip(COLUMNS, FIELDS, strict=True) if row[column]}
        if data.get("email") == ERASED:
            continue
        said = json.dumps(data, sort_keys=True)
        seen[said] += 1
        yield {
            "specversion": "1.0",
            "id": str(uuid.uuid5(IDS, f"{source}\n{said}\n{seen[said]}")),
            "source": source,
            "type": TYPE,
            "time": data.get("timestamp"),
            "data": data,
        }


def _as_it_was(cell: str) -> str:
    """Reports put an apostrophe before what a spreadsheet would run."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RUN_AS_FORMULA) else cell


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--source", required=True, help="the `source` of these events, never used for others")
    asked = parser.parse_args()
    with asked.report.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            sys.exit(f"first_load: the columns must be: {','.join(COLUMNS)}")
        for each in events(reader, asked.source):
            print(json.dumps(each, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
