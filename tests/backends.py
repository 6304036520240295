"""Which Kafka and MongoDB the tests run on: given addresses, containers, or the local runtime."""

import asyncio
import gc
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

import docker
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from learnwire_local import StartError, free_port
from learnwire_local.both import start_both
from learnwire_local.kafka import brokers
from learnwire_local.mongo import is_primary

KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.1.0")
MONGO_IMAGE = os.environ.get("MONGO_IMAGE", "mongo:8.0")
KAFKA_SETTINGS = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_NUM_PARTITIONS": "6",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "8",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "8",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
    "KAFKA_HEAP_OPTS": "-Xmx512m",
}
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Choice:
    """Which back-end, and why."""

    kind: Literal["given", "containers", "local"]
    why: str


@dataclass(frozen=True, slots=True)
class Addresses:
    kafka: str
    mongo: str


def choose() -> Choice:
    """Decide without starting anything; takes milliseconds, three seconds at worst."""
    if os.environ.get("LEARNWIRE_TEST_KAFKA") and os.environ.get("LEARNWIRE_TEST_MONGO"):
        return Choice("given", "addresses from LEARNWIRE_TEST_KAFKA and LEARNWIRE_TEST_MONGO")
    if os.environ.get("LEARNWIRE_TEST_BACKEND") == "local":
        return Choice("local", "local runtime, as LEARNWIRE_TEST_BACKEND says")
    images = [KAFKA_IMAGE, MONGO_IMAGE]
    if not testcontainers_config.ryuk_disabled:
        images.append(testcontainers_config.ryuk_image)
    client = _engine()
    if client is None:
        return Choice("local", "local runtime (no container engine answers)")
    try:
        lacking = [image for image in images if not _at_hand(client, image)]
    finally:
        client.close()
    if lacking:
        return Choice("local", f"local runtime (an engine answers, but {', '.join(lacking)} cannot be had)")
    return Choice("containers", f"testcontainers with {KAFKA_IMAGE} and {MONGO_IMAGE}")


def _engine() -> docker.DockerClient | None:
    try:
        return docker.from_env(timeout=3)
    except DockerException:
        pass
    # docker's client leaves the socket that could not connect to the collector: have it collected here, not in a
    # test, where its warning would be that test's error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return None


def start(choice: Choice, stack: ExitStack) -> Addresses:
    """Start what was chosen; the stack ends it."""
    if choice.kind == "given":
        return Addresses(os.environ["LEARNWIRE_TEST_KAFKA"], os.environ["LEARNWIRE_TEST_MONGO"])
    if choice.kind == "containers":
        with ThreadPoolExecutor(2) as pool:
            kafka, mongo = pool.submit(_kafka_container, stack), pool.submit(_mongo_container, stack)
        addresses = Addresses(kafka.result(), mongo.result())
    else:
        local_kafka, local_mongo = start_both(None)
        stack.enter_context(local_kafka)
        stack.enter_context(local_mongo)
        addresses = Addresses(local_kafka.bootstrap, local_mongo.uri)
    _wait(lambda: asyncio.run(_has_coordinator(addresses.kafka)), "Kafka's coordinator of groups")
    return addresses


async def _has_coordinator(kafka: str) -> bool:
    """Whether groups can be asked for: a new broker makes their topic when the first one is, and refuses until then."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.list_consumer_group_offsets("nobody")
    except KafkaError as error:
        if not error.retriable:
            raise
        return False
    finally:
        await admin.close()
    return True


def _at_hand(client: "docker.DockerClient", image: str) -> bool:
    """Here already, or named by a registry that answers at once (testcontainers pulls it then)."""
    with suppress(ImageNotFound):
        client.images.get(image)
        return True
    with suppress(DockerException, OSError):
        client.images.get_registry_data(image)
        return True
    return False


def _kafka_container(stack: ExitStack) -> str:
    port = free_port()  # clients connect to the address that the broker advertises, so it is fixed beforehand
    container: Any = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port).with_envs(**KAFKA_SETTINGS)
    host: str = container.get_docker_client().host()
    container.with_env("KAFKA_LISTENERS", f"PLAINTEXT://:{port},CONTROLLER://:9093")
    container.with_env("KAFKA_ADVERTISED_LISTENERS", f"PLAINTEXT://{host}:{port}")
    stack.enter_context(container)
    _wait(lambda: brokers(port, host) > 0, KAFKA_IMAGE)
    return f"{host}:{port}"


def _mongo_container(stack: ExitStack) -> str:
    port = free_port()  # the same inside and outside: the member finds itself by the address that clients use
    command = f"mongod --replSet rs0 --bind_ip_all --port {port} --wiredTigerCacheSizeGB 0.5"
    container: Any = DockerContainer(MONGO_IMAGE).with_bind_ports(port, port).with_command(command)
    host: str = container.get_docker_client().host()
    stack.enter_context(container)
    _wait(lambda: is_primary(port, host), MONGO_IMAGE)
    return f"mongodb://{host}:{port}/?replicaSet=rs0"


def _wait(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise StartError(f"{what} did not answer within {START_SECONDS} s")
        time.sleep(0.1)
