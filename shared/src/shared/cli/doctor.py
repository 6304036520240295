"""`learnwire doctor`: is what Learnwire stands on as it should be."""

import asyncio
import email.utils
import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.catalog import SERVICES, TOPICS
from shared.cli import topics
from shared.cli.gauges import Colour
from shared.cli.output import EXIT_UNREACHABLE, run, screen
from shared.cli.reach import DATABASE_SECONDS, HTTP_SECONDS, CommandSettings, Notes, database_of, get, mongo
from shared.cli.status import ORDER
from shared.cli.story import KAFKA_SECONDS
from shared.explaining import KEPT
from shared.mongo import Client
from shared.settings import PREFIX, read_settings

EXIT_WRONG = 1
CLOCKS_MAY_DIFFER = 2.0
"""Seconds; HTTP's Date has no fractions, so one is its own."""
OTHERS = 0o077
MINUTES_A_DAY = 1_440
OLDEST_MONGODB = 6
SAFE_MEMBERS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and how it is. `next_step` where something is to be done."""

    colour: Colour
    about: str
    says: str
    next_step: str = ""


@dataclass(slots=True)
class Findings:
    """All of them, and what could not be reached."""

    found: list[Finding] = field(default_factory=list[Finding])
    notes: Notes = field(default_factory=Notes)

    def say(self, colour: Colour, about: str, says: str, next_step: str = "") -> None:
        """Take a finding in."""
        self.found.append(Finding(colour, about, says, next_step))


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="JSON for machines")] = False) -> None:
    """Look at settings, clocks, topics, retention, indexes and rights; run it with a service's settings to see its rights.

    Exit codes: 0 nothing is wrong (yellow: think about it); 1 something is; 3 neither Kafka nor MongoDB could be
    reached; 78 the settings are wrong.
    """
    findings = run(_look(read_settings(CommandSettings)))
    found = sorted(findings.found, key=lambda each: ORDER[each.colour])
    if as_json:
        told = {"findings": [asdict(each) for each in found], "not_reached": findings.notes.not_reached}
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201  the command's output
    else:
        screen([((each.about, each.says, _arrow(each)), each.colour) for each in found], findings.notes.not_reached)
    if {"kafka", "mongodb"} <= findings.notes.not_reached.keys():
        raise typer.Exit(EXIT_UNREACHABLE)
    if any(each.colour == "red" for each in found):
        raise typer.Exit(EXIT_WRONG)


async def _look(settings: CommandSettings) -> Findings:
    findings = Findings()
    _settings(findings, settings, os.environ)
    async with mongo(settings) as client:
        await asyncio.gather(_kafka(findings, settings), _mongo(findings, settings, client), _http(findings, settings))
    return findings


def _settings(findings: Findings, settings: CommandSettings, environment: Mapping[str, str]) -> None:
    findings.say("green", "settings", "every LEARNWIRE_* variable is a known one")
    for name, value in sorted(environment.items()):
        path = Path(value)
        if (
            name.startswith(PREFIX)
            and name.endswith("_FILE")
            and value
            and path.is_file()
            and path.stat().st_mode & OTHERS
        ):
            step = f"chmod 600, or keep it in a directory that others cannot enter: {name}"
            findings.say("yellow", "settings", f"{name}: others may read the file", step)
    if environment.get(f"{PREFIX}DEVELOPMENT", "").lower() in {"1", "true", "yes", "on"}:
        findings.say("yellow", "settings", "development is on: demo sign-in, weaker cookies", "off in production")
    if settings.kafka_security == "plaintext":
        findings.say(
            "yellow", "rights", "Kafka is spoken to without TLS and password", f"{PREFIX}KAFKA_SECURITY=sasl_ssl"
        )


async def _kafka(findings: Findings, settings: CommandSettings) -> None:
    differing = await findings.notes.within("kafka", topics.differences(settings), seconds=KAFKA_SECONDS)
    if differing is None:
        return
    for each in differing:
        about = "retention" if each["setting"] == "retention.ms" else "topics"
        says = f"{each['topic']}: {each['setting']} is {each['is']}, should be {each['should_be']}"
        findings.say("red", about, says, "learnwire topics apply")
    if not differing:
        findings.say("green", "topics", "all are there, as the catalogue says, retention too")
    kept = await findings.notes.within("kafka's settings", topics.offsets_kept_minutes(settings), seconds=KAFKA_SECONDS)
    days = max(each.retention_days for each in TOPICS)
    if kept is not None and kept < days * MINUTES_A_DAY:
        findings.say(
            "yellow", "retention",
            f"Kafka forgets where a group was {kept / MINUTES_A_DAY:g} days after it went; records stay {days}",
            f"offsets.retention.minutes={days * MINUTES_A_DAY}; else a service that was away so long reads all again",
        )  # fmt: skip


async def _mongo(findings: Findings, settings: CommandSettings, client: Client) -> None:
    before = datetime.now(UTC)
    hello = await findings.notes.within("mongodb", client.admin.command("hello"), seconds=DATABASE_SECONDS)
    if hello is None:
        return
    _clock(findings, "MongoDB", hello["localTime"].replace(tzinfo=UTC), before)  # commands answer naive UTC
    if "setName" not in hello:
        findings.say("red", "mongodb", "it is no replica set", "rs.initiate(): one member is enough to begin with")
    elif len(hello.get("hosts", ())) < SAFE_MEMBERS:
        step = "three members in production"
        findings.say("yellow", "mongodb", f"{len(hello.get('hosts', ()))} member(s): an acknowledged write is on one disk", step)  # fmt: skip
    build = await findings.notes.within(
        "mongodb's version", client.admin.command("buildInfo"), seconds=DATABASE_SECONDS
    )
    if build is not None and int(build["version"].split(".")[0]) < OLDEST_MONGODB:
        findings.say("red", "mongodb", f"version {build['version']} is older than what is tested", "6.0 or later")
    await _rights(findings, settings, client)
    for service in SERVICES:
        work = _indexes(client, settings, service)
        missing = await findings.notes.within(f"{service}'s database", work, seconds=KAFKA_SECONDS)
        if missing is None:
            findings.say("yellow", "rights", f"{service}: this user may not look into its database", "none if so meant")
        elif missing:
            step = "start the service: it makes its indexes"
            findings.say("red", "indexes", f"{service}: none for {', '.join(missing)}", step)
        else:
            findings.say("green", "indexes", f"{service}: all that are asked are there")


async def _indexes(client: Client, settings: CommandSettings, service: str) -> Sequence[str]:
    """Return what `explain` asks and no index begins with."""
    database = database_of(client, settings, service)
    missing: list[str] = []
    for collection in sorted({each.collection for each in KEPT if each.service == service}):
        first = {next(iter(each["key"])) async for each in database[collection].list_indexes()}
        paths = {each.path for each in KEPT if each.service == service and each.collection == collection}
        missing += [f"{collection}.{path}" for path in sorted(paths - first)]
    return missing


async def _rights(findings: Findings, settings: CommandSettings, client: Client) -> None:
    work = client.admin.command({"connectionStatus": 1, "showPrivileges": True})
    told = await findings.notes.within("mongodb's rights", work, seconds=DATABASE_SECONDS)
    if told is None:
        return
    who: Sequence[Mapping[str, Any]] = told["authInfo"]["authenticatedUsers"]
    if not who:
        findings.say("yellow", "rights", "MongoDB asks for no password", "users with least rights in production")
        return
    name = settings.databases()["action-logger"]
    privileges: Sequence[Mapping[str, Any]] = told["authInfo"]["authenticatedUserPrivileges"]
    if any(
        {"update", "remove"} & set(each["actions"]) and _covers(each["resource"], name, "log") for each in privileges
    ):
        findings.say("yellow", "rights", f"{who[0]['user']} may change rows of the log", "ops/mongo/roles has the role that may not")  # fmt: skip
    else:
        findings.say("green", "rights", f"{who[0]['user']} may not change rows of the log")


def _covers(resource: Mapping[str, Any], database: str, collection: str) -> bool:
    if resource.get("anyResource"):
        return True
    return resource.get("db") in {"", database} and resource.get("collection") in {"", collection}


async def _http(findings: Findings, settings: CommandSettings) -> None:
    async def one(name: str, url: str) -> None:
        before = datetime.now(UTC)
        told = await findings.notes.within(f"{name} at {url}", get(f"{url}/version"), seconds=2 * HTTP_SECONDS)
        if told is None:
            return
        version: Mapping[str, Any] = json.loads(told[2])
        if version.get("service") != name:
            findings.say("red", "settings", f"{url} is {version.get('service')}, not {name}", f"{PREFIX}SERVICE_URLS")
        if (date := told[1].get("date")) is not None:
            _clock(findings, name, email.utils.parsedate_to_datetime(date), before)

    work: list[Awaitable[None]] = [one(name, url) for name, url in settings.urls().items()]
    await asyncio.gather(*work)


def _clock(findings: Findings, whose: str, theirs: datetime, before: datetime, now: Callable[[], datetime] | None = None) -> None:  # fmt: skip
    after = (now or (lambda: datetime.now(UTC)))()
    off = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    if off > CLOCKS_MAY_DIFFER:
        findings.say("red", "clocks", f"{whose}: {off:.0f} s away from this machine's", "NTP on both")
    else:
        findings.say("green", "clocks", f"{whose}: as this machine's")


def _arrow(finding: Finding) -> str:
    return f"→ {finding.next_step}" if finding.next_step else ""
