"""The `learnwire` command as its users run it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.world import SCRIPTS, World

GOOD: dict[str, Any] = {
    "type": "learnwire.learner.accessed.v1",
    "id": "e1",
    "data": {"portal_id": "acme", "learner_id": "l1", "accessed_at": "2026-11-22T00:00:00Z"},
}


def learnwire(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SCRIPTS / "learnwire", *arguments],
        env={"PATH": os.environ["PATH"], "COLUMNS": "200"}
        | {f"LEARNWIRE_{key}": value for key, value in settings.items()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lines(path: Path, *items: object) -> str:
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in items))
    return str(path)


def test_topics_are_made_once_and_checked(kafka: str, topic_prefix: str) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "KAFKA_TOPIC_PREFIX": topic_prefix}
    assert learnwire("topics", "check", **settings).returncode == 1
    first = json.loads(learnwire("topics", "apply", "--json", **settings).stdout)
    again = json.loads(learnwire("topics", "apply", "--json", **settings).stdout)
    assert [each["what"] for each in first] == ["created"] * 14
    assert [each["what"] for each in again] == ["exists"] * 14
    assert learnwire("topics", "check", **settings).returncode == 0


def test_a_broker_that_does_not_answer_is_a_sentence_and_exit_code_3() -> None:
    done = learnwire("topics", "check", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "Kafka does not answer" in done.stderr


def test_faults_of_a_file_are_told_with_line_and_path(tmp_path: Path) -> None:
    unknown_field = {**GOOD, "data": {**GOOD["data"], "acessed_at": 1, "zzz": 2}}
    path = lines(
        tmp_path / "some.jsonl", GOOD, "{", unknown_field, {"type": "no.such.type", "data": {}}, {**GOOD, "data": {}}
    )
    done = learnwire("events", "validate", path, "--json")
    assert done.returncode == 2
    faults = json.loads(done.stdout)
    assert [each["line"] for each in faults] == [2, 3, 4, 5]
    assert faults[0]["fault"] == "not JSON"
    assert faults[1]["fault"] == ("data.acessed_at: no such field; did you mean accessed_at?; data.zzz: no such field")
    assert "no such type" in faults[2]["fault"]
    assert "data.portal_id: missing" in faults[3]["fault"]


async def test_a_file_with_a_fault_is_not_published_unless_the_others_are_asked_for(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        settings = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "KAFKA_TOPIC_PREFIX": topic_prefix}
        path = lines(tmp_path / "some.jsonl", GOOD, "{", {**GOOD, "id": "e2"})
        assert learnwire("events", "publish", path, **settings).returncode == 2
        assert await world.records("learnwire.learners.v1") == []
        assert learnwire("events", "publish", path, "--dry-run", "--skip-invalid", **settings).returncode == 0
        assert await world.records("learnwire.learners.v1") == []
        assert learnwire("events", "publish", path, "--skip-invalid", **settings).returncode == 2
        records = await world.records("learnwire.learners.v1")
        assert [json.loads(each.value or b"")["id"] for each in records] == ["e1", "e2"]
        assert {each.key for each in records} == {b"acme/l1"}


async def test_a_csv_is_published_row_by_row(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        path = tmp_path / "learners.csv"
        path.write_text(
            "portal_id,learner_id,email,first_name,version\nacme,l1,ann@example.org,Ann,3\nacme,l2,bob@example.org,,1\n"
        )
        done = learnwire(
            "events",
            "publish",
            str(path),
            "--type",
            "learnwire.learner.changed.v1",
            KAFKA_BOOTSTRAP_SERVERS=kafka,
            KAFKA_TOPIC_PREFIX=topic_prefix,
        )
        assert done.returncode == 0, done.stderr
        data = [json.loads(each.value or b"")["data"] for each in await world.records("learnwire.learners.v1")]
        assert sorted((each["learner_id"], each["version"]) for each in data) == [("l1", 3), ("l2", 1)]


def test_a_schema_and_an_example_are_json_for_programs(tmp_path: Path) -> None:
    schema = json.loads(learnwire("events", "show", "learnwire.learner.erased.v1").stdout)
    assert schema["required"] == ["portal_id", "learner_id", "erased_at"]
    example = tmp_path / "event.json"
    example.write_text(learnwire("events", "new", "learnwire.learner.erased.v1").stdout)
    assert learnwire("events", "validate", str(example)).returncode == 0


def test_tokens_are_for_development_only(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * 40)
    settings = {"JWT_ISSUER": "https://i.example", "JWT_SECRET_FILE": str(tmp_path / "key")}
    assert learnwire("token", "bulk-tracker", "--role", "admin", **settings).returncode == 2
    done = learnwire("token", "bulk-tracker", "--role", "admin", DEVELOPMENT="true", **settings)
    assert (done.returncode, done.stdout.count(".")) == (0, 2)
