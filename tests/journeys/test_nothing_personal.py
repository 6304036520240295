"""Planted addresses, names and tokens go every way through all services, and are in no log, metric or dead-letter header.

What is planted is made of words that stand nowhere else; what is searched is what an operator's tools keep: the
processes' output whole, `/metrics`, and the `dlq-*` headers.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from contracts.catalog import DEAD_LETTERS, EVENTS, SERVICES
from contracts.envelope import Envelope
from contracts.learners import LearnerErased
from contracts.types import instant
from contracts.wire import decode
from tests.bulk_tracker.mailbox import Mailbox, a_mailbox
from tests.journeys.whole import START_SECONDS, Whole, learner, linked, portal, whole
from tests.world import eventually

WORD = "zyxplanted"
ADDRESS = f"{WORD}.person@{WORD}.example"
NAME = f"{WORD.title()} Name"
TOKEN = f"{WORD}-token.{WORD}.{WORD}"
PERSONAL = {"email", "former_emails", "first_name", "last_name", "name", "identifier", "issue", "resolution", "message", "file_names", "decided_by"}  # fmt: skip


def examples() -> Iterator[tuple[str, Any]]:
    for event_type in EVENTS:
        for each in sorted((files("contracts") / "examples" / event_type).iterdir(), key=lambda one: one.name):
            yield event_type, json.loads(each.read_text(encoding="utf-8"))


def planted(value: Any, field: str = "") -> Any:
    """The same with what is personal exchanged; what a field must be like, it stays."""
    if isinstance(value, dict):
        return {name: planted(inner, name) for name, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [planted(each, field) for each in cast("list[Any]", value)]
    if not isinstance(value, str) or field not in PERSONAL:
        return value
    return ADDRESS if "@" in value or field in {"email", "former_emails"} else NAME


def everywhere(value: Any) -> Any:
    """An address in the place of every text: nothing of it is valid, and no detail may say what was there."""
    if isinstance(value, dict):
        return {name: everywhere(inner) for name, inner in cast("dict[str, Any]", value).items()} | {ADDRESS: NAME}
    if isinstance(value, list):
        return [everywhere(each) for each in cast("list[Any]", value)]
    return f"{NAME} <{ADDRESS}>" if isinstance(value, str) else value


def record(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


async def plant_events(one: Whole) -> None:
    world = one.world
    for event_type, example in examples():
        topic = EVENTS[event_type].TOPIC
        good = {**example, "data": planted(example.get("data"))}
        bad = {**example, "id": f"bad-{event_type}", "data": everywhere(example.get("data"))}
        again = {**good, "data": {**good["data"], "course_name": "other", "content_title": NAME}}
        for each in (good, bad, again, {**example, "type": f"{WORD}.unknown.v1"}):
            headers = [("ce_id", b"x"), ("authorization", TOKEN.encode()), (NAME, ADDRESS.encode())]
            await world.publish_raw(topic, record(each), key=ADDRESS.encode(), headers=headers, wait=False)
        for value in (None, ADDRESS.encode(), b"\xff" + TOKEN.encode(), b'{"id": "' + ADDRESS.encode() + b'"'):
            await world.publish_raw(topic, value, key=NAME.encode(), wait=False)
        binary = [("ce_specversion", b"1.0"), ("ce_id", ADDRESS.encode() * 9), ("ce_type", event_type.encode()), ("ce_time", NAME.encode())]  # fmt: skip
        await world.publish_raw(topic, TOKEN.encode(), headers=binary, wait=False)
        odd = {**example, "source": f"{NAME}\n", "traceparent": TOKEN, "correlationid": f"{NAME}\n{ADDRESS}"}
        await world.publish_raw(topic, record(odd), wait=False)
    await world.flush()


async def plant_requests(one: Whole) -> None:
    bad_input = {"limit": ADDRESS, "cursor": TOKEN, ADDRESS: NAME, "from": ADDRESS, "q": ADDRESS, "email": ADDRESS}
    async with httpx.AsyncClient(timeout=60) as client:
        for name, process in one.services.items():
            good = {"authorization": f"Bearer {one.world.token(name, 'operator', 'admin', subject=ADDRESS, portal_id='acme')}"}  # fmt: skip
            paths = [each for each in (await client.get(f"{process.url}/openapi.json")).json()["paths"] if "{" not in each]  # fmt: skip
            bad: tuple[dict[str, str], ...] = (
                {"authorization": f"Bearer {TOKEN}"},
                {"cookie": f"session={TOKEN}"},
                good,
            )
            for path in (*paths, f"/v1/{WORD}/{TOKEN}", f"/{ADDRESS}", f"/v1/actions/{ADDRESS}"):
                for headers in bad:
                    more = {**headers, "traceparent": TOKEN, "x-name": ADDRESS}
                    await client.get(process.url + path, params=bad_input, headers=more)
                await client.post(process.url + path, headers=good, content=f'{{"{ADDRESS}": "{TOKEN}"')
            await client.post(f"{process.url}/launch", data={"token": TOKEN, ADDRESS: NAME})
            await client.request("BREW", f"{process.url}/{ADDRESS}", headers={"cookie": f"__Host-x={TOKEN}"})


async def kept(one: Whole) -> dict[str, str]:
    """All that operators' tools keep, by where it was found."""
    found: dict[str, str] = {}
    for name, process in one.services.items():
        found[f"log of {name}"] = process.log_file.read_text(errors="replace")
        async with httpx.AsyncClient(timeout=60) as client:
            found[f"metrics of {name}"] = (await client.get(f"{process.url}/metrics")).text
    for topic in DEAD_LETTERS:
        records = await one.world.records(topic.name)
        assert records, topic.name
        found[topic.name] = "\n".join(
            f"{name}: {value!r}" for each in records for name, value in each.headers if name.startswith("dlq-")
        )
    return found


