"""Dead letters of this service, counted by who sent them: for the publishers' report."""

import json
import re
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from action_logger.settings import Settings
from action_logger.store.publishers import UNKNOWN, Publishers, Refused
from contracts import catalog
from contracts.types import instant
from shared.kafka import client_options

AT_ONCE = 500
_SOURCE = re.compile(r"[!-~]{1,256}")

Record = ConsumerRecord[bytes | None, bytes | None]


def counting(settings: Settings, name: str, publishers: Publishers) -> Callable[[], Any]:
    """Return the job. It reads with a group of its own, beside the service's: a dead letter is never handled again."""

    async def run() -> None:
        consumer = AIOKafkaConsumer(
            settings.kafka_topic_prefix + catalog.dead_letters(name),
            **client_options(settings),
            group_id=f"{settings.kafka_group_id or name}.publishers",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            while True:
                batches = await consumer.getmany(timeout_ms=5_000, max_records=AT_ONCE)
                found = [refused_of(record) for records in batches.values() for record in records]
                if found:
                    await publishers.add(found)
                    await consumer.commit()
        finally:
            await consumer.stop()

    return run


def refused_of(record: Record) -> Refused:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    place = "/".join(headers.get(f"dlq-{each}", "") for each in ("topic", "partition", "offset"))
    at = instant(headers["dlq-at"])
    return Refused(place, _source(record.value, headers), headers.get("dlq-reason", UNKNOWN), at)


def _source(value: bytes | None, headers: dict[str, str]) -> str:
    try:
        found = json.loads(value or b"").get("source")
    except (ValueError, AttributeError, RecursionError):
        found = None
    found = found or headers.get("ce_source")
    return found if isinstance(found, str) and _SOURCE.fullmatch(found) else UNKNOWN
