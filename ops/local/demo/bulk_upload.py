"""A platform's side of a bulk action: uploads users from a file, badly, and tells the action tracker how it goes.

    python ops/local/demo/bulk_upload.py [FILE] [--seconds 20]

Needs `learnwire-contracts[kafka]` and `LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS`. What it does is explained, event by event,
in docs/reporting-bulk-actions.md. The upload is a fake: rows are looked at, nobody is uploaded.
"""

import argparse
import asyncio
import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from contracts import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
    Publisher,
    ReportedRow,
    Requester,
)

SAMPLE = Path(__file__).with_name("users-spring.csv")
GROUPS = {"Warehouse", "Office", "Drivers"}
ROWS_AT_ONCE = 10


@dataclass
class Upload:
    """What a platform knows of an upload while it runs."""

    action_id: str
    file: Path
    processed: int = 0
    errors: int = 0
    warnings: int = 0
    seen: set[str] = field(default_factory=set[str])

    def take(self, row: int, user: dict[str, str]) -> Iterator[ReportedRow]:
        """Upload one user; tells what is wrong with his row, and what to do about it."""
        email, group = user["email"].strip().casefold(), user["group"].strip()
        self.processed += 1
        if "@" not in email:
            self.errors += 1
            yield ReportedRow(
                row=row, status="error", identifier=email,
                issue="The address has no @", resolution="Correct the address and upload the row again",
            )  # fmt: skip
        elif email in self.seen:
            self.errors += 1
            yield ReportedRow(
                row=row, status="error", identifier=email,
                issue="The address is in the file twice", resolution="Remove one of the rows",
            )  # fmt: skip
        elif group not in GROUPS:
            self.warnings += 1
            yield ReportedRow(
                row=row, status="warning", identifier=email,
                issue=f"There is no group {group!r}; the user is in none", resolution="Create the group, then update the user",
            )  # fmt: skip
        self.seen.add(email)


def now() -> datetime:
    return datetime.now(UTC)


async def run(publisher: Publisher, upload: Upload, requester: Requester, seconds: float) -> None:
    """Do the upload, and say the five things."""
    with upload.file.open(newline="", encoding="utf-8-sig") as lines:
        users = list(csv.DictReader(lines))

    # 1. Once, when somebody starts it.
    await publisher.send(
        BulkActionSubmitted(
            action_id=upload.action_id,
            portal_id="acme",
            action_type="users_upload",
            requester=requester,
            submitted_at=now(),
            file_names=(upload.file.name,),
            total_rows=len(users),
        )
    )

    # 2. Once, when work begins.
    await publisher.send(BulkActionStarted(action_id=upload.action_id, started_at=now()))

    for start in range(0, len(users), ROWS_AT_ONCE):
        troubles: list[ReportedRow] = []
        # The header is row 1 of a spreadsheet, so the first user is row 2.
        for row, user in enumerate(users[start : start + ROWS_AT_ONCE], start=start + 2):
            troubles += upload.take(row, user)

        # 3. For each chunk that has errors or warnings; up to 1,000 rows in one event.
        if troubles:
            await publisher.send(
                BulkActionRowsReported(
                    action_id=upload.action_id,
                    reported_at=now(),
                    file_name=upload.file.name,
                    rows=tuple(troubles),
                )
            )

        # 4. Now and then: absolute numbers. It is the heartbeat too.
        await publisher.send(
            BulkActionProgressed(
                action_id=upload.action_id,
                progressed_at=now(),
                processed=upload.processed,
                succeeded=upload.processed - upload.errors - upload.warnings,
                warnings=upload.warnings,
                errors=upload.errors,
                total_rows=len(users),
            )
        )
        await asyncio.sleep(seconds * ROWS_AT_ONCE / len(users))

    # 5. Once, at the end. Rows with errors make "completed" a "Completed with errors" by themselves.
    await publisher.send(
        BulkActionFinished(
            action_id=upload.action_id,
            finished_at=now(),
            outcome="completed",
            message=f"{upload.processed - upload.errors} of {len(users)} users were uploaded.",
        )
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description="A fake upload of users that the action tracker follows")
    parser.add_argument("file", nargs="?", type=Path, default=SAMPLE, help="CSV with the columns email and group")
    parser.add_argument("--seconds", type=float, default=20, help="how long it takes")
    chosen = parser.parse_args()
    upload = Upload(action_id=f"upload-{uuid4()}", file=chosen.file)
    requester = Requester(id="you", name="You, the Developer", email="you@acme.example", role="admin")
    server = os.environ.get("LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
    prefix = os.environ.get("LEARNWIRE_KAFKA_TOPIC_PREFIX", "")
    print("Sign in as 'you' and watch: http://127.0.0.1:8084/dev/login", flush=True)
    async with Publisher(server, source="/lms/acme", topic_prefix=prefix) as publisher:
        await run(publisher, upload, requester, chosen.seconds)
    print(f"{upload.action_id}: {upload.processed} rows, {upload.errors} errors, {upload.warnings} warnings")


if __name__ == "__main__":
    asyncio.run(main())
