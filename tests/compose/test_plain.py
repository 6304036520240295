"""docker-compose.dev.yml, the plain variant; skipped, with the reason, where no engine or no images are at hand."""

import asyncio
import json
from collections.abc import Generator, Mapping
from typing import Any

import httpx
import pytest

from contracts import catalog
from contracts.publisher import Publisher
from tests.compose.stack import SERVICES, Stack, why_not
from tests.world import eventually

WHEN = "2026-11-20T08:00:00Z"
LEARNER = {"portal_id": "acme", "learner_id": "l1"}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    (
        "portal.connected",
        {"portal_id": "acme", "name": "Acme", "url": "https://acme.example", "connected_at": WHEN, "version": 1},
    ),
    (
        "learner.linked",
        LEARNER
        | {"salesforce_kind": "contact", "salesforce_id": "{contact}", "via": "contact_imported", "linked_at": WHEN},
    ),
    (
        "enrollment.changed",
        LEARNER
        | {"enrollment_id": "e1", "course_id": "c1", "course_name": "Safety", "status": "in_progress"}
        | {"enrolled_at": WHEN, "version": 1},
    ),
    (
        "content-action.recorded",
        {"email": "ann@acme.example", "content_type": "course", "content_title": "Safety"}
        | {"type": "enrollment", "source": "public", "timestamp": WHEN},
    ),
]

pytestmark = pytest.mark.engine


def token(stack: Stack, service: str, role: str) -> str:
    done = stack.compose(
        "exec", "-T", "-e", "LEARNWIRE_DEVELOPMENT=true", service, "learnwire", "token", service, "--role", role
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def stack() -> Generator[Stack]:
    if (reason := why_not()) is not None:
        pytest.skip(f"compose: {reason}")
    stack = Stack("docker-compose.dev.yml")
    try:
        up = stack.compose("up", "-d", "--build", "--wait")
        assert up.returncode == 0, up.stderr[-3000:]
        yield stack
    finally:
        stack.compose("down", "-v", "--timeout", "5")


async def answer(url: str, *, token: str | None = None, params: Mapping[str, str] | None = None) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await client.get(url, headers=headers, params=params, timeout=10)


async def test_all_four_are_ready_after_up_wait(stack: Stack) -> None:
    for service in SERVICES:
        ready = await eventually(
            lambda service=service: answer(f"{stack.url(service)}/readyz"),
            "ready",
            until=lambda found: found.status_code == 200,
        )
        assert ready.json() == {"ready": True, "reasons": []}


async def test_events_from_the_host_reach_the_report_and_salesforce(stack: Stack) -> None:
    standin = f"http://127.0.0.1:{stack.environment['STANDIN_PORT']}"
    secret = stack.compose("exec", "-T", "salesforce-syncer", "cat", "/run/learnwire/salesforce.secret").stdout.strip()
    async with httpx.AsyncClient(base_url=standin) as org:
        form = {"grant_type": "client_credentials", "client_id": "learnwire", "client_secret": secret}
        granted = (await org.post("/services/oauth2/token", data=form)).json()
        org.headers["Authorization"] = f"Bearer {granted['access_token']}"
        contact = (await org.post("/services/data/v66.0/sobjects/Contact", json={"LastName": "Solberg"})).json()["id"]
        async with Publisher(f"127.0.0.1:{stack.environment['KAFKA_PORT']}", source="/lms/acme") as publisher:
            for name, data in EVENTS:
                said = json.dumps(data).replace("{contact}", contact)
                await publisher.send(catalog.EVENTS[f"learnwire.{name}.v1"].model_validate_json(said))
        query = {"q": "SELECT Course_Name__c, Status__c, Contact__c FROM LearnUponContactEnrollment__c"}
        found = await eventually(
            lambda: org.get("/services/data/v66.0/query", params=query),
            "the row",
            until=lambda each: each.json().get("totalSize") == 1,
        )
    row = found.json()["records"][0]
    assert (row["Course_Name__c"], row["Status__c"], row["Contact__c"][:15]) == ("Safety", "in_progress", contact[:15])
    bearer = await asyncio.to_thread(token, stack, "action-logger", "analyst")
    page = await answer(f"{stack.url('action-logger')}/v1/content-actions", token=bearer)
    assert [each["email"] for each in page.json()["items"]] == ["ann@acme.example"]


async def test_services_stop_with_zero(stack: Stack) -> None:
    await asyncio.to_thread(stack.compose, "stop", *SERVICES)
    states = await asyncio.to_thread(stack.states)
    assert {each["Service"]: each["ExitCode"] for each in states if each["Service"] in SERVICES} == dict.fromkeys(
        SERVICES, 0
    )
