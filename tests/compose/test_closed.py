"""docker-compose.yml as a platform team runs it, and what it refuses; skipped, with the reason, where no engine is."""

import asyncio
import json
import os
import subprocess
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.catalog import DEAD_LETTERS, SERVICES, TOPICS, dead_letters
from contracts.types import instant_text
from tests.compose.stack import ROOT, Stack, why_not
from tests.world import eventually

WHEN = "2026-11-20T08:00:00Z"
PROBE = Path(__file__).with_name("probe.py")
EVENT_TOPICS = [each.name for each in TOPICS]
ALL_TOPICS = [*EVENT_TOPICS, *(each.name for each in DEAD_LETTERS)]
ONLY_A_SERVICE_WRITES = {"learnwire.attempts.v1", "learnwire.bulk-statuses.v1"}
RUNNING = {"kafka", "mongo", "door", *SERVICES}

pytestmark = [pytest.mark.engine, pytest.mark.long]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    if (reason := why_not()) is not None:
        pytest.skip(f"compose: {reason}")
    stack = Stack("docker-compose.yml", secrets_folder=tmp_path_factory.mktemp("installation") / "secrets")
    try:
        stack.init()
        built = stack.compose("build", "-q")
        assert built.returncode == 0, built.stderr[-3000:]
        stack.up()
        yield stack
    finally:
        stack.compose("down", "-v", "--timeout", "5")


async def test_the_demos_events_go_through_tls_and_rights_and_are_seen_in_http(stack: Stack) -> None:
    logged = await eventually(
        lambda: stack.get("action-logger", "/v1/content-actions", roles=["analyst"]),
        "the row and its Go1 twin",
        until=lambda answer: answer.status_code == 200 and len(answer.json()["items"]) == 2,
    )
    assert {each["email"] for each in logged.json()["items"]} == {"ada@acme.example"}
    attempts = await stack.get("go1-stats-processor", "/v1/attempts", roles=["analyst"])
    assert [each["status"] for each in attempts.json()["items"]] == ["in_progress"]
    actions = await eventually(
        lambda: stack.get("bulk-tracker", "/v1/actions", roles=["admin"], portal_id="acme", sub="u-1"),
        "the action",
        until=lambda answer: [each["status"] for each in answer.json()["items"]] == ["completed_with_errors"],
    )
    assert actions.status_code == 200
    ready = await eventually(
        lambda: stack.get("salesforce-syncer", "/readyz"), "the org", until=lambda answer: answer.status_code == 200
    )
    assert ready.json() == {"ready": True, "reasons": []}


