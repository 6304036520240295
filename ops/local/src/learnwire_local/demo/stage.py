"""Everything that the demo needs, started as processes and ended again."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.controller import Controller

from learnwire_local.both import start_both
from learnwire_local.processes import Process, StartError, free_port, say, spawn, wait_until

SERVICES = {"salesforce-syncer": 8081, "go1-stats-processor": 8082, "action-logger": 8083, "bulk-tracker": 8084}
STANDIN_PORT = 8090
STOP_SECONDS = 25
CLIENT_ID = "demo"
ISSUER = "https://issuer.example"
BIN = Path(sys.executable).parent


class MailBox:
    """Keeps every mail that is sent to it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
        return "250 kept"


@dataclass
class Stage:
    """Where everything is."""

    folder: Path
    kafka: str
    mongo: str
    smtp: str
    salesforce: str
    mailbox: MailBox
    secret: str = field(repr=False)
    client_secret: str = field(repr=False)
    urls: dict[str, str] = field(default_factory=dict[str, str])
    processes: dict[str, Process] = field(default_factory=dict[str, Process])

    def environment(self) -> dict[str, str]:
        """Settings that all services and the `learnwire` command share."""
        return {
            "LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "LEARNWIRE_MONGO_URI": self.mongo,
            "LEARNWIRE_JWT_ISSUER": ISSUER,
            "LEARNWIRE_JWT_SECRET_FILE": str(self.folder / "jwt"),
            "LEARNWIRE_PII_KEY_FILE": str(self.folder / "pii"),
            "LEARNWIRE_DEVELOPMENT": "true",
        }

    def check_alive(self) -> None:
        """A service that ended by itself is the first thing to tell."""
        for name, process in self.processes.items():
            if not process.alive:
                raise StartError(f"{name} ended with code {process.wait()}:\n{_last_words(process)}")


def set_stage(folder: Path, stack: ExitStack, tell: Callable[[str], None] = say) -> Stage:
    """Start it all; the stack ends it in the reverse order."""
    secret, client_secret = secrets.token_hex(32), secrets.token_hex(16)
    for name, content in {"jwt": secret, "salesforce": client_secret}.items():
        (folder / name).write_text(content)
    (folder / "pii").write_bytes(secrets.token_bytes(32))
    kafka, mongo = start_both(folder, throwaway=True)
    stack.enter_context(kafka)
    stack.enter_context(mongo)
    mailbox = MailBox()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    smtp.start()
    stack.callback(smtp.stop)
    stage = Stage(
        folder=folder,
        kafka=kafka.bootstrap,
        mongo=mongo.uri,
        smtp=f"smtp://127.0.0.1:{smtp.port}",
        salesforce="",
        mailbox=mailbox,
        secret=secret,
        client_secret=client_secret,
    )
    stack.callback(_end, stage.processes)
    _provision_topics(stage, tell)
    _start_standin(stage)
    for name in SERVICES:
        _start_service(stage, name)
    tell("services: started")
    return stage


def wait_for_standin(stage: Stage) -> None:
    wait_until(lambda: _answers(f"{stage.salesforce}/standin/health"), stage.processes["salesforce-standin"])


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2).is_success
    return False


def _provision_topics(stage: Stage, tell: Callable[[str], None]) -> None:
    command = [str(BIN / "learnwire"), "topics", "apply", "--json"]
    done = subprocess.run(command, env=_inherited() | stage.environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartError(f"learnwire topics apply ended with {done.returncode}:\n{done.stderr[-2000:]}")
    tell("topics: there")


def _start_standin(stage: Stage) -> None:
    port = _port(STANDIN_PORT)
    stage.salesforce = f"http://127.0.0.1:{port}"
    secret_file = str(stage.folder / "salesforce")
    options = ["--port", str(port), "--client-id", CLIENT_ID, "--client-secret-file", secret_file]
    _start(stage, "salesforce-standin", options, _inherited())


def _start_service(stage: Stage, name: str) -> None:
    port = _port(SERVICES[name])
    url = stage.urls[name] = f"http://127.0.0.1:{port}"
    own = {"LEARNWIRE_HTTP_PORT": str(port), "LEARNWIRE_PUBLIC_URL": url}
    if name == "salesforce-syncer":
        own |= {
            "LEARNWIRE_SALESFORCE_LOGIN_URL": stage.salesforce,
            "LEARNWIRE_SALESFORCE_CLIENT_ID": CLIENT_ID,
            "LEARNWIRE_SALESFORCE_CLIENT_SECRET_FILE": str(stage.folder / "salesforce"),
        }
    if name == "bulk-tracker":
        own |= {"LEARNWIRE_SMTP_URL": stage.smtp, "LEARNWIRE_MAIL_FROM": "learnwire@lms.example"}
    _start(stage, name, [], _inherited() | stage.environment() | own)


def _start(stage: Stage, name: str, options: list[str], env: Mapping[str, str]) -> None:
    process = spawn(name, [str(BIN / name), *options], stage.folder / f"{name}.log", env=env, remove=stage.folder)
    stage.processes[name] = process


def _end(processes: Mapping[str, Process]) -> None:
    """All at once, in order, within the time that services have."""
    for process in processes.values():
        process.ask_to_end()
    for process in processes.values():
        process.stop(STOP_SECONDS)


def _inherited() -> dict[str, str]:
    """The caller's environment without Learnwire's variables: what he set for something else must not reach in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LEARNWIRE_")}


def _port(wanted: int) -> int:
    """The port that the documentation names, or a free one where something else has it."""
    with closing(socket.socket()) as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        return wanted
    return free_port()


def _last_words(process: Process, lines: int = 12) -> str:
    return "\n".join(f"  {line[:600]}" for line in process.log.read_text(errors="replace").splitlines()[-lines:])
