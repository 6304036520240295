"""FastStream's side: the broker and its batch subscriber, with everything switched off that would touch a record."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from logging import WARNING
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLScram512

from shared.dead_letters import Raw
from shared.kafka import client_options, password, tls
from shared.settings import KafkaSettings

log = structlog.stdlib.get_logger()

BATCH_RECORDS = 2_000
POLL_MS = 25
"""FastStream sleeps as long again after an empty poll, so this is the latency of an idle topic."""
REBALANCE_MS = 20_000
STOP_SECONDS = 2.0
EXPECTED = "Auto create topics is disabled"
"""Said at every start; `/readyz` tells which topics are missing."""

Rebalanced = Callable[[Collection[TopicPartition]], Awaitable[None]]


def subscribe(
    settings: KafkaSettings,
    topics: Sequence[str],
    *,
    group_id: str,
    intake: Callable[[Sequence[Raw]], Awaitable[None]],
    revoked: Rebalanced,
    assigned: Rebalanced,
) -> tuple[KafkaBroker, BatchSubscriber]:
    """Return the broker and its one subscriber, which hands raw records to `intake` and acknowledges nothing."""
    options = client_options(settings)
    broker = KafkaBroker(
        options["bootstrap_servers"],
        client_id=options["client_id"],
        security=_security(settings),
        allow_auto_create_topics=False,
        graceful_timeout=STOP_SECONDS,
        apply_types=False,
        logger=_FaststreamLog(),
    )
    subscriber = broker.subscriber(
        *topics,
        group_id=group_id,
        batch=True,
        max_records=BATCH_RECORDS,
        batch_timeout_ms=POLL_MS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        parser=_untouched,
        decoder=_raw_records,
        listener=_Listener(revoked, assigned),
        rebalance_timeout_ms=REBALANCE_MS,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=300_000,
    )
    subscriber(intake)
    return broker, subscriber


def _security(settings: KafkaSettings) -> BaseSecurity | None:
    if settings.kafka_security == "plaintext":
        return None
    return SASLScram512(username=settings.kafka_username or "", password=password(settings), ssl_context=tls(settings))


class _Listener(ConsumerRebalanceListener):
    def __init__(
        self,
        revoked: Rebalanced,
        assigned: Rebalanced,
    ) -> None:
        self._revoked = revoked
        self._assigned = assigned

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._revoked(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._assigned(assigned)


class _FaststreamLog:
    """FastStream's lines in our form: what it says goes to `message`, below warning it says nothing of use."""

    def log(
        self, level: int, msg: object, *_args: object, exc_info: BaseException | None = None, **_more: object
    ) -> None:
        text = str(msg)
        if level >= WARNING and not text.startswith(EXPECTED):
            log.warning(
                "faststream.logged", message=text[:200], exc_info=exc_info, next_step="none while consuming goes on"
            )


async def _untouched(records: Sequence[Raw]) -> KafkaMessage:
    """Parse nothing: headers that are not text must not cost a batch."""
    return KafkaMessage(
        body=b"", headers={}, raw_message=tuple(records), message_id="", correlation_id="", consumer=FAKE_CONSUMER
    )


async def _raw_records(message: KafkaMessage) -> Any:
    """Decode nothing: `process` does, record by record."""
    return message.raw_message