async def test_an_erasure_works_and_the_log_verifies_under_the_least_rights(stack: Stack, tmp_path: Path) -> None:
    now = instant_text(datetime.now(UTC))
    erased = {"portal_id": "acme", "learner_id": "l-17", "email": "ada@acme.example", "erased_at": now}
    event = {"id": "erasure-1", "source": "/lms/acme", "time": now, "specversion": "1.0"}
    stack.publish([{**event, "type": "learnwire.learner.erased.v1", "data": erased}], tmp_path)
    rows = await eventually(
        lambda: stack.get("action-logger", "/v1/content-actions", roles=["operator"]),
        "the address to be gone",
        until=lambda answer: {each["email"] for each in answer.json()["items"]} == {"erased"},
    )
    assert len(rows.json()["items"]) == 2
    verified = stack.compose("exec", "-T", "action-logger", "action-logger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_nobody_gets_further_than_the_catalogue_says(stack: Stack) -> None:
    assert stack.folder is not None
    mounts = {
        PROBE: "/probe.py",
        stack.folder / "kafka": "/run/kafka-users",
        stack.folder / "mongo": "/run/mongo-users",
    }
    found: dict[str, Any] = json.loads(stack.once("python3", "/probe.py", mounts=mounts))
    assert found["denied"] == {
        "kafka without tls": True,
        "kafka without a user": True,
        "kafka with a wrong password": True,
        "kafka with another's password": True,
        "kafka with a certificate that the CA did not sign": True,
        "the loopback listener from another container": True,
        "mongo without tls": "ServerSelectionTimeoutError",
        "mongo without a user": 13,
        "mongo with a wrong password": 18,
    }
    assert found["kafka"] == {
        **{service: expected_of(service) for service in SERVICES},
        "operator": {"reads": ALL_TOPICS, "writes": EVENT_TOPICS, "groups": []},
        "publisher-lms": {
            "reads": [],
            "writes": [each for each in EVENT_TOPICS if each not in ONLY_A_SERVICE_WRITES],
            "groups": [],
        },
    }
    readers_and_writers = {
        each: {"writes": [each.replace("-", "_")], "codes": ["13", "done"]}
        for each in SERVICES
        if each != "action-logger"
    }
    nothing_of_its_own = {"writes": [], "codes": ["13"]}
    assert found["mongo"] == {
        **readers_and_writers,
        **dict.fromkeys(("action-logger", "action-logger-pruner", "operator"), nothing_of_its_own),
        "root": {"writes": [each.replace("-", "_") for each in SERVICES], "codes": ["done"]},
    }
    assert found["log"] == {
        "read": "done",
        **dict.fromkeys(("update", "replace", "delete", "drop", "update a seal", "delete a seal"), 13),
    }


def expected_of(service: str) -> dict[str, list[str]]:
    """By the catalogue, worked out here once more."""
    logger = service == "action-logger"
    reads = {*SERVICES[service].topics, *([dead_letters(service)] if logger else [])}
    writes = {*SERVICES[service].writes, dead_letters(service)}
    return {
        "reads": [each for each in ALL_TOPICS if each in reads],
        "writes": [each for each in ALL_TOPICS if each in writes],
        "groups": [service, *(["action-logger.publishers"] if logger else [])],
    }


def test_containers_have_no_more_than_they_need(stack: Stack) -> None:
    for each in stack.containers():
        name, config, host = each["Name"], each["Config"], each["HostConfig"]
        assert config["User"].partition(":")[0] not in {"", "0", "root"}, name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}, name
        assert not host["Privileged"], name


def test_only_the_doors_http_ports_are_open_and_only_on_loopback(stack: Stack) -> None:
    published: set[tuple[str, str]] = set()
    for each in stack.containers():
        opened: dict[str, list[dict[str, str]] | None] = each["NetworkSettings"]["Ports"] or {}
        service = each["Config"]["Labels"]["com.docker.compose.service"]
        published |= {(service, port["HostIp"]) for ports in opened.values() for port in ports or ()}
    assert published == {("door", "127.0.0.1")}


def test_no_secret_stands_in_settings_or_logs(stack: Stack) -> None:
    assert stack.folder is not None
    said = json.dumps(stack.containers()) + stack.compose("logs", "--no-color").stdout
    files = [each for each in stack.folder.rglob("*") if each.suffix in {".password", ".secret", ".keyfile"}]
    assert len(files) > 10
    assert [each.name for each in files if each.read_text() in said] == []
    assert "PRIVATE KEY" not in said


async def test_three_replicas_share_the_work_behind_one_port(stack: Stack, tmp_path: Path) -> None:
    await asyncio.to_thread(stack.up, "--no-recreate", "--scale", "action-logger=3")
    replicas = [each["Health"] for each in stack.states() if each["Service"] == "action-logger"]
    assert replicas == ["healthy"] * 3
    data = {
        "content_type": "course",
        "content_title": "Safety",
        "type": "enrollment",
        "source": "public",
        "timestamp": WHEN,
    }
    event = {"specversion": "1.0", "source": "/lms/acme", "type": "learnwire.content-action.recorded.v1", "time": WHEN}
    events = [{**event, "id": f"many-{n}", "data": {**data, "email": f"p{n}@many.example"}} for n in range(60)]
    await asyncio.to_thread(stack.publish, events, tmp_path)
    await eventually(
        lambda: stack.get("action-logger", "/v1/content-actions?limit=200", roles=["operator"]),
        "all rows",
        until=lambda answer: sum("many.example" in each["email"] for each in answer.json()["items"]) == 60,
    )


