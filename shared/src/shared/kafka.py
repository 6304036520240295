"""Kafka: how to connect, how to send, and what the client's errors mean."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from contracts.envelope import Envelope
from contracts.wire import Record, encode
from shared import failpoints
from shared.failures import Unavailable
from shared.settings import KafkaSettings, read_secret

SEND_TIMEOUT_MS = 15_000
MOST_BYTES = 2 * 1024 * 1024 + 65_536
"""A dead letter keeps an over-size value and adds headers."""
MOST_BATCH_BYTES = 131_072
"""A partition's records of one request: aiokafka's 16 KiB hold nine of our events, and a request costs more than they."""
NOTHING = object()
"""Stands for a null value: aiokafka refuses to send a record with neither key nor value, but others may have sent one
to us, and it must go to dead letters as it came."""


def tls(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return the TLS context that the settings ask for."""
    if settings.kafka_security == "plaintext":
        return None
    return ssl.create_default_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every aiokafka client of ours is made with."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "client_id": "learnwire",
    }
    if settings.kafka_security == "sasl_ssl":
        options |= {
            "security_protocol": "SASL_SSL",
            "ssl_context": tls(settings),
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": password(settings),
        }
    return options


def password(settings: KafkaSettings) -> str:
    """Return Kafka's password, empty where none is set."""
    return read_secret(settings.kafka_password_file) if settings.kafka_password_file else ""


def as_unavailable(error: BaseException) -> Unavailable | None:
    """Return what the client's error means if waiting may help, else None."""
    match error:
        case Unavailable():
            return error
        case MessageSizeTooLargeError():
            return None
        case KafkaError() | OSError():
            return Unavailable("kafka", type(error).__name__)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record to send as it is; `topic` without the prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Sender:
    """One idempotent producer (`acks=all`), started when first needed and made anew after a failure."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._options = client_options(settings)
        self._prefix = settings.kafka_topic_prefix
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(self, envelopes: Sequence[Envelope[Any]]) -> None:
        """Publish events; returns when Kafka has acknowledged all of them. Raises `Unavailable`."""
        await self.send_encoded([encode(each) for each in envelopes])

    async def send_encoded(self, records: Sequence[Record]) -> None:
        """As `send`, where they are records already. Raises `Unavailable`."""
        await self.send_records([RawRecord(each.topic, each.key, each.value, each.headers) for each in records])

    async def send_records(self, records: Sequence[RawRecord]) -> None:
        """Publish records as they are, apart from the topic prefix. Raises `Unavailable`."""
        topics = sorted({each.topic for each in records}) if failpoints.ARMED is not None else ()
        for each in topics:
            failpoints.reach(f"kafka send {each} before")
        await self.send_exactly(
            [RawRecord(self._prefix + each.topic, each.key, each.value, each.headers) for each in records]
        )
        for each in topics:
            failpoints.reach(f"kafka send {each} after")

    async def send_exactly(self, records: Sequence[RawRecord]) -> None:
        """Publish records as they are, to the topics as they are named. Raises `Unavailable`."""
        if not records:
            return
        producer = await self._started()
        try:
            async with asyncio.timeout(2 * SEND_TIMEOUT_MS / 1000):
                acknowledged = [
                    await producer.send(each.topic, _given(each), key=each.key, headers=each.headers)
                    for each in records
                ]
                await asyncio.gather(*acknowledged)
        except (KafkaError, OSError, TimeoutError) as error:
            await self._drop(producer)
            if isinstance(error, MessageSizeTooLargeError):
                raise
            raise Unavailable("kafka", type(error).__name__) from error

    async def reach(self) -> None:
        """Connect, where it is not connected yet. Raises `Unavailable`."""
        await self._started()

    async def close(self) -> None:
        """Send what is left and disconnect."""
        async with self._lock:
            if self._producer is not None:
                with suppress(KafkaError, OSError, TimeoutError):
                    await asyncio.wait_for(self._producer.stop(), 5)
            self._producer = None

    async def _started(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._options,
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=5,
                    max_batch_size=MOST_BATCH_BYTES,
                    request_timeout_ms=SEND_TIMEOUT_MS,
                    max_request_size=MOST_BYTES,
                    value_serializer=_as_bytes,
                )
                try:
                    await asyncio.wait_for(producer.start(), 10)
                except (KafkaError, OSError, TimeoutError) as error:
                    await _stop_quietly(producer)
                    raise Unavailable("kafka", type(error).__name__) from error
                except asyncio.CancelledError:
                    await _stop_quietly(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _drop(self, producer: AIOKafkaProducer) -> None:
        # An idempotent producer that failed once may never work again (its sequence has a gap).
        async with self._lock:
            if self._producer is producer:
                self._producer = None
        await _stop_quietly(producer)


def _given(record: RawRecord) -> Any:
    return NOTHING if record.value is None else record.value


def _as_bytes(value: Any) -> bytes | None:
    return None if value is NOTHING else value


async def _stop_quietly(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, OSError, TimeoutError):
        await asyncio.wait_for(producer.stop(), 5)
