"""The log proves itself on the command line: intact, tampered with, out of reach."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.journeys.test_action_logger import an_action
from tests.world import SCRIPTS, Process, World, eventually


async def test_an_operator_verifies_the_log(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        service = world.service("action-logger")
        await world.ready(service)
        await world.publish(*(an_action(number) for number in range(5)))
        seals = await eventually(lambda: _sealed(service), "the rows to be sealed", seconds=120)

        name = f"{seals[-1]['seal']}:{seals[-1]['hmac']}"
        # One seal for all, unless its moment came between two of them.
        of_each_row = [each["seal"] for each in seals for _ in range(each["rows"])]
        intact = _run(service, "verify", "--expect", name)
        assert (intact.returncode, intact.stdout.splitlines()) == (0, [f"sealed {name} rows 5 unsealed 0"])

        with MongoClient[dict[str, Any]](mongo_uri) as client:
            log = client[world.database_of("action-logger")]["log"]
            log.update_one({"_id": "/lms/acme\ne3"}, {"$set": {"content_title": "Another"}})
        tampered = _run(service, "verify")
        assert (tampered.returncode, tampered.stdout.splitlines()) == (
            1,
            [f"row e3 of /lms/acme was changed (seal {of_each_row[3]})", f"sealed {name} rows 5 unsealed 0"],
        )

        service.environment["LEARNWIRE_MONGO_URI"] = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500"
        out_of_reach = _run(service, "verify")
        assert (out_of_reach.returncode, out_of_reach.stdout) == (2, "")
        assert out_of_reach.stderr.startswith("could not tell: ")


async def _sealed(service: Process) -> list[dict[str, Any]]:
    seals = [line for line in service.log() if line["event"] == "log.sealed"]
    return seals if sum(each["rows"] for each in seals) == 5 else []


def _run(service: Process, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(SCRIPTS / service.name), *arguments]
    return subprocess.run(command, env=service.environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.long
async def test_another_key_file_is_refused_by_the_service_and_named_by_verify(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        service = world.service("action-logger")
        await world.ready(service)
        await world.publish(an_action(1))
        await eventually(lambda: _written(service), "the row")
        assert service.terminate() == 0

        (tmp_path / "other").write_bytes(b"k" * 32)
        service.environment["LEARNWIRE_PII_KEY_FILE"] = str(tmp_path / "other")
        refused = _run(service)
        assert refused.returncode == 78
        assert "LEARNWIRE_PII_KEY_FILE: not the key that this database was written with" in refused.stderr
        untold = _run(service, "verify")
        assert (untold.returncode, untold.stdout) == (2, "")
        assert "LEARNWIRE_PII_KEY_FILE" in untold.stderr


async def _written(service: Process) -> list[dict[str, Any]]:
    return [line for line in service.log() if line["event"] == "batch.handled" and line["handled"]]