async def test_databases_are_copied_and_put_back_as_the_page_says(stack: Stack, tmp_path: Path) -> None:
    names = [each.replace("-", "_") for each in SERVICES]
    stack.environment |= {"BACKUP": str(tmp_path), "COPY_USER": f"{os.getuid()}:{os.getgid()}"}
    before = await rows(stack)
    await asyncio.to_thread(copied, stack, "dump", names)
    await asyncio.to_thread(stack.compose, "stop", *SERVICES)
    await asyncio.to_thread(copied, stack, "restore", names)
    for service in SERVICES:
        rewound = await asyncio.to_thread(rewind, stack, service)
        assert rewound.returncode == 0, rewound.stdout + rewound.stderr
    await asyncio.to_thread(stack.up, "--no-recreate")
    assert await rows(stack) == before
    verified = await asyncio.to_thread(stack.compose, "exec", "-T", "action-logger", "action-logger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def rows(stack: Stack) -> list[str]:
    answer = await stack.get("action-logger", "/v1/content-actions?limit=200", roles=["operator"])
    return [each["event"]["id"] for each in answer.json()["items"]]


def copied(stack: Stack, what: str, names: list[str]) -> None:
    done = stack.compose("run", "--rm", "-T", "copy", what, "@/run/secrets/mongo.uri", "/backup/now", *names)
    assert done.returncode == 0, done.stdout + done.stderr


def rewind(stack: Stack, service: str) -> "subprocess.CompletedProcess[str]":
    tool = ["/opt/kafka/bin/kafka-consumer-groups.sh", "--bootstrap-server", "127.0.0.1:9094", "--group", service]
    moment = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000")
    return stack.compose(
        "exec", "-T", "kafka", *tool, "--all-topics", "--reset-offsets", "--to-datetime", moment, "--execute"
    )


def test_passwords_are_exchanged_while_it_runs(stack: Stack) -> None:
    orders: list[str] = []
    for name in ("mongo/root.password", "mongo/bulk-tracker.password", "kafka/bulk-tracker.password", "jwt.secret"):
        before = stack.secret(name)
        orders += stack.init("--rotate", name).splitlines()[1:]
        assert stack.secret(name) != before
    ups = "docker compose up -d --wait --force-recreate --no-deps "
    assert [each.strip() for each in orders] == [
        "docker compose run --rm mongo-init",
        "docker compose run --rm mongo-init",
        f"{ups}bulk-tracker",
        "docker compose run --rm kafka-init",
        f"{ups}bulk-tracker",
        f"{ups}{' '.join(SERVICES)}",
    ]
    for once in ("mongo-init", "kafka-init"):
        done = stack.compose("run", "--rm", "-T", once)
        assert done.returncode == 0, done.stdout + done.stderr
    stack.up("--force-recreate", "--no-deps", *SERVICES)


def test_services_stop_with_zero(stack: Stack) -> None:
    stack.compose("stop", *SERVICES)
    codes = {each["ExitCode"] for each in stack.states() if each["Service"] in SERVICES}
    assert codes == {0}


def test_every_file_is_clean_for_docker_compose() -> None:
    if (reason := why_not()) is not None:
        pytest.skip(f"compose: {reason}")
    for files in (
        ["docker-compose.yml"],
        ["docker-compose.dev.yml"],
        ["docker-compose.yml", "ops/compose/kafka-port.yml"],
    ):
        named = [part for each in files for part in ("-f", each)]
        done = subprocess.run(
            ["docker", "compose", *named, "--profile", "*", "config", "-q"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
