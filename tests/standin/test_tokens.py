"""The token endpoint: two flows, really checked."""

import time
from typing import Any

import jwt
import pytest

from tests.standin.running import CLIENT_ID, CLIENT_SECRET, DATA, Api

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USERNAME = "integration@learnwire.example"


def ask(salesforce: Api, key: str, **claims: Any) -> Any:
    told = {"iss": CLIENT_ID, "sub": USERNAME, "aud": "https://login.salesforce.com", "exp": int(time.time()) + 180}
    assertion = jwt.encode({**told, **claims}, key, algorithm="RS256")
    answer = salesforce.post("/services/oauth2/token", data={"grant_type": BEARER, "assertion": assertion})
    return answer.json()


def test_a_signed_assertion_is_answered_with_a_token_that_works(salesforce: Api, signing_key: str):
    granted = ask(salesforce, signing_key)
    assert set(granted) == {"access_token", "scope", "instance_url", "id", "token_type", "issued_at", "signature"}
    assert granted["instance_url"] == salesforce.url
    assert isinstance(granted["issued_at"], str)
    salesforce.headers["Authorization"] = f"Bearer {granted['access_token']}"
    assert salesforce.get("/services/oauth2/userinfo").json()["preferred_username"] == USERNAME


def test_the_command_line_may_write_milliseconds_and_the_instance_as_audience(salesforce: Api, signing_key: str):
    granted = ask(salesforce, signing_key, exp=int(time.time() * 1000) + 180_000, aud=salesforce.url)
    assert granted["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "somebody else"}, {"error": "invalid_client_id", "error_description": "client identifier invalid"}),
        ({"aud": "https://example.com"}, {"error": "invalid_grant", "error_description": "audience is invalid"}),
        (
            {"sub": "nobody@x.com"},
            {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
        ),
        ({"exp": 1}, {"error": "invalid_grant", "error_description": "expired authorization code"}),
        ({"exp": "soon"}, {"error": "invalid_grant", "error_description": "invalid assertion"}),
    ],
)
def test_an_assertion_that_is_wrong_is_refused(salesforce: Api, signing_key: str, claims: Any, error: Any):
    assert ask(salesforce, signing_key, **claims) == error


def test_an_assertion_signed_by_another_key_is_refused(salesforce: Api):
    told = {"iss": CLIENT_ID, "sub": USERNAME, "aud": salesforce.url, "exp": int(time.time()) + 60}
    assertion = jwt.encode(told, "a shared secret of thirty-two bytes", algorithm="HS256")
    answer = salesforce.post("/services/oauth2/token", data={"grant_type": BEARER, "assertion": assertion})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "invalid assertion"},
    )


def test_client_credentials_come_in_the_form_or_as_basic(salesforce: Api):
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    first = salesforce.post("/services/oauth2/token", data=form).json()
    basic = salesforce.post(
        "/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=(CLIENT_ID, CLIENT_SECRET)
    )
    assert first["api_instance_url"] == basic.json()["instance_url"] == salesforce.url


def test_a_wrong_secret_is_refused_and_not_to_be_stored(salesforce: Api):
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": "guess"}
    answer = salesforce.post("/services/oauth2/token", data=form)
    assert answer.status_code == 400
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {"error": "invalid_client", "error_description": "invalid client credentials"}


def test_without_a_token_the_api_is_closed_and_its_versions_are_open(salesforce: Api):
    del salesforce.headers["Authorization"]
    closed = salesforce.get(f"{DATA}/limits")
    assert (closed.status_code, closed.json()) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )
    versions = salesforce.get("/services/data").json()
    assert {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"} in versions
