"""The shell seen from outside: settings, health, tokens, problems, the end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from contracts import BulkActionStarted
from learnwire_local import free_port
from shared.service import utc_now
from tests.world import ISSUER, WAIT_SECONDS, Process, World, eventually

NAME = "bulk-tracker"


@pytest.fixture
async def world(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> AsyncGenerator[World]:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        yield world


class Module(Process):
    """The test's own service instead of a console script."""

    def start(self) -> None:
        with self.log_file.open("ab") as out:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.shared.shell_service"],
                env=self.environment,
                stdout=out,
                stderr=out,
                cwd=Path(__file__).parents[2],
            )


def start(world: World, **settings: str) -> Process:
    port = free_port()
    environment = world.environment(NAME, port) | settings
    process = Module(NAME, port, environment, world.folder / "shell.log")
    process.start()
    world.processes.append(process)
    return process


async def test_it_becomes_ready_consumes_and_ends_with_zero_on_sigterm(world: World) -> None:
    process = start(world)
    await world.ready(process)
    await world.publish(BulkActionStarted(action_id="a1", started_at=utc_now()))

    async def handled() -> list[dict[str, Any]]:
        return [each for each in process.log() if each["event"] == "batch.handled"]

    lines = await eventually(handled, "the batch")
    line = lines[0]
    assert {key: line[key] for key in ("level", "service", "records", "handled", "partitions")} == {
        "level": "info",
        "service": NAME,
        "records": 1,
        "handled": 1,
        "partitions": 1,
    }
    assert process.terminate() == 0
    assert [each["event"] for each in process.log()][-1] == "service.stopped"


async def test_health_needs_no_token_and_metrics_are_there(world: World) -> None:
    process = start(world)
    await world.ready(process)
    async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
        assert (await client.get("/livez")).json() == {"alive": True}
        assert (await client.get("/readyz")).json() == {"ready": True, "reasons": []}
        assert (await client.get("/version")).json()["service"] == NAME
        assert "learnwire_events_total" in (await client.get("/metrics")).text
        assert (await client.get("/openapi.json")).json()["openapi"].startswith("3.1")
        assert (await client.get("/asyncapi.json")).json()["asyncapi"].startswith("3.")


async def test_problems_are_problem_json_without_traces_or_values(world: World) -> None:
    process = start(world)
    await world.ready(process)
    async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
        cases: dict[str, tuple[int, str]] = {
            "/v1/no": (404, "Not Found"),
            "/v1/nowhere": (404, "Not Found"),
            "/v1/bug": (500, "Internal Server Error"),
            "/v1/list?unknown=1": (422, "Unprocessable request"),
            "/v1/list?limit=201": (422, "Unprocessable request"),
            "/v1/list?limit=x": (422, "Unprocessable request"),
            "/v1/list?cursor=nonsense": (422, "Unprocessable request"),
            "/v1/list?word=%00": (422, "Unprocessable request"),
        }
        for path, (status, title) in cases.items():
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["title"]) == (status, title), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            assert "jane" not in answer.text
            assert "Traceback" not in answer.text
        assert (await client.post("/v1/echo", content=b"{")).status_code == 422
        assert (await client.post("/v1/echo", content=b" " * 1_100_000)).status_code == 413
        assert (await client.get("/v1/list", headers={"x": "y" * 20_000})).status_code in {400, 431}
    assert "jane" not in process.log_file.read_text()


async def test_the_token_is_judged_before_anything_else_and_the_description_says_which_errors_there_are(
    world: World,
) -> None:
    process = start(world)
    await world.ready(process)
    async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
        bare = await client.get("/v1/whoami")
        asked_more = await client.get("/v1/whoami?unknown=1")
        assert (bare.status_code, bare.content) == (401, asked_more.content)
        said = (await client.get("/openapi.json")).json()
    responses = said["paths"]["/v1/echo"]["post"]["responses"]
    assert {"200", "400", "401", "403", "413", "422", "429", "500", "503"} == set(responses)
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert all(responses[each]["content"] == problem for each in responses if each != "200")
    assert said["components"]["securitySchemes"].keys() == {"token"}


async def test_an_empty_parameter_counts_as_absent_and_a_cursor_holds_with_its_filters_only(world: World) -> None:
    process = start(world)
    await world.ready(process)
    async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
        first = (await client.get("/v1/list?limit=&word=x&cursor=")).json()
        assert first["items"] == [1, 50]
        again = await client.get("/v1/list", params={"word": "x", "cursor": first["next_cursor"]})
        assert again.json()["items"] == [2, 50]
        other = await client.get("/v1/list", params={"word": "y", "cursor": first["next_cursor"]})
        assert other.status_code == 422


