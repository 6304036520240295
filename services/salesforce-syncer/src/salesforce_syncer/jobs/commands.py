"""What operators run: resync, proof, approve-deletes, dry-run, accept-org."""

import argparse
import asyncio
import contextlib
import getpass
import json
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from difflib import get_close_matches
from importlib.metadata import version as installed_version
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.bulk_actions import Requester
from contracts.commands import SalesforceResyncRequested
from contracts.envelope import Envelope, uuid7
from contracts.types import instant_text
from salesforce_syncer.jobs.proving import Proof, Proving, listed
from salesforce_syncer.salesforce.client import LOGIN_REFUSED, Client
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.proofs import ProofStore
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared import logs, service
from shared.failures import Unavailable
from shared.mongo import PyMongoError
from shared.service import Given, Shell

NAME = "salesforce-syncer"
UNKNOWN = 2
FAILED = 3
out = Console()
errors = Console(stderr=True)

Work = Callable[[Shell[Settings], argparse.Namespace], Awaitable[int]]


class Unknown(Exception):  # noqa: N818  what was asked for is not there; the sentence says what is
    """An argument names nothing that we know."""


def resync(settings: Given[Settings], arguments: list[str]) -> int:
    parser = _parser("resync", "write a portal's rows anew, or one learner's; it shows in the tracker")
    parser.add_argument("portal")
    parser.add_argument("--learner", metavar="ID")
    parser.add_argument("--json", action="store_true")
    return _run(settings, _resync, parser.parse_args(arguments))


async def _resync(shell: Shell[Settings], asked: argparse.Namespace) -> int:
    await _known_portal(shell, asked.portal)
    await _known_learner(shell, asked.portal, asked.learner)
    operator = getpass.getuser()
    request = SalesforceResyncRequested(
        request_id=f"resync-{uuid7()}",
        portal_id=asked.portal,
        learner_id=asked.learner,
        requester=Requester(id=f"operator:{operator}", name=operator, role="admin"),
        requested_at=shell.clock(),
    )
    await shell.sender.send([Envelope.of(request, source=shell.source)])
    _print({"request_id": request.request_id}, f"asked for: {request.request_id}", as_json=asked.json)
    return 0


def proof(settings: Given[Settings], arguments: list[str]) -> int:
    parser = _parser("proof", "compare Salesforce with the desired rows; exit 0 without drift, 1 with")
    parser.add_argument("--repair", action="store_true", help="write anew what differs")
    parser.add_argument("--portal", metavar="ID")
    parser.add_argument("--json", action="store_true")
    return _run(settings, _proof, parser.parse_args(arguments))


async def _proof(shell: Shell[Settings], asked: argparse.Namespace) -> int:
    await _known_portal(shell, asked.portal)
    async with _client(shell) as client:
        tables = Tables.of(shell.database)
        proving = Proving(shell.settings, client, ProofStore(tables), WritingStore(tables), shell.clock)
        found = await proving.run(portal_id=asked.portal, repair=asked.repair)
    if asked.json:
        counts = [{"object": name, "drift": kind, "rows": rows} for (name, kind), rows in sorted(found.counts.items())]
        out.print_json(json.dumps({"rows": found.rows, "counts": counts, "drift": listed(found.drift)}))
    else:
        _show(found, repaired=asked.repair)
    return 1 if found.total else 0


def _show(found: Proof, *, repaired: bool) -> None:
    if not found.total:
        out.print(f"{found.rows} rows compared, no drift")
        return
    table = Table("object", "key", "drift", "fields", title=f"{found.rows} rows compared, {found.total} differ")
    for each in found.drift:
        table.add_row(each.object, each.key, each.drift, ", ".join(each.fields))
    out.print(table)
    if repaired:
        out.print("They are dirty now; the running syncer writes them.")


def approve_deletes(settings: Given[Settings], arguments: list[str]) -> int:
    parser = _parser("approve-deletes", "let the deletes of a portal go that the guard holds")
    parser.add_argument("portal")
    parser.add_argument("--json", action="store_true")
    return _run(settings, _approve, parser.parse_args(arguments))


async def _approve(shell: Shell[Settings], asked: argparse.Namespace) -> int:
    await _known_portal(shell, asked.portal)
    rows = await OrgStore(Tables.of(shell.database)).approve_deletes(asked.portal)
    _print({"portal_id": asked.portal, "deletes": rows}, f"{rows} deletes of {asked.portal} may go", as_json=asked.json)
    return 0


def dry_run(settings: Given[Settings], arguments: list[str]) -> int:
    parser = _parser("dry-run", "tell what would be written for a portal and deleted, without doing it")
    parser.add_argument("portal")
    parser.add_argument("--json", action="store_true")
    return _run(settings, _dry_run, parser.parse_args(arguments))


async def _dry_run(shell: Shell[Settings], asked: argparse.Namespace) -> int:
    await _known_portal(shell, asked.portal)
    store = WritingStore(Tables.of(shell.database))
    rows: list[dict[str, Any]] = []
    async for each in store.all_rows({"portal_id": asked.portal, "dirty_since": {"$exists": True}}):
        action = "delete" if each["deleted"] else "update" if each.get("salesforce_id") else "create"
        since = instant_text(each["dirty_since"])
        rows.append(
            {"object": each["object"], "key": each["key"], "action": action, "payload": each["payload"], "since": since}
        )
    if asked.json:
        out.print_json(json.dumps({"portal_id": asked.portal, "rows": rows}))
        return 0
    table = Table("object", "create", "update", "delete", title=f"What would be done for {asked.portal}")
    for name in sorted({each["object"] for each in rows}):
        actions = [each["action"] for each in rows if each["object"] == name]
        table.add_row(name, *(str(actions.count(action)) for action in ("create", "update", "delete")))
    out.print(table if rows else f"Nothing would be written for {asked.portal}.")
    return 0


