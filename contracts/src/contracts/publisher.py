"""Publishing events to Kafka. Needs the extra: `pip install learnwire-contracts[kafka]`.

async with Publisher("kafka.example.org:9092", source="/lms/acme") as publisher:
    await publisher.send(LearnerChanged(portal_id="acme", learner_id="l-17", email="ann@example.org", version=3))
"""

import asyncio
import os
import ssl
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from uuid import UUID, uuid5

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from contracts.bulk_actions import BulkActionRowsReported
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import Record, TooLarge, encode
from contracts.wire.refusals import say

E = TypeVar("E", bound=Event)

_SPLIT = UUID("0b7a3c52-5c1e-4b57-9a3c-6c8f2f8a4d11")
"""The parts of an event that was split have ids derived in this name space."""


class BadEvent(ValueError):  # noqa: N818  says what it is
    """The event breaks its contract and was not sent. `detail` names paths and codes, never values."""

    def __init__(self, detail: str):
        super().__init__(detail)
        self.detail = detail


class NotPublished(ConnectionError):  # noqa: N818  says what it is
    """Kafka has not acknowledged these events; they may have arrived all the same.

    Give them to `Publisher.publish` again: they keep their ids, so readers take each once.
    """

    def __init__(self, reason: str, envelopes: Sequence[Envelope[Event]] = ()):
        super().__init__(f"{reason}: {len(envelopes)} events not acknowledged")
        self.reason = reason
        self.envelopes = tuple(envelopes)


