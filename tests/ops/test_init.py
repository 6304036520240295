"""`make init`, and the rights on Kafka, without an engine."""

import contextlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.catalog import ATTEMPTS, BULK_ACTIONS, BULK_STATUSES, DEAD_LETTERS, LEARNERS, SERVICES, TOPICS

COMPOSE = Path(__file__).parents[2] / "ops/compose"


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = loaded  # dataclasses look their module up
    spec.loader.exec_module(loaded)
    return loaded


def rights_of_kafka() -> Any:
    return module(COMPOSE / "kafka/rights.py")


def init(folder: Path, *arguments: str) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        module(COMPOSE / "make_secrets.py").main(["--folder", str(folder), *arguments])
    return said.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_everything_is_made_once_and_says_what_it_made(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    said = init(folder)
    made = contents(folder)
    assert all(f"made {folder / name}\n" in said for name in made)
    assert "0 made" in init(folder)
    assert contents(folder) == made
    (folder / "jwt.secret").unlink()
    assert "1 made" in init(folder)
    assert contents(folder).keys() == made.keys()
    assert contents(folder)["jwt.secret"] != made["jwt.secret"]


def test_nothing_is_the_same_in_two_installations(tmp_path: Path) -> None:
    init(tmp_path / "a")
    init(tmp_path / "b")
    one, other = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert {name for name in one if one[name] == other[name]} == {"mongo/root.previous"}
    passwords = [content for name, content in one.items() if name.endswith((".password", ".secret"))]
    assert len(set(passwords)) == len(passwords)
    assert min(map(len, passwords)) == 64
    assert len(one["pii.key"]) == 32


def test_the_folder_is_closed_and_the_cas_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    init(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "ca.key").stat().st_mode & 0o777 == 0o400


def test_certificates_are_of_our_ca_and_name_kafka_as_publishers_know_it(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    init(folder, "--host", "kafka.acme.example")
    for name in ("kafka", "mongo"):
        for purpose in ("sslserver", "sslclient"):
            verify = ["openssl", "verify", "-purpose", purpose, "-CAfile", folder / "ca.crt", folder / f"{name}.pem"]
            subprocess.run(verify, check=True, capture_output=True)
    shown = subprocess.run(
        ["openssl", "x509", "-in", folder / "kafka.pem", "-noout", "-ext", "subjectAltName"],
        check=True,
        capture_output=True,
        text=True,
    )
    names = "DNS:kafka, DNS:localhost, IP Address:127.0.0.1, DNS:kafka.acme.example"
    assert shown.stdout.splitlines()[1].strip() == names


def test_each_secret_can_be_exchanged_but_the_key_of_persons(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    init(folder)
    before = contents(folder)
    with pytest.raises(SystemExit, match="there are: ") as refused:
        init(folder, "--rotate", "nonsense")
    for name in str(refused.value).rpartition("there are: ")[2].split():
        init(folder, "--rotate", name)
    same = {name for name, content in contents(folder).items() if content == before[name]}
    assert same == {"pii.key"}
    assert contents(folder)["mongo/root.previous"] == before["mongo/root.password"]
    with pytest.raises(SystemExit, match="cannot exchange it"):
        init(folder, "--rotate", "pii.key")


def test_the_password_in_a_uri_is_the_users(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    init(folder)
    init(folder, "--rotate", "mongo/bulk-tracker.password")
    password = (folder / "mongo/bulk-tracker.password").read_text()
    assert (folder / "mongo/bulk-tracker.uri").read_text() == (
        f"mongodb://bulk-tracker:{password}@mongo:27017/"
        "?replicaSet=rs0&authSource=bulk_tracker&tls=true&tlsCAFile=/run/secrets/ca.crt"
    )


def test_rights_on_kafka_are_the_catalogues() -> None:
    rights = rights_of_kafka()
    found = {tuple(each) for each in rights.rights({})}
    of_services = {each for each in found if each[0] in SERVICES}
    expected: set[tuple[str, str, str, str]] = set()
    for name, service in SERVICES.items():
        expected |= {(name, "read", "topic", topic) for topic in service.topics}
        own = f"learnwire.dead-letters.{name}.v1"
        expected |= {(name, "write", "topic", topic) for topic in (*service.writes, own)}
        expected.add((name, "read", "group", name))
    beside = {("topic", "learnwire.dead-letters.action-logger.v1"), ("group", "action-logger.publishers")}
    expected |= {("action-logger", "read", *each) for each in beside}
    assert of_services == expected
    assert {each[0] for each in found - of_services} == {"operator"}


def test_a_publisher_writes_what_he_is_given_and_never_a_services_own_topic() -> None:
    rights = rights_of_kafka()

    def of(topics: Any) -> set[tuple[str, ...]]:
        return {tuple(each) for each in rights.rights({"acme": topics}) if each.principal == "publisher-acme"}

    everything = {each.name for each in TOPICS} - {ATTEMPTS, BULK_STATUSES}
    assert of("*") == {("publisher-acme", "write", "topic", each) for each in everything}
    assert of([BULK_ACTIONS]) == {("publisher-acme", "write", "topic", BULK_ACTIONS)}
    for own in (ATTEMPTS, BULK_STATUSES, DEAD_LETTERS[0].name):
        with pytest.raises(ValueError, match="not a topic that publishers may write"):
            of([LEARNERS, own])


def test_the_shared_clusters_prefix_stands_before_every_topic() -> None:
    topics = {each.name for each in rights_of_kafka().rights({}, prefix="acme.") if each.kind == "topic"}
    assert {each for each in topics if not each.startswith("acme.learnwire.")} == set()


def test_the_demos_events_are_good() -> None:
    lines = (COMPOSE / "demo.jsonl").read_text().splitlines()
    assert len({json.loads(each)["id"] for each in lines}) == len(lines)
    file = COMPOSE / "demo.jsonl"
    command = [Path(sys.executable).with_name("learnwire"), "events", "validate", file]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
