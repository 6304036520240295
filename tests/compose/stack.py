"""One compose project of a test's own: free ports, own volumes, own secrets."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt

from learnwire_local import free_port

ROOT = Path(__file__).parents[2]
PORTS = ("KAFKA_PORT", "SYNCER_PORT", "STANDIN_PORT", "GO1_PORT", "LOGGER_PORT", "TRACKER_PORT")
IMAGES = {"KAFKA_IMAGE": "apache/kafka:4.1.0", "MONGO_IMAGE": "mongo:8.0", "PYTHON_IMAGE": "python:3.12-slim"}
SERVICES = {
    "salesforce-syncer": "SYNCER",
    "go1-stats-processor": "GO1",
    "action-logger": "LOGGER",
    "bulk-tracker": "TRACKER",
}


def why_not() -> str | None:
    """Why no stack can be started here; None where it can."""
    if shutil.which("docker") is None:
        return "no docker command"
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        if subprocess.run(command, capture_output=True, check=False, timeout=20).returncode != 0:
            return f"{' '.join(command)} does not answer"
    for variable, default in IMAGES.items():
        image = os.environ.get(variable, default)
        found = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False, timeout=20)
        if found.returncode != 0:
            return f"the image {image} is not here ({variable} names another)"
    return None


class Stack:
    """What `docker compose` does with one of our files."""

    def __init__(self, file: str, *, secrets_folder: Path | None = None) -> None:
        self.file = file
        self.folder = secrets_folder
        self.environment = {**os.environ, "LEARNWIRE_VERSION": "test", **{name: str(free_port()) for name in PORTS}}
        if secrets_folder is not None:
            self.environment["SECRETS"] = str(secrets_folder)
        self.project = f"learnwire-test-{secrets.token_hex(3)}"

    def compose(self, *arguments: str, timeout: float = 420) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["docker", "compose", "-f", self.file, "-p", self.project, "--profile", "demo", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def up(self, *arguments: str) -> None:
        done = self.compose("up", "-d", "--wait", *arguments)
        assert done.returncode == 0, done.stderr[-3000:] + self.compose("logs", "--tail", "20").stdout[-6000:]

    def init(self, *arguments: str) -> str:
        """`make init`, `make rotate`."""
        script = ROOT / "ops/compose/make_secrets.py"
        done = subprocess.run(
            [sys.executable, script, *arguments], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def secret(self, name: str) -> str:
        assert self.folder is not None
        return (self.folder / name).read_text()

    def states(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.compose("ps", "-a", "--format", "json").stdout.splitlines()]

    def containers(self) -> list[dict[str, Any]]:
        """What the engine knows of each container of the project."""
        names = [each["Name"] for each in self.states()]
        found = subprocess.run(["docker", "inspect", *names], capture_output=True, check=True)
        return json.loads(found.stdout)

    def once(self, *command: str, mounts: Mapping[Path, str] | None = None, service: str = "learnwire") -> str:
        """A command in a new container of a service's settings and networks; what it prints."""
        volumes = [part for file, at in (mounts or {}).items() for part in ("-v", f"{file}:{at}:ro")]
        done = self.compose(
            "run", "--rm", "--no-deps", "-T", *volumes, "--entrypoint", command[0], service, *command[1:]
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def publish(self, events: Sequence[Mapping[str, Any]], folder: Path) -> None:
        """Publish events as the publisher `lms`."""
        file = folder / f"{secrets.token_hex(4)}.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in events))
        self.once(
            "learnwire", "events", "publish", "/events.jsonl", mounts={file: "/events.jsonl"}, service="demo-events"
        )

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.environment[f'{SERVICES[service]}_PORT']}"

    async def get(self, service: str, path: str, **claims: Any) -> httpx.Response:
        """Ask a service; `claims` make the token."""
        headers = {"Authorization": f"Bearer {self.token(service, claims)}"} if claims else {}
        async with httpx.AsyncClient() as client:
            return await client.get(f"{self.url(service)}{path}", headers=headers, timeout=10)

    def token(self, service: str, claims: Mapping[str, Any]) -> str:
        now = int(time.time())
        base = {"iss": "https://learnwire.example", "aud": service, "sub": "someone", "iat": now, "exp": now + 600}
        everything = {"portals": "*", "panoramas": "*"}
        return jwt.encode({**base, **everything, **claims}, self.secret("jwt.secret"), algorithm="HS256")