async def test_only_good_tokens_with_the_right_role_pass_and_all_bad_ones_get_the_same_answer(world: World) -> None:
    process = start(world)
    await world.ready(process)
    good = world.token(NAME, "admin", portals=["acme"], portal_id="acme")
    claims = jwt.decode(good, options={"verify_signature": False})

    def signed(key: str = world.secret, algorithm: str | None = "HS256", **changes: Any) -> str:
        return jwt.encode(claims | changes, key, algorithm=algorithm)

    def without(name: str) -> str:
        return jwt.encode({key: value for key, value in claims.items() if key != name}, world.secret, algorithm="HS256")

    now = claims["iat"]
    bad = [
        "nonsense",
        "a.b.c",
        good + "x",
        good[:-3],
        signed("another secret of thirty-two bytes!!"),
        signed("", None),
        signed(algorithm="HS512"),
        signed(iss="https://other.example"),
        signed(aud="action-logger"),
        signed(aud=[]),
        signed(exp=now - 120, iat=now - 600),
        signed(iat=now + 600, exp=now + 900),
        signed(exp=now + 7200),
        signed(exp=now),
        signed(sub=""),
        signed(sub=7),
        signed(iat="now"),
        signed(roles="admin"),
        signed(portals="acme"),
        signed(portal_id=7),
        *map(without, ("iss", "aud", "sub", "exp", "iat")),
        "x" * 20_000,
    ]
    async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:
        answer = await client.get("/v1/whoami", headers={"Authorization": f"Bearer {good}"})
        assert answer.json() == {"subject": "someone", "portals": ["acme"], "portal_id": "acme"}
        none = await client.get("/v1/whoami")
        assert none.status_code == 401
        for token in bad:
            refused = await client.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"})
            if refused.status_code == 431 or len(token) > 10_000:
                continue
            assert (refused.status_code, refused.content) == (401, none.content), token
        role = await client.get("/v1/whoami", headers={"Authorization": f"Bearer {world.token(NAME, 'instructor')}"})
        assert role.status_code == 403


async def test_more_than_sixty_requests_a_second_of_one_principal_are_refused_for_a_moment(world: World) -> None:
    process = start(world)
    await world.ready(process)
    asked = f"GET /v1/whoami HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {world.token(NAME, 'admin')}\r\n"

    async def a_burst() -> list[str]:
        # All in one write: what a client of ours would take to send them must not make them fewer than sixty a second.
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        writer.write((f"{asked}\r\n" * 199 + f"{asked}Connection: close\r\n\r\n").encode())
        answers = (await reader.read(-1)).decode().split("HTTP/1.1 ")[1:]
        writer.close()
        assert {each[:3] for each in answers} <= {"200", "429"}
        return [each.lower() for each in answers if each.startswith("429")]

    refused = await eventually(a_burst, "a request too many")
    assert all("retry-after: 1\r\n" in each for each in refused)


async def test_without_kafka_and_mongodb_it_is_alive_and_says_why_it_is_not_ready(world: World) -> None:
    process = start(
        world,
        LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}",
        LEARNWIRE_MONGO_URI=f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0",
    )
    async with httpx.AsyncClient(base_url=process.url, timeout=WAIT_SECONDS) as client:

        async def reasons() -> str:
            try:
                answer = await client.get("/readyz")
            except httpx.HTTPError:
                return ""
            return " ".join(answer.json()["reasons"]) if answer.status_code == 503 else ""

        await eventually(
            reasons, "both reasons", until=lambda found: "kafka: down" in found and "mongodb: down" in found
        )
        assert (await client.get("/livez")).status_code == 200
    assert process.terminate() == 0


def test_all_problems_with_the_settings_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"123")
    done = subprocess.run(
        [sys.executable, "-m", "tests.shared.shell_service"],
        env={
            "PATH": os.environ["PATH"],
            "LEARNWIRE_JWT_ISSUER": ISSUER,
            "LEARNWIRE_JWT_SECRET_FILE": str(tmp_path / "none"),
            "LEARNWIRE_PII_KEY_FILE": str(tmp_path / "short"),
            "LEARNWIRE_HTTP_PORT": "many",
            "LEARNWIRE_MONGO_URL": "mongodb://x",
        },
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 78
    assert "LEARNWIRE_JWT_SECRET_FILE: the file cannot be read" in done.stderr
    assert "LEARNWIRE_HTTP_PORT: " in done.stderr
    assert "LEARNWIRE_PII_KEY_FILE: exactly 32 raw bytes are needed" in done.stderr
    assert "LEARNWIRE_MONGO_URL: no such setting; did you mean LEARNWIRE_MONGO_URI?" in done.stderr


def test_a_key_of_the_wrong_length_is_a_clear_refusal(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"123")
    (tmp_path / "jwt").write_text("x" * 32)
    done = subprocess.run(
        [sys.executable, "-m", "tests.shared.shell_service"],
        env={
            "PATH": os.environ["PATH"],
            "LEARNWIRE_JWT_ISSUER": ISSUER,
            "LEARNWIRE_JWT_SECRET_FILE": str(tmp_path / "jwt"),
            "LEARNWIRE_PII_KEY_FILE": str(tmp_path / "short"),
        },
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (done.returncode, "exactly 32 raw bytes" in done.stderr) == (78, True)
