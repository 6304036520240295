"""The shell of every service: settings in, HTTP and the consumer up, SIGTERM down."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import Any, Generic, NoReturn, TypeVar

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from contracts import catalog
from shared import explaining, health, logs, tracing
from shared.allocator import keep_one_arena
from shared.consumer import Handler, InOrder, Things, Work
from shared.http import Auth, description, problems
from shared.http.middleware import MOST_HEADER_BYTES, Around
from shared.kafka import Sender
from shared.keys import Keys
from shared.mongo import Database, connect
from shared.running import Running, Stalled
from shared.settings import Settings, read_settings

log = structlog.stdlib.get_logger()

EXIT_STALLED = 70
"""EX_SOFTWARE of sysexits.h: the process must be started anew."""
OBJECTS_BEFORE_COLLECTING = 50_000
"""Batches make thousands of short-lived objects: Python's default (700) spent a fifth of the time of a consumer looking
for cycles among them (measured in action-logger)."""
STOP_SECONDS = 19.0
"""SIGTERM to exit takes less than the 25 s that are promised."""

S = TypeVar("S", bound=Settings)
Given = Callable[[], S]
"""Reads the settings, or tells what is wrong with them and exits: asked for once the arguments are understood."""
Commands = Mapping[str, Callable[[Given[S], list[str]], int]]


def utc_now() -> datetime:
    """Return the time of day; the one clock that services are given."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Shell(Generic[S]):
    """What a service gets. `lag` tells how many records wait unread in Kafka, None where it cannot be told."""

    settings: S
    name: str
    version: str
    source: str
    instance: str
    database: Database
    sender: Sender
    keys: Keys
    auth: Auth
    clock: Callable[[], datetime]
    lag: Callable[[], int | None]


def _no_reasons() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Parts:
    """What a service gives: handlers by topic (without prefix), routes, jobs that run for ever.

    `prepare` (indexes) comes before consuming and is tried until it works. `window`: batches in flight; more than 1
    only where order does not matter, but for facts that `in_order` names. `readiness`: further reasons not to be ready.
    """

    handlers: Mapping[str, Handler]
    routers: Sequence[APIRouter] = ()
    jobs: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict[str, Callable[[], Awaitable[None]]])
    prepare: Callable[[], Awaitable[None]] | None = None
    window: int = 1
    in_order: InOrder = field(default_factory=dict[str, Things])
    readiness: Callable[[], Sequence[str]] = _no_reasons
    customize: Callable[[FastAPI], None] | None = None


def main(
    name: str,
    settings_class: type[S],
    build: Callable[[Shell[S]], Parts],
    commands: Commands[S] | None = None,
) -> NoReturn:
    """Run a service's console script: without arguments serve, else the subcommand."""
    arguments = sys.argv[1:]
    commands = commands or {}
    if arguments and arguments[0] in {"-h", "--help"}:
        choice = f" [{' | '.join(commands)}]" if commands else ""
        usage = (
            f"usage: {name}{choice}\nWithout arguments it serves; settings are LEARNWIRE_* variables (.env.example)."
        )
        print(usage)  # noqa: T201  for a person
        sys.exit(0)
    if arguments and arguments[0] == "--version":
        print(f"{name} {installed_version(name)}")  # noqa: T201  for a person
        sys.exit(0)
    if arguments and arguments[0] not in commands:
        print(f"{name}: no such command: {arguments[0]}; there are: {', '.join(commands) or 'none'}", file=sys.stderr)  # noqa: T201  as above
        sys.exit(2)
    if arguments:
        sys.exit(commands[arguments[0]](lambda: read_settings(settings_class), arguments[1:]))
    sys.exit(asyncio.run(serve(name, read_settings(settings_class), build)))


@asynccontextmanager
async def opened(name: str, settings: S, *, lag: Callable[[], int | None] = lambda: None) -> AsyncGenerator[Shell[S]]:
    """Open what a service needs, for serving and for subcommands; nothing connects before it is used."""
    sender = Sender(settings)
    try:
        async with connect(settings.mongo_address(), settings.mongo_database or name.replace("-", "_")) as database:
            yield Shell(
                settings=settings,
                name=name,
                version=installed_version(name),
                source=f"/learnwire/{name}",
                instance=settings.instance_name(),
                database=database,
                sender=sender,
                keys=Keys.read(settings.pii_key_file),
                auth=Auth(settings, audience=name),
                clock=utc_now,
                lag=lag,
            )
    finally:
        await sender.close()


