"""Signing in by a launch token: who gets in, how long, and all the ways in which nobody does."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bulk_tracker.settings import Settings
from shared.mongo import Database
from tests.bulk_tracker.conftest import ISSUER, SECRET, Tracker, a_tracker, launch_token, token_of
from tests.bulk_tracker.facts import submitted


async def launched(tracker: Tracker, token: str) -> httpx.Response:
    return await tracker.client.post("/launch", data={"token": token})


async def test_a_launch_opens_a_session_that_shows_ones_own_actions(tracker: Tracker) -> None:
    await tracker.told(submitted())
    answer = await tracker.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-bulk-tracker-session=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= {each.strip() for each in cookie.split(";")}
    page = await tracker.client.get("/")
    assert page.status_code == 200
    assert "Upload users" in page.text
    assert "Signed in as</span> Ada" in page.text
    assert (await tracker.client.get("/v1/actions")).json()["items"][0]["action_id"] == "a-1"


async def test_a_launch_token_works_once(tracker: Tracker) -> None:
    token = launch_token()
    assert [(await launched(tracker, token)).status_code for _ in range(3)] == [303, 401, 401]


async def test_a_session_ends_after_half_an_hour_without_use_and_after_eight_hours_at_the_latest(
    tracker: Tracker,
) -> None:
    await tracker.sign_in()
    for _ in range(16):
        tracker.now += timedelta(minutes=29, seconds=59)
        assert (await tracker.client.get("/")).status_code == 200
    tracker.now += timedelta(minutes=5)
    assert (await tracker.client.get("/")).status_code == 401
    tracker.client.headers.pop("cookie")
    await tracker.sign_in()
    tracker.now += timedelta(minutes=30)
    assert (await tracker.client.get("/")).status_code == 401
    assert (await tracker.client.get("/v1/actions")).status_code == 401


async def test_what_the_page_fetches_by_itself_keeps_no_session_alive(tracker: Tracker) -> None:
    await tracker.sign_in()
    for _ in range(2):
        tracker.now += timedelta(minutes=14)
        assert (await tracker.client.get("/", headers={"X-Passive": "1"})).status_code == 200
    tracker.now += timedelta(minutes=3)
    assert (await tracker.client.get("/")).status_code == 401


async def test_signing_out_ends_the_session_on_the_server(tracker: Tracker) -> None:
    await tracker.sign_in()
    answer = await tracker.client.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert 'session=""; ' in answer.headers["set-cookie"]
    assert (await tracker.client.get("/")).status_code == 401


async def test_another_site_cannot_make_a_browser_forget_its_session(tracker: Tracker) -> None:
    assert "set-cookie" not in (await tracker.client.post("/logout")).headers


async def test_a_right_token_of_a_wrong_role_is_403_and_opens_nothing(tracker: Tracker) -> None:
    answer = await tracker.sign_in(roles=["learner"])
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


async def test_no_cookie_value_is_kept_and_no_token_is_taken_from_a_url(tracker: Tracker) -> None:
    answer = await tracker.sign_in()
    secret = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    sessions = str([each async for each in tracker.database["sessions"].find()])
    assert secret not in sessions
    tracker.client.headers.pop("cookie")
    assert (await tracker.client.post(f"/launch?token={launch_token()}")).status_code == 401
    assert (await tracker.client.get(f"/launch?token={launch_token()}")).status_code == 404


async def test_a_session_is_for_reading_the_api_only_and_never_beats_a_bad_bearer(tracker: Tracker) -> None:
    await tracker.sign_in()
    assert (await tracker.client.get("/v1/actions", headers={"Authorization": "Bearer x"})).status_code == 401


async def test_the_demo_sign_in_exists_in_development_on_loopback_only(
    database: Database, tracker_settings: Settings
) -> None:
    for settings, status in (
        ({"development": True}, 200),
        ({"development": True, "http_host": "0.0.0.0"}, 404),  # noqa: S104  the point of it
        ({"development": False}, 404),
    ):
        async with a_tracker(database, tracker_settings.model_copy(update=settings)) as tracker:
            await tracker.told(submitted())
            assert (await tracker.client.get("/dev/login")).status_code == status
            taken = await tracker.client.post("/dev/login", data={"user": "0"})
            assert taken.status_code == (303 if status == 200 else 405)
            if status == 200:
                assert "Secure" not in taken.headers["set-cookie"]
                assert "Upload users" in (await tracker.client.get("/")).text


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signed(header: dict[str, Any], **claims: Any) -> str:
    whole = jwt.decode(launch_token(**claims), options={"verify_signature": False})
    return jwt.encode(whole, SECRET, algorithm="HS256", headers=header)


def _without(name: str) -> str:
    claims = jwt.decode(launch_token(), options={"verify_signature": False})
    del claims[name]
    return jwt.encode(claims, SECRET, algorithm="HS256")


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _confused() -> str:
    public = (
        _key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return _by_hand(public)


def _by_hand(key: bytes, **claims: Any) -> str:
    """Sign what the library would not."""
    whole = jwt.decode(launch_token(), options={"verify_signature": False}) | claims
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(whole)}"
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).decode().rstrip("=")
    return f"{signed}.{signature}"


def _unsigned(algorithm: str) -> str:
    claims = jwt.decode(launch_token(), options={"verify_signature": False})
    return f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(claims)}."


def now() -> int:
    """When the attack is made: that may be many minutes after this module was read."""
    return int(time.time())


ATTACKS: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no token": lambda: "abc",
    "two parts": lambda: "a.b",
    "four parts": lambda: "a.b.c.d",
    "dots": lambda: "...",
    "binary": lambda: "\x00\xff.\x00.\x00",
    "unsigned": lambda: _unsigned("none"),
    "unsigned, other case": lambda: _unsigned("NoNe"),
    "unsigned HS256": lambda: _unsigned("HS256"),
    "other algorithm": lambda: jwt.encode(
        jwt.decode(launch_token(), options={"verify_signature": False}), SECRET, algorithm="HS512"
    ),
    "RS256": lambda: jwt.encode(
        jwt.decode(launch_token(), options={"verify_signature": False}), _key(), algorithm="RS256"
    ),
    "public key as secret": _confused,
    "another secret": lambda: jwt.encode(
        jwt.decode(launch_token(), options={"verify_signature": False}), "x" * 32, algorithm="HS256"
    ),
    "cut signature": lambda: launch_token()[:-4],
    "no signature": lambda: launch_token().rpartition(".")[0] + ".",
    "changed claims": lambda: ".".join(
        [(parts := launch_token().split("."))[0], _part({"sub": "u-eve", "aud": "bulk-tracker-launch"}), parts[2]]
    ),
    "own key in the header": lambda: _signed({"jwk": {"kty": "oct", "k": "eA"}}, iss="x"),
    "address of a key": lambda: _signed({"jku": "https://evil.example/jwks"}, iss="x"),
    "certificate": lambda: _signed({"x5u": "https://evil.example/c", "x5c": ["x"]}, iss="x"),
    "critical header": lambda: _signed({"crit": ["exp2"], "exp2": 1}),
    "kid as a path": lambda: _signed({"kid": "../../../dev/null"}, iss="x"),
    "expired": lambda: launch_token(iat=now() - 400, exp=now() - 300),
    "from the future": lambda: launch_token(iat=now() + 600, exp=now() + 700),
    "not yet valid": lambda: launch_token(nbf=now() + 600),
    "too long": lambda: launch_token(exp=now() + 600),
    "backwards": lambda: launch_token(iat=now() + 30, exp=now() + 10),
    "exp as text": lambda: launch_token(exp=str(now() + 60)),
    "exp as true": lambda: launch_token(exp=True),
    "exp without end": lambda: launch_token(exp=10**400),
    "iat as text": lambda: launch_token(iat="now"),
    "iat as list": lambda: launch_token(iat=[now()]),
    "without exp": lambda: _without("exp"),
    "without iat": lambda: _without("iat"),
    "without sub": lambda: _without("sub"),
    "without aud": lambda: _without("aud"),
    "without iss": lambda: _without("iss"),
    "without jti": lambda: _without("jti"),
    "token of the API": token_of,
    "launch of another service": lambda: launch_token(aud="action-logger-launch"),
    "aud as object": lambda: launch_token(aud={"bulk-tracker-launch": 1}),
    "other issuer": lambda: launch_token(iss=ISSUER + "/"),
    "issuers": lambda: _by_hand(SECRET.encode(), iss=[ISSUER]),
    "empty sub": lambda: launch_token(sub=""),
    "sub as object": lambda: launch_token(sub={"$ne": ""}),
    "jti as object": lambda: launch_token(jti={"$gt": ""}),
    "empty jti": lambda: launch_token(jti=""),
    "roles as text": lambda: launch_token(roles="admin"),
    "roles as numbers": lambda: launch_token(roles=[1]),
    "portal as list": lambda: launch_token(portal_id=["acme"]),
    "huge": lambda: launch_token(name="x" * 100_000),
    "deep": lambda: f"{_part({'alg': 'HS256'})}.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.x",
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_every_bad_launch_token_gets_the_same_answer_and_no_session(tracker: Tracker) -> None:
    assert len(ATTACKS) >= 40
    bodies: set[tuple[int, bytes, tuple[str, ...]]] = set()
    for name, make in ATTACKS.items():
        answer = await launched(tracker, make())
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False), name
        bodies.add((answer.status_code, answer.content, tuple(answer.headers)))
    assert len(bodies) == 1
    assert await tracker.database["sessions"].count_documents({}) == 0


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_every_bad_bearer_token_gets_the_same_answer(tracker: Tracker) -> None:
    bodies: set[bytes] = set()
    for name, make in ATTACKS.items():
        if name in {"token of the API", "without jti", "jti as object", "empty jti", "too long"} or "binary" in name:
            continue
        token = make()
        answer = await tracker.client.get("/v1/actions", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, name
        bodies.add(answer.content)
    assert len(bodies) == 1


async def test_a_launch_token_is_no_api_token_and_the_other_way_round(tracker: Tracker) -> None:
    answer = await tracker.client.get("/v1/actions", headers={"Authorization": f"Bearer {launch_token()}"})
    assert answer.status_code == 401
    assert (await launched(tracker, token_of())).status_code == 401
