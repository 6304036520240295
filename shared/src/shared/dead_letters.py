"""Where a record goes that will never work: key and value untouched, with why and where from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aiokafka import ConsumerRecord

from contracts.types import instant_text
from shared.kafka import RawRecord

Reason = Literal["malformed", "invalid", "conflict", "refused", "unexpected"]
MOST_DETAIL = 1_000

Raw = ConsumerRecord[bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record set aside. `detail` names paths and codes, never values."""

    record: Raw
    reason: Reason
    detail: str
    attempts: int = 1
    event_type: str = "unknown"


def as_record(letter: DeadLetter, *, topic: str, service: str, version: str, now: datetime) -> RawRecord:
    """Return the record for the dead-letter topic: bytes and headers as they came, `dlq-*` headers added.

    Headers of an earlier stay in dead letters are replaced.
    """
    origin = letter.record
    kept: list[tuple[str, Any]] = [(name, value) for name, value in origin.headers if not name.startswith("dlq-")]
    added = {
        "dlq-reason": letter.reason,
        "dlq-detail": letter.detail[:MOST_DETAIL],
        "dlq-service": service,
        "dlq-version": version,
        "dlq-attempts": str(letter.attempts),
        "dlq-topic": origin.topic,
        "dlq-partition": str(origin.partition),
        "dlq-offset": str(origin.offset),
        "dlq-at": instant_text(now),
    }
    headers = [*kept, *((name, value.encode("utf-8", "replace")) for name, value in added.items())]
    return RawRecord(topic, origin.key, origin.value, headers)
