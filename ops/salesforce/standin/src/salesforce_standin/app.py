"""The command: read the options, wire the world, serve until told to stop."""

import argparse
import asyncio
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn

from salesforce_standin import pages
from salesforce_standin.auth import LOGIN_HOSTS, Gatekeeper
from salesforce_standin.bulk import work
from salesforce_standin.bulk.jobs import Jobs
from salesforce_standin.cursors import Cursors
from salesforce_standin.faults import Faults
from salesforce_standin.http import routes
from salesforce_standin.journal import Journal
from salesforce_standin.metadata import fields, parts
from salesforce_standin.metadata.xml import MetadataError
from salesforce_standin.metering import Meter
from salesforce_standin.org import Org
from salesforce_standin.schema.model import Schema
from salesforce_standin.schema.namespace import packaged
from salesforce_standin.world import World

_DRAIN_SECONDS = 1
_LAST_PORT = 65_535
_LARGEST_PAGE = 2_000


def build(options: argparse.Namespace) -> World:
    """The world that these options describe; reads files, opens no socket."""
    org = Org(_schema(options))
    journal = Journal(options.state)
    for packed in journal.deployments():
        org.deploy(fields.assemble(parts.of_zip(packed), org.full_schema))
    if not journal.load(org):
        org.found()
        journal.save(org)
    gatekeeper = Gatekeeper(
        org,
        options.client_id,
        options.client_secret_file.read_text().strip() if options.client_secret_file else None,
        options.public_key_file.read_text() if options.public_key_file else None,
        (*LOGIN_HOSTS, *options.audience),
    )
    return World(
        org,
        gatekeeper,
        Meter(org.now, options.daily_requests),
        Faults(),
        Cursors(),
        Jobs(),
        {},
        journal,
        options.page_size,
        options.instance_url,
    )


def _schema(options: argparse.Namespace) -> Schema:
    schema = fields.assemble([] if options.bare else parts.of_project(options.project or _nearest_project()))
    return packaged(schema, options.namespace) if options.namespace else schema


def _nearest_project() -> Path:
    """A clone has it above the stand-in; an installed one is started in a clone, or told by --project."""
    above = [*Path(__file__).resolve().parents, Path.cwd(), *Path.cwd().parents]
    places = [place / rest for place in above for rest in (".", "ops/salesforce")]
    found = next((place for place in places if (place / "sfdx-project.json").is_file()), None)
    if found is None:
        raise SystemExit(
            "salesforce-standin: no SFDX project here; say where it is with --project, or begin with --bare"
        )
    return found


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        "salesforce-standin", description="A Salesforce of our own that speaks the real API."
    )
    reader.add_argument("--host", default="127.0.0.1")
    reader.add_argument("--port", type=int, default=8090, help="0 takes a free one and prints it")
    reader.add_argument("--client-id", required=True)
    reader.add_argument("--client-secret-file", type=Path, help="opens the client credentials flow")
    reader.add_argument("--public-key-file", type=Path, help="PEM; opens the JWT bearer flow")
    reader.add_argument("--state", type=Path, help="SQLite file; without it rows live in memory")
    where = (
        "SFDX project whose objects and fields there are; default: the one above the stand-in or the working directory"
    )
    reader.add_argument("--project", type=Path, help=where)
    reader.add_argument(
        "--bare", action="store_true", help="begin with standard objects alone; deploy brings the others"
    )
    reader.add_argument("--namespace", help="as if the project had been installed as a package with this namespace")
    reader.add_argument("--page-size", type=int, default=500, help="rows per page of a query, at most 2000")
    reader.add_argument("--daily-requests", type=int, default=100_000, help="API requests that the org has in 24 hours")
    reader.add_argument("--audience", action="append", default=[], help="a further audience for JWTs")
    reader.add_argument("--instance-url", help="where tokens send their bearers; default: the host that was asked")
    options = reader.parse_args(arguments)
    wrong = "; ".join(_problems(options))
    if wrong:
        reader.error(wrong)
    return options


def _problems(options: argparse.Namespace) -> Iterator[str]:
    """Yield what is wrong with the options, all at once."""
    if options.client_secret_file is None and options.public_key_file is None:
        yield "nobody could log in: give --client-secret-file, --public-key-file, or both"
    for name, file in (("client-secret", options.client_secret_file), ("public-key", options.public_key_file)):
        if file is not None and not file.is_file():
            yield f"--{name}-file: there is no file {file}"
    if not 0 <= options.port <= _LAST_PORT:
        yield f"--port: {options.port} is no port"
    if not 1 <= options.page_size <= _LARGEST_PAGE:
        yield f"--page-size: 1 to {_LARGEST_PAGE}, as Salesforce has it"
    if options.daily_requests < 1:
        yield "--daily-requests: at least 1"
    if options.state is not None and not options.state.parent.is_dir():
        yield f"--state: there is no folder {options.state.parent}"


def main() -> None:
    """Console script."""
    options = parse()
    try:
        world = build(options)
        listener = socket.create_server((options.host, options.port))
    except (MetadataError, OSError, ValueError, sqlite3.Error) as error:
        raise SystemExit(f"salesforce-standin: {error}") from error
    # asyncio sets this only where it made the socket; without it every answer waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    host, port = listener.getsockname()[:2]
    print(f"salesforce-standin: http://{host}:{port}", flush=True)
    app = routes.application(world, pages.routes(world))
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, timeout_graceful_shutdown=_DRAIN_SECONDS, lifespan="off"
    )
    asyncio.run(_serve(world, uvicorn.Server(config), listener))
    world.journal.close()


async def _serve(world: World, server: uvicorn.Server, listener: socket.socket) -> None:
    async with asyncio.TaskGroup() as tasks:
        bulk = tasks.create_task(work.for_ever(world))
        await server.serve(sockets=[listener])
        bulk.cancel()