async def serve(name: str, settings: S, build: Callable[[Shell[S]], Parts]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code: 0, 70 when stuck, 1 after a bug or without its port."""
    version = installed_version(name)
    logs.set_up(
        service=name,
        version=version,
        instance=settings.instance_name(),
        level=settings.log_level,
        form=settings.log_format,
    )
    tracing.set_up(service=name, version=version, instance=settings.instance_name())
    keep_one_arena()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, 20, 20)
    try:
        listening = _listen(settings.http_host, settings.http_port)
    except OSError as error:
        log.error(  # noqa: TRY400  the sentence says it all, no trace is needed
            "service.failed",
            reason=f"cannot listen on {settings.http_host}:{settings.http_port} ({error.strerror})",
            next_step="set LEARNWIRE_HTTP_PORT to a free port",
        )
        return 1
    lag: list[Callable[[], int | None]] = [lambda: None]
    async with opened(name, settings, lag=lambda: lag[0]()) as shell:  # noqa: PLW0108  it is exchanged below
        parts = build(shell)
        running = Running(
            settings=settings,
            database=shell.database,
            sender=shell.sender,
            work=Work(
                service=name,
                version=version,
                reads=catalog.reads(name),
                handlers=parts.handlers,
                dead_letter_topic=catalog.dead_letters(name),
                topic_prefix=settings.kafka_topic_prefix,
                clock=shell.clock,
                in_order=parts.in_order,
            ),
            window=parts.window,
            jobs=parts.jobs,
            prepare=_prepared(shell, parts),
            more_reasons=parts.readiness,
        )
        lag[0] = running.lag
        app = application(shell, parts, running)
        return await _serve(app, listening, running)


def _prepared(shell: Shell[S], parts: Parts) -> Callable[[], Awaitable[None]]:
    """Return the service's own preparing, with the indexes that `learnwire explain` asks."""

    async def prepare() -> None:
        if parts.prepare is not None:
            await parts.prepare()
        await explaining.prepare(shell.database, shell.name)

    return prepare


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=512)
    # asyncio does this only for sockets that it made itself; without it every answer waits 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def application(shell: Shell[S], parts: Parts, running: Running) -> FastAPI:
    """Return the HTTP side."""
    app = FastAPI(title=shell.name, version=shell.version, openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    problems.install(app)
    app.add_middleware(Around)
    app.include_router(
        health.router(
            name=shell.name,
            version=shell.version,
            alive=running.alive,
            reasons=running.reasons,
            asyncapi=lambda: _asyncapi(shell.name),
        )
    )
    for each in parts.routers:
        app.include_router(each)
    if parts.customize is not None:
        parts.customize(app)
    description.complete(app)
    return app


def _asyncapi(name: str) -> dict[str, Any]:
    from contracts.asyncapi import asyncapi  # noqa: PLC0415  made from all schemas: not at start, only when asked for

    return asyncapi(name)


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: it would raise SIGTERM again after a clean stop."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to us."""
        yield


async def _serve(app: FastAPI, listening: socket.socket, running: Running) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        http="h11",
        h11_max_incomplete_event_size=MOST_HEADER_BYTES + 1024,
        timeout_graceful_shutdown=3,
    )
    server = _Server(config)
    host, port = listening.getsockname()[:2]
    log.info("service.started", address=f"http://{host}:{port}")
    http = asyncio.create_task(server.serve(sockets=[listening]))
    background = asyncio.create_task(running.run())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([http, background, stopped], return_when=asyncio.FIRST_COMPLETED)
    code = _why(background)
    running.stop()
    server.should_exit = True
    _, late = await asyncio.wait([http, background], timeout=STOP_SECONDS)
    for each in late:
        each.cancel()
    code = code or _why(background)
    stopped.cancel()
    tracing.close()
    log.info("service.stopped", exit_code=code)
    return code


def _why(background: "asyncio.Task[None]") -> int:
    """Return the exit code for what has ended the background."""
    if not background.done() or background.cancelled():
        return 0
    error = background.exception()
    if error is None:
        return 0
    if isinstance(error, Stalled):
        log.error(
            "consumer.stalled",
            next_step="none if it is started anew (exit 70); if it happens often: broker's log, then the runbook",
        )
        return EXIT_STALLED
    log.error(
        "service.failed", reason=type(error).__name__, exc_info=error, next_step="a bug of ours: the trace says where"
    )
    return 1