@pytest.mark.timeout(600)
async def test_what_is_personal_is_in_no_log_no_metric_and_no_header_of_dead_letters(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    mailbox = Mailbox(answers=[f"550 5.1.1 <{ADDRESS}>: {NAME} unknown", f"451 4.3.0 {ADDRESS} busy"])
    async with a_mailbox(mailbox):
        tracker = {"SMTP_URL": mailbox.url, "MAIL_FROM": "tracker@lms.example", "PUBLIC_URL": "http://127.0.0.1:1"}
        noisy = {"LOG_LEVEL": "debug", "BREAKER_PERCENT": "100"}
        settings = {name.replace("-", "_"): dict(noisy) for name in SERVICES}
        settings["bulk_tracker"] |= tracker
        async with whole(kafka, mongo_uri, used_prefixes, tmp_path, **settings) as one:
            user = one.standin.user(WORD)
            one.standin.fault(
                "row_error", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message=f"{NAME} <{ADDRESS}> is bad"
            )
            one.standin.fault("error", status=500, code="UNKNOWN_EXCEPTION", message=f"{ADDRESS} {TOKEN}")
            await one.world.publish(portal(), learner(email=ADDRESS, first_name=NAME), linked(user))
            await plant_events(one)
            erased = LearnerErased(portal_id="acme", learner_id="ada", email=ADDRESS, erased_at=instant("2026-11-22T00:00:00Z"))  # fmt: skip
            await one.world.publish(erased)
            await plant_requests(one)
            await eventually(one.all_read, "all to be read", seconds=2 * START_SECONDS)
            one.standin.heal()
            found = await kept(one)
    leaks = {
        where: [line[:300] for line in text.splitlines() if WORD in line.casefold()][:3]
        for where, text in found.items()
        if WORD in text.casefold()
    }
    assert leaks == {}
    assert all('"event.dead_lettered"' in found[f"log of {name}"] for name in SERVICES)


def test_the_planted_events_are_good_where_they_should_be() -> None:
    """Else nothing would be looked at but refusals."""
    good = 0
    for event_type, example in examples():
        value = record({**example, "data": planted(example.get("data"))})
        try:
            good += isinstance(decode(value, [], reads=EVENTS), Envelope)
        except Exception:  # noqa: BLE001, S112  examples of what is refused
            continue
        assert event_type
    assert good >= 2 * len(EVENTS)
