"""Write the demo's files: `python -m learnwire_local.demo.stories [FOLDER]`."""

import json
import random
import sys
from pathlib import Path
from typing import Any

from learnwire_local.demo.files import FOLDER
from learnwire_local.demo.stories import bad, bulk, content, courses, go1, people
from learnwire_local.demo.stories.ledger import Ledger

SEED = 4


def write(folder: Path) -> None:
    ledger = Ledger(random.Random(SEED))  # noqa: S311 - the same week every time
    for story in (people, courses, go1, content, bulk, bad):
        story.tell(ledger)
    courses.profiles(ledger)
    folder.mkdir(exist_ok=True)
    for name, lines in ledger.files.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    _write(folder / "records.json", people.records())
    _write(folder / "expected.json", expected(ledger))


def expected(ledger: Ledger) -> dict[str, Any]:
    return {
        "salesforce": ledger.salesforce,
        "attempts": ledger.attempts,
        "parked": ledger.parked,
        "log": {"rows": ledger.log, "erased": ledger.log_erased, "rows_before_sunday": ledger.log_at_noon},
        "bulk": ledger.bulk,
        "reports": ledger.reports,
        "mails": sorted(ledger.mails, key=lambda mail: (mail["to"], mail["status"])),
        "dead_letters": ledger.dead,
    }


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
