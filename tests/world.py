"""A world for journeys and chaos: services as processes, as a platform team runs them, seen from outside only."""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import jwt
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient

from contracts.catalog import DEAD_LETTERS, TOPICS
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import encode
from learnwire_local import free_port

SCRIPTS = Path(__file__).parents[1] / ".venv/bin"
ISSUER = "https://issuer.example"
WAIT_SECONDS = 60.0
"""How long is waited for what must come: beside two other test processes and all that they have started."""

T = TypeVar("T")


@dataclass
class Process:
    """One service as a process; `log()` is what it has printed so far, line by line."""

    name: str
    port: int
    environment: dict[str, str]
    log_file: Path
    popen: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where its HTTP listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it (again)."""
        with self.log_file.open("ab") as out:
            self.popen = subprocess.Popen([SCRIPTS / self.name], env=self.environment, stdout=out, stderr=out)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()

    def terminate(self, *, within_seconds: float = WAIT_SECONDS) -> int:
        """End it as an orchestrator does (SIGTERM); its exit code."""
        if self.popen is None:
            return 0
        with suppress(ProcessLookupError):
            self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(within_seconds)

    def log(self) -> list[dict[str, Any]]:
        """Its log lines; one whose end is not in the file yet is still being written."""
        lines = self.log_file.read_text(errors="replace").rpartition("\n")[0].splitlines()
        return [json.loads(each) if each.startswith("{") else {"event": "not json", "text": each} for each in lines]


@dataclass
class World:
    """Kafka and MongoDB of one test: topics under a prefix, a database for each service. Use as `async with`."""

    kafka: str
    mongo_uri: str
    prefix: str
    folder: Path
    more: Mapping[str, str] = field(default_factory=dict[str, str])
    processes: list[Process] = field(default_factory=list[Process])
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    run_id: str = field(default_factory=lambda: secrets.token_hex(4))
    _producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        (self.folder / "jwt").write_text(self.secret)
        (self.folder / "pii").write_bytes(secrets.token_bytes(32))
        await self._make_topics()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, enable_idempotence=True, linger_ms=2, max_request_size=3_000_000
        )
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._producer is not None:
            await self._producer.stop()
        for each in self.processes:
            each.kill()
        with MongoClient[dict[str, Any]](self.mongo_uri) as client:
            for name in {each.environment["LEARNWIRE_MONGO_DATABASE"] for each in self.processes}:
                client.drop_database(name)

    # services

    def environment(self, name: str, port: int) -> dict[str, str]:
        """The settings a service is started with; `more` (of the world) and what a test adds come on top."""
        return {
            "PATH": os.environ["PATH"],
            "LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "LEARNWIRE_KAFKA_TOPIC_PREFIX": self.prefix,
            "LEARNWIRE_KAFKA_GROUP_ID": f"{self.prefix}{name}",
            "LEARNWIRE_MONGO_URI": self.mongo_uri,
            "LEARNWIRE_MONGO_DATABASE": self.database_of(name),
            "LEARNWIRE_JWT_ISSUER": ISSUER,
            "LEARNWIRE_JWT_SECRET_FILE": str(self.folder / "jwt"),
            "LEARNWIRE_PII_KEY_FILE": str(self.folder / "pii"),
            "LEARNWIRE_HTTP_PORT": str(port),
            "LEARNWIRE_LOG_FORMAT": "json",
            **self.more,
        }

    def database_of(self, name: str) -> str:
        """The database of a service in this world."""
        return f"w{self.run_id}_{name.replace('-', '_')}"

    def service(self, name: str, *, database: str | None = None, group: str | None = None, **settings: str) -> Process:
        """A service as a process, started; settings as `GO1_DEFAULT_PROGRESS="50"`, without the LEARNWIRE_ in front."""
        port = free_port()
        environment = self.environment(name, port) | {f"LEARNWIRE_{key}": value for key, value in settings.items()}
        if database:
            environment["LEARNWIRE_MONGO_DATABASE"] = database
        if group:
            environment["LEARNWIRE_KAFKA_GROUP_ID"] = f"{self.prefix}{group}"
        process = Process(name, port, environment, self.folder / f"{name}-{len(self.processes)}.log")
        process.start()
        self.processes.append(process)
        return process

    async def ready(self, *processes: Process, seconds: float = WAIT_SECONDS) -> None:
        """Wait until these answer 200 on /readyz, so long for each."""
        for each in processes:
            await eventually(lambda each=each: self._is_ready(each), f"{each.name} to be ready", seconds=seconds)

    async def _is_ready(self, process: Process) -> bool:
        if process.popen is not None and process.popen.poll() is not None:
            text = process.log_file.read_text(errors="replace")[-2000:]
            raise AssertionError(f"{process.name} has ended with {process.popen.returncode}:\n{text}")
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{process.url}/readyz", timeout=5)).status_code == 200
            except httpx.HTTPError:
                return False

    # Kafka

    async def publish(self, *events: Event | Envelope[Any], source: str = "/lms/acme") -> list[Envelope[Any]]:
        """Publish events, in this order, and return them in their envelopes."""
        envelopes = [each if isinstance(each, Envelope) else Envelope.of(each, source=source) for each in events]
        for each in envelopes:
            record = encode(each)
            await self.publish_raw(record.topic, record.value, key=record.key, headers=record.headers, wait=False)
        await self.flush()
        return envelopes

    async def publish_raw(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        wait: bool = True,
    ) -> None:
        """Publish bytes as they are; `topic` without the prefix."""
        assert self._producer is not None
        sent = await self._producer.send(self.prefix + topic, value, key=key, headers=list(headers))
        if wait:
            await sent

    async def flush(self) -> None:
        """Wait until Kafka has acknowledged all that was published."""
        assert self._producer is not None
        await self._producer.flush()

    async def records(self, topic: str) -> list["ConsumerRecord[bytes | None, bytes | None]"]:
        """All records of a topic (without the prefix) that are there now."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            name = self.prefix + topic
            partitions = [
                TopicPartition(name, each)
                for each in consumer.partitions_for_topic(name) or await self._partitions(name)
            ]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[ConsumerRecord[bytes | None, bytes | None]] = []
            while any([await consumer.position(each) < end for each, end in ends.items()]):
                for some in (await consumer.getmany(timeout_ms=200)).values():
                    found += some
            return found
        finally:
            await consumer.stop()

    async def _partitions(self, name: str) -> set[int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            (described,) = await admin.describe_topics([name])
            return {each["partition"] for each in described["partitions"]}
        finally:
            await admin.close()

    async def dead_letters(self, service: str) -> list["ConsumerRecord[bytes | None, bytes | None]"]:
        """What a service has set aside."""
        return await self.records(f"learnwire.dead-letters.{service}.v1")

    async def _make_topics(self) -> None:
        topics = {
            self.prefix + each.name: NewTopic(
                name=self.prefix + each.name,
                num_partitions=each.partitions,
                replication_factor=1,
                topic_configs={"max.message.bytes": str(each.max_bytes)},
            )
            for each in (*TOPICS, *DEAD_LETTERS)
        }
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()

        async def lacking() -> list[str]:
            described = await admin.describe_topics(list(topics))
            return [each["topic"] for each in described if each["error_code"] or not each["partitions"]]

        try:
            await admin.create_topics(list(topics.values()))
            # A broker that has much to do shows a new topic a moment after it has acknowledged it.
            await eventually(lacking, "the topics to be shown", until=lambda left: not left)
        finally:
            await admin.close()

    # HTTP

    def token(self, audience: str, *roles: str, subject: str = "someone", seconds: int = 3_600, **claims: Any) -> str:
        """A bearer token; sees all portals and panoramas unless `claims` say otherwise."""
        now = int(time.time())
        base: dict[str, Any] = {"iss": ISSUER, "aud": audience, "sub": subject, "iat": now, "exp": now + seconds}
        return jwt.encode(
            base | {"roles": list(roles), "portals": "*", "panoramas": "*"} | claims, self.secret, algorithm="HS256"
        )

    async def get(self, process: Process, path: str, *, token: str, **parameters: str) -> httpx.Response:
        """GET with a bearer token."""
        async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
            return await client.get(path, params=parameters, headers={"Authorization": f"Bearer {token}"})


async def eventually(
    look: Callable[[], Awaitable[T]], what: str, *, until: Callable[[T], bool] = bool, seconds: float = WAIT_SECONDS
) -> T:
    """Look again and again (every 50 ms) until it is so, and return what was seen last; bounded.

    A look that stumbles over what is not there yet (no document, no such field, an empty list) looks again; at the
    end of the time its own error is told.
    """
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() > deadline
        try:
            found = await look()
            if until(found):
                return found
        except (TypeError, LookupError):
            if late:
                raise
            found = None
        if late:
            raise AssertionError(f"waited {seconds:.0f} s for {what}; last seen: {str(found)[:2000]}")
        await asyncio.sleep(0.05)
