"""Programs end with the process that started them, however it ends, and servers keep their data over a crash."""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient

from learnwire_local import StartError, free_port, spawn, start_kafka, start_mongo
from learnwire_local.servers import missing

BIN = Path(sys.executable).parent
OWNER = """
import signal, sys, time
# A test run in the background has SIGINT ignored, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from pathlib import Path
from learnwire_local import spawn
program = spawn("sleep", ["sleep", "600"], Path(sys.argv[1]) / "log", remove=Path(sys.argv[1]) / "data")
print(program.pid, program.keeper.pid, flush=True)
{then}
"""


def owner(directory: Path, then: str) -> "subprocess.Popen[str]":
    (directory / "data").mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", OWNER.format(then=then), directory], stdout=subprocess.PIPE, text=True
    )


def ends(*pids: int, seconds: float = 60) -> bool:
    """Whether these processes end in time."""
    for pid in pids:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ready, _, _ = select.select([process], [], [], seconds)
        os.close(process)
        if not ready:
            return False
    return True


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_program_ends_with_its_owner_whatever_ends_it(tmp_path: Path, end: signal.Signals) -> None:
    with owner(tmp_path, "time.sleep(600)") as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        process.send_signal(end)

    assert ends(*pids)
    assert not (tmp_path / "data").exists()


def test_a_program_ends_when_its_owner_returns(tmp_path: Path) -> None:
    with owner(tmp_path, "") as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]

    assert ends(*pids)


def test_a_program_ends_with_its_owner_although_a_fork_of_it_lives_on(tmp_path: Path) -> None:
    then = "import os, signal; pid = os.fork(); pid and print(pid, flush=True); time.sleep(60) if not pid else signal.pause()"
    with owner(tmp_path, then) as process:
        assert process.stdout
        pids = [int(word) for word in process.stdout.readline().split()]
        fork = int(process.stdout.readline())
        process.kill()
        gone = ends(*pids)
        os.kill(fork, signal.SIGKILL)

    assert gone


def test_a_program_ends_with_its_keeper(tmp_path: Path) -> None:
    process = spawn("sleep", ["sleep", "600"], tmp_path / "log")

    os.kill(process.keeper.pid, signal.SIGKILL)

    assert ends(process.pid)
    process.wait(60)


def test_a_program_that_was_stopped_tells_its_exit_code(tmp_path: Path) -> None:
    told = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print('up', flush=True); signal.pause()"
    process = spawn("polite", [sys.executable, "-c", told], tmp_path / "log")
    while "up" not in process.log.read_text():
        assert process.alive

    assert process.stop(60) == 7


def test_a_program_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    told = "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    process = spawn("stubborn", [sys.executable, "-c", told], tmp_path / "log")
    while "up" not in process.log.read_text():
        assert process.alive

    assert process.stop(0.2) == 128 + signal.SIGKILL


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="nothing-like-this"):
        spawn("nothing", ["/nothing-like-this"], tmp_path / "log")


def test_a_port_that_nobody_listens_on_yet_is_given_to_nobody_else() -> None:
    chance = random.getstate()
    random.seed(7)
    ports = [free_port()]
    random.seed(7)
    ports.append(free_port())
    random.setstate(chance)
    code = "import random; from learnwire_local import free_port; random.seed(7); print(free_port())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert len({*ports, int(other.stdout)}) == 3


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file",
            "apt-get install libcurl4",
        ),
        (
            "mongod: error while loading shared libraries: libssl.so.3: cannot open shared object file",
            "apt-get install libssl3",
        ),
        ("mongod: /lib/libc.so.6: version `GLIBC_2.34' not found", "Debian 12, Ubuntu 22.04"),
    ],
)
def test_what_is_missing_is_named_with_what_installs_it(line: str, command: str) -> None:
    assert command in missing(line)


async def test_kafka_keeps_its_port_and_records_over_a_crash(tmp_path: Path) -> None:
    with start_kafka(tmp_path) as kafka:
        before = (kafka.pid, kafka.bootstrap)
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("letters", 1, 1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True) as producer:
            for number in range(3):
                await producer.send_and_wait("letters", b"%d" % number)

        kafka.kill()
        kafka.restart()

        consumer = AIOKafkaConsumer("letters", bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
        async with consumer:
            found: list[bytes | None] = [(await consumer.getone()).value for _ in range(3)]
        assert found == [b"0", b"1", b"2"]
        assert (kafka.pid != before[0], kafka.bootstrap) == (True, before[1])


def test_mongodb_keeps_its_port_and_documents_over_a_crash(tmp_path: Path) -> None:
    with start_mongo(tmp_path) as mongo:
        before = (mongo.pid, mongo.uri)
        client: MongoClient[dict[str, Any]] = MongoClient(mongo.uri, w="majority")
        with client:
            things = client["demo"]["things"]
            things.insert_many([{"_id": number} for number in range(3)])

            mongo.kill()
            mongo.restart()

            assert things.count_documents({}) == 3
        assert (mongo.pid != before[0], mongo.uri) == (True, before[1])


def test_both_start_without_a_network_and_end_with_a_killed_owner(kafka: str, tmp_path: Path) -> None:
    """`kafka`: the jars are in the cache by now. A network namespace of its own is the surest denial."""
    namespace = ["unshare", "--user", "--map-root-user", "--net"]
    if shutil.which("ip") is None or subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespaces here (unshare)")
    command = [
        *namespace,
        "sh",
        "-c",
        'ip link set lo up && exec "$@"',
        "sh",
        str(BIN / "learnwire-local"),
        "up",
        "--json",
    ]
    with subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        process.kill()

    assert kafka
    assert ends(*json.loads(line)["pids"])
