"""What came of it, seen from outside: through the HTTP interfaces, Kafka, the mailbox and Salesforce."""

import asyncio
import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt

from learnwire_local.demo import offsets
from learnwire_local.demo.salesforce import Rows, read_rows
from learnwire_local.demo.stage import ISSUER, Stage
from learnwire_local.demo.stories.bulk import PORTAL_OF, WHO

Json = dict[str, Any]


@dataclass
class Seen:
    """The end state, as far as it has come."""

    salesforce: Rows = field(default_factory=dict[str, dict[str, Json]])
    attempts: list[Json] = field(default_factory=list[Json])
    parked: list[Json] = field(default_factory=list[Json])
    log: list[Json] = field(default_factory=list[Json])
    bulk: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    reports: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    mails: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    dead_letters: list[Json] = field(default_factory=list[Json])
    problems: list[str] = field(default_factory=list[str])


def look(stage: Stage, salesforce_ids: dict[str, str]) -> Seen:
    """Look everywhere; what does not answer is told in `problems` and does not keep the rest from being seen."""
    seen = Seen(mails=[{"to": str(mail["To"]), "subject": str(mail["Subject"])} for mail in stage.mailbox.mails])
    for name, waiting in asyncio.run(offsets.unread(stage.kafka)).items():  # first: what comes after has been read
        seen.problems.append(f"{name} has {waiting} records to read")
    parts: tuple[Callable[[Seen], None], ...] = (
        lambda seen: seen.salesforce.update(read_rows(stage, salesforce_ids)),
        lambda seen: seen.attempts.extend(_pages(stage, "go1-stats-processor", "/v1/attempts", portal_id="acme")),
        lambda seen: seen.parked.extend(_pages(stage, "go1-stats-processor", "/v1/parked", portal_id="acme")),
        lambda seen: seen.log.extend(log_rows(stage)),
        lambda seen: _look_at_bulk(stage, seen),
        lambda seen: seen.dead_letters.extend(asyncio.run(offsets.dead_letters(stage.kafka))),
    )
    for part in parts:
        try:
            part(seen)
        except httpx.HTTPStatusError as error:
            seen.problems.append(f"{error.request.url} answered {error.response.status_code}")
        except httpx.HTTPError as error:
            seen.problems.append(f"{error.request.url}: {type(error).__name__}")
    return seen


def _look_at_bulk(stage: Stage, seen: Seen) -> None:
    for name in (*WHO, "operator"):
        seen.bulk[name] = _pages(stage, "bulk-tracker", "/v1/actions", who=name)
        for item in seen.bulk[name]:
            if item["report"]["state"] == "available":
                seen.reports[item["action_id"]] = _report(stage, name, item["action_id"])


def log_rows(stage: Stage) -> list[Json]:
    return _pages(stage, "action-logger", "/v1/content-actions")


def why(stage: Stage, attempt_id: str) -> list[Json]:
    """The rules that made an attempt what it is."""
    answer = _get(stage, "go1-stats-processor", f"/v1/attempts/{attempt_id}", {"portal_id": "acme"})
    return answer.raise_for_status().json()["why"]


def token(stage: Stage, service: str, who: str = "", seconds: int = 3600) -> str:
    """A token of the demo's own issuer: of a requester, or of an analyst who sees everything."""
    now = int(time.time())
    claims: Json = {"iss": ISSUER, "aud": service, "iat": now, "exp": now + seconds, "sub": "demo"}
    claims |= {"roles": ["analyst", "operator"], "portals": "*", "panoramas": "*"}
    if who == "operator":
        claims |= {"sub": "operator:demo", "roles": ["admin"], "portal_id": "orchard"}
    elif who:
        claims |= {"sub": WHO[who]["id"], "roles": [WHO[who]["role"]], "portal_id": PORTAL_OF[who]}
    return jwt.encode(claims, stage.secret, algorithm="HS256")


def _get(stage: Stage, service: str, path: str, query: dict[str, str], who: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token(stage, service, who)}"}
    return httpx.get(stage.urls[service] + path, params=query, headers=headers, timeout=10)


def _pages(stage: Stage, service: str, path: str, who: str = "", **query: str) -> list[Json]:
    items: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = _get(stage, service, path, {**query, **more, "limit": "200"}, who).raise_for_status().json()
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def _report(stage: Stage, who: str, action_id: str) -> list[list[str]]:
    """The rows of an error report, without its header."""
    answer = _get(stage, "bulk-tracker", f"/v1/actions/{action_id}/error-report", {}, who).raise_for_status()
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))[1:]