def accept_org(settings: Given[Settings], arguments: list[str]) -> int:
    parser = _parser("accept-org", "write to the org that is behind the settings now, all of it anew")
    parser.add_argument("--json", action="store_true")
    return _run(settings, _accept_org, parser.parse_args(arguments))


async def _accept_org(shell: Shell[Settings], asked: argparse.Namespace) -> int:
    orgs = OrgStore(Tables.of(shell.database))
    async with _client(shell) as client:
        token = await client.tokens.current()
    if token.org_id == await orgs.org_id():
        # Accepting forgets what Salesforce holds; of the same org, deletes would be forgotten with it.
        text = f"{token.org_id} is the org that is written already; nothing to accept"
        _print({"org_id": token.org_id, "rows": 0}, text, as_json=asked.json)
        return 0
    rows = await orgs.accept_another(token.org_id, shell.clock())
    _print(
        {"org_id": token.org_id, "rows": rows}, f"{token.org_id} is written now: {rows} rows anew", as_json=asked.json
    )
    return 0


async def _known_portal(shell: Shell[Settings], portal_id: str | None) -> None:
    """Refuse a portal that nothing is known of, and say which there are."""
    if portal_id is None:
        return
    known = await WritingStore(Tables.of(shell.database)).known_portals()
    if portal_id not in known:
        near = get_close_matches(portal_id, known, n=3) or sorted(known)[:10]
        there = f"there are {len(known)}, such as {', '.join(near)}" if known else "none is connected yet"
        raise Unknown(f"No portal {portal_id} is connected with Salesforce; {there}.")
    if not shell.settings.serves(portal_id):
        raise Unknown(f"This org is not for portal {portal_id}: see LEARNWIRE_SALESFORCE_PORTALS.")


async def _known_learner(shell: Shell[Settings], portal_id: str, learner_id: str | None) -> None:
    if learner_id is None:
        return
    if await Tables.of(shell.database).learners.find_one({"_id": f"{portal_id}/{learner_id}"}, {"_id": 1}) is None:
        raise Unknown(f"Nothing is known of learner {learner_id} of portal {portal_id}.")


@asynccontextmanager
async def _client(shell: Shell[Settings]) -> AsyncGenerator[Client]:
    """A client whose calls count as ours."""
    client = Client(shell.settings, clock=shell.clock)
    try:
        yield client
    finally:
        await client.close()
        await OrgStore(Tables.of(shell.database)).add_calls(client.usage.own, shell.clock())


def _parser(name: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"{NAME} {name}", description=text)


def _run(given: Given[Settings], work: Work, asked: argparse.Namespace) -> int:
    settings = given()
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for the answer alone
        logs.set_up(
            service=NAME,
            version=installed_version(NAME),
            instance=settings.instance_name(),
            level=settings.log_level,
            form=settings.log_format,
        )

    async def run() -> int:
        async with service.opened(NAME, settings) as shell:
            return await work(shell, asked)

    try:
        return asyncio.run(run())
    except Unknown as error:
        return _failed(str(error), code=UNKNOWN)
    except Refused as error:
        return _failed(f"{_said(error)} Next: {_next_step(settings, error)}.")
    except Unavailable as error:
        return _failed(f"{error.dependency} does not answer ({error.reason}). Next: {_WHERE[error.dependency]}.")
    except PyMongoError as error:
        return _failed(f"MongoDB does not answer ({type(error).__name__}). Next: {_WHERE['mongodb']}.")


def _failed(text: str, *, code: int = FAILED) -> int:
    errors.print(text, markup=False, highlight=False, soft_wrap=True)
    return code


def _said(error: Refused) -> str:
    if error.status is None and error.action is Action.RETRY:
        return f"Salesforce does not answer ({error.code})."
    return f"Salesforce refused: {error.code} {error.sentence}".rstrip(" .") + "."


def _next_step(settings: Settings, error: Refused) -> str:
    if error.code == "ANOTHER_ORG":
        return "if the org behind the settings is the right one: salesforce-syncer accept-org"
    if error.sentence == LOGIN_REFUSED:
        return "check LEARNWIRE_SALESFORCE_CLIENT_ID, the secret or key file, and the app's policies in Salesforce"
    if error.action is Action.PARK:
        return "wait; the org's calls of the day are used up"
    if error.action is Action.STOP_OBJECT:
        return "deploy the package and assign its permission sets (ops/salesforce/README.md)"
    return (
        f"see whether {settings.salesforce_login_url} (LEARNWIRE_SALESFORCE_LOGIN_URL) is right and up, then try again"
    )


_WHERE = defaultdict(
    lambda: "try again when it is up",
    mongodb="check LEARNWIRE_MONGO_URI, and that it is up",
    kafka="check LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS, and that it is up",
)


def _print(value: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps(value))
    else:
        out.print(text)


COMMANDS: dict[str, Callable[[Given[Settings], list[str]], int]] = {
    "resync": resync,
    "proof": proof,
    "approve-deletes": approve_deletes,
    "dry-run": dry_run,
    "accept-org": accept_org,
}
