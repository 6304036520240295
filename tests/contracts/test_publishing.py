"""docs/publishing.md does what it says: its programs run, in Python and in Node, and what they publish is read."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts import Envelope, catalog, decode, examples
from contracts.catalog import CONTENT_ACTIONS
from tests.contracts.test_schemas import EXAMPLES, MODELS_ALONE
from tests.world import World

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/publishing.md").read_text("utf-8")
NODE = shutil.which("node")
PROGRAM = ROOT / "ops/local/demo/node/publish.mjs"
PACKAGES = ROOT / "build/publishing"
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not on this machine")
needs_kafkajs = pytest.mark.skipif(
    not (PACKAGES / "node_modules/kafkajs").is_dir(),
    reason="kafkajs is not installed: npm install --prefix build/publishing kafkajs",
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(*command: str | Path, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=cwd, env={"PATH": path} | environment, capture_output=True, text=True, timeout=120, check=False
    )


def settings(world: World) -> dict[str, str]:
    return {"LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS": world.kafka, "LEARNWIRE_KAFKA_TOPIC_PREFIX": world.prefix}


async def published(world: World) -> list[tuple[str, bool, str]]:
    found = [
        (each, decode(each.value, each.headers, reads=catalog.EVENTS)) for each in await world.records(CONTENT_ACTIONS)
    ]
    return [
        (event.id, record.key == event.key.encode(), event.type)
        for record, event in found
        if isinstance(event, Envelope)
    ]


async def test_the_pages_python_publishes(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> None:
    (program,) = blocks("python")
    (tmp_path / "first_event.py").write_text(program)
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        done = run(sys.executable, "first_event.py", cwd=tmp_path, **settings(world))
        assert done.returncode == 0, done.stderr
        assert await published(world) == [(done.stdout.strip(), True, "learnwire.content-action.recorded.v1")]


async def test_the_pages_commands_publish(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> None:
    commands = "\n".join(each for each in blocks("bash") if "events publish" in each).replace(".venv/bin/", "")
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        done = run("bash", "-euc", commands, cwd=tmp_path, **settings(world))
        assert done.stdout.splitlines()[-1] == "event.json: 1 published", done.stderr
        assert [each[1:] for each in await published(world)] == [(True, "learnwire.content-action.recorded.v1")]


def node_block() -> str:
    (block,) = [each for each in blocks("bash") if "publish.mjs" in each]
    _, rest = block.split("\n", 1)
    return rest.replace("ops/local/demo/node/publish.mjs", str(PROGRAM))


@needs_node
def test_the_pages_node_program_makes_an_event_that_is_read(tmp_path: Path) -> None:
    done = run("bash", "-euc", node_block(), cwd=tmp_path)
    event = decode(done.stdout.encode(), [], reads=catalog.EVENTS)
    assert isinstance(event, Envelope), done.stderr
    assert (event.type, event.dropped) == ("learnwire.content-action.recorded.v1", ())
    assert event.key == json.loads(done.stdout)["partitionkey"]


@needs_node
@needs_kafkajs
async def test_the_pages_node_program_publishes(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        (tmp_path / "node_modules").symlink_to(PACKAGES / "node_modules")
        done = run("bash", "-euc", node_block(), cwd=tmp_path, **settings(world))
        assert await published(world) == [(done.stdout.strip(), True, "learnwire.content-action.recorded.v1")], (
            done.stderr
        )


@needs_node
def test_the_schema_alone_tells_good_from_bad_in_node_as_it_does_here(tmp_path: Path) -> None:
    """All examples in one run: a process each would take minutes."""
    cases: list[dict[str, Any]] = [
        {
            "name": f"{name}/{file}",
            "schema": str(ROOT / f"contracts/src/contracts/schemas/{name}.json"),
            "event": json.loads(examples.of(name)[file]),
        }
        for name, file in EXAMPLES
    ]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    (tmp_path / "all.mjs").write_text(
        f'import {{ faults }} from "{ROOT}/ops/local/demo/node/check.mjs";'
        'import { readFileSync } from "node:fs";'
        'const read = (path) => JSON.parse(readFileSync(path, "utf8"));'
        f'const envelope = read("{ROOT}/contracts/src/contracts/schemas/envelope.json");'
        "const all = (c) => [...faults(read(c.schema), c.event.data), ...faults(envelope, c.event)];"
        'const good = read("cases.json").filter((c) => all(c).length === 0);'
        "console.log(JSON.stringify(good.map((c) => c.name)));"
    )
    done = run("node", "all.mjs", cwd=tmp_path)
    good = {f"{name}/{file}" for name, file in EXAMPLES if file.startswith("valid-")} | MODELS_ALONE
    assert set(json.loads(done.stdout)) == good, done.stderr


@needs_node
def test_node_sends_nothing_that_breaks_the_schema(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"email": "ines", "type": "enrollment"}')
    done = run("node", PROGRAM, "learnwire.content-action.recorded.v1", "data.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "data.email: pattern" in done.stderr
    assert "ines" not in done.stderr