class Publisher:
    """One idempotent producer that waits for all in-sync replicas (`acks=all`).

    Args:
        bootstrap_servers: `host:port`, several with commas between.
        source: Who publishes, as a URI reference such as `/lms/acme`.
        topic_prefix: Stands before every topic's name.
        security: `sasl_ssl` is TLS with SCRAM-SHA-512; it needs `username` and `password`.
        username: For `sasl_ssl`.
        password: For `sasl_ssl`.
        ca_file: Certificates to trust instead of the system's.
        timeout_seconds: How long an event may wait for its acknowledgement.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        source: str,
        topic_prefix: str = "",
        security: Literal["plaintext", "sasl_ssl"] = "plaintext",
        username: str | None = None,
        password: str | None = None,
        ca_file: Path | str | None = None,
        timeout_seconds: float = 30,
    ):
        self._source = source
        self._prefix = topic_prefix
        self._timeout_seconds = timeout_seconds
        self._options: dict[str, Any] = {
            "bootstrap_servers": bootstrap_servers.split(","),
            "client_id": "learnwire-publisher",
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": 5,
            "request_timeout_ms": int(timeout_seconds * 1000),
        }
        if security == "sasl_ssl":
            self._options |= {
                "security_protocol": "SASL_SSL",
                "ssl_context": ssl.create_default_context(cafile=None if ca_file is None else str(ca_file)),
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": username,
                "sasl_plain_password": password,
            }
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._started()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._producer is not None:
            await self._drop(self._producer)

    async def send(
        self,
        data: E,
        *,
        id: str | None = None,  # noqa: A002  CloudEvents calls it so
        time: datetime | None = None,
        correlationid: str | None = None,
        causationid: str | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
    ) -> tuple[Envelope[E], ...]:
        """Publish one event and wait for its acknowledgement.

        Answers with what was sent: one envelope, or several of a report of rows that was too large for one.

        Raises:
            BadEvent: It breaks its contract; nothing was sent.
            NotPublished: Kafka did not acknowledge it in time.
        """
        trace = (traceparent, tracestate) if traceparent else _current_trace()
        parts = _split(
            _envelope(
                data,
                source=self._source,
                id=id,
                time=time,
                correlationid=correlationid,
                causationid=causationid,
                traceparent=trace[0],
                tracestate=trace[1],
            )
        )
        await self._deliver(parts)
        return tuple(envelope for envelope, _ in parts)

    async def send_all(self, events: Iterable[Event]) -> tuple[Envelope[Event], ...]:
        """Publish many events, a few thousand at most at a time, and wait until all are acknowledged.

        Raises:
            BadEvent: One of them breaks its contract; none was sent.
            NotPublished: Kafka did not acknowledge those named in it.
        """
        trace = _current_trace()
        return await self.publish(
            [_envelope(each, source=self._source, traceparent=trace[0], tracestate=trace[1]) for each in events]
        )

    async def publish(self, envelopes: Iterable[Envelope[Event]]) -> tuple[Envelope[Event], ...]:
        """Publish events that have their envelopes already, as they are.

        Raises:
            BadEvent: One of them breaks its contract; none was sent.
            NotPublished: Kafka did not acknowledge those named in it.
        """
        parts = [part for each in envelopes for part in _split(replace(each, data=_checked(each.data)))]
        await self._deliver(parts)
        return tuple(envelope for envelope, _ in parts)

    async def _deliver(self, parts: Sequence[tuple[Envelope[Event], Record]]) -> None:
        producer = await self._started()
        sent: list[asyncio.Future[Any]] = []
        reason = "timeout"
        try:
            async with asyncio.timeout(self._timeout_seconds):
                for _, record in parts:
                    topic = self._prefix + record.topic
                    sent.append(await producer.send(topic, record.value, key=record.key, headers=record.headers))
                await asyncio.gather(*map(asyncio.shield, sent), return_exceptions=True)
        except (KafkaError, OSError, TimeoutError) as error:
            reason = type(error).__name__
        missing = [envelope for at, (envelope, _) in enumerate(parts) if not (at < len(sent) and _succeeded(sent[at]))]
        if missing:
            # An idempotent producer that failed once may never work again: its sequence has a gap.
            await self._drop(producer)
            raise NotPublished(next(filter(None, map(_failure, sent)), reason), missing)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._options)
                try:
                    await asyncio.wait_for(producer.start(), self._timeout_seconds)
                except (KafkaError, OSError, TimeoutError) as error:
                    await _stop(producer)
                    raise NotPublished(type(error).__name__) from error
                self._producer = producer
            return self._producer

    async def _drop(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
        await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, OSError, TimeoutError):
        await asyncio.wait_for(producer.stop(), 5)


def _succeeded(future: asyncio.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _failure(future: asyncio.Future[Any]) -> str | None:
    error = future.exception() if future.done() and not future.cancelled() else None
    return None if error is None else type(error).__name__


def _envelope(data: E, **attributes: Any) -> Envelope[E]:
    checked = _checked(data)
    try:
        return Envelope.of(checked, **attributes)
    except ValidationError as error:
        raise BadEvent(say(error)) from None


def _checked(data: E) -> E:
    """The data validated again: `model_construct` and `model_copy` make models that nobody has looked at."""
    try:
        return type(data).model_validate_json(data.model_dump_json(exclude_none=True, warnings="none"))
    except ValidationError as error:
        raise BadEvent(say(error, under="data")) from None
    except PydanticSerializationError:
        raise BadEvent("data: not_serializable") from None


def _split(envelope: Envelope[E]) -> Sequence[tuple[Envelope[E], Record]]:
    """The envelope and its record; halves of halves when too many rows are reported at once."""
    try:
        return [(envelope, encode(envelope))]
    except TooLarge:
        data = envelope.data
        if not isinstance(data, BulkActionRowsReported) or len(data.rows) == 1:
            raise BadEvent("value: too_large") from None
    middle = len(data.rows) // 2
    return [
        part
        for at, rows in enumerate((data.rows[:middle], data.rows[middle:]))
        for part in _split(
            replace(
                envelope,
                id=str(uuid5(_SPLIT, f"{envelope.source}\n{envelope.id}\n{at}")),
                data=data.model_copy(update={"rows": rows}),
            )
        )
    ]


def _current_trace() -> tuple[str, str | None]:
    """The trace that the program is in, if it uses OpenTelemetry; else a new one."""
    propagate: Any = sys.modules.get("opentelemetry.propagate")
    if propagate is not None:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        if "traceparent" in carrier:
            return carrier["traceparent"], carrier.get("tracestate")
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01", None
