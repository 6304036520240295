"""One org over HTTP: how to get in, how to ask, and tidying up afterwards."""

import argparse
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import jwt

VERSION = "v66.0"
_ASSERTION_SECONDS = 180
_MOST_IDS = 200
_OK = 200


class Org:
    """Keys that it makes begin with `probe-`; what was made under them is deleted at the end."""

    def __init__(self, client: httpx.Client, user_id: str) -> None:
        self._client = client
        self._run = f"probe-{secrets.token_hex(4)}"
        self._made: set[str] = set()
        self.user_id = user_id
        self.calls = 0

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        self.calls += 1
        return self._client.request(method, f"/services/data/{VERSION}/{path}", **more)

    def key(self, name: str) -> str:
        return f"{self._run}:{name}-{secrets.token_hex(3)}"

    def upsert(self, name: str, key_field: str, *records: dict[str, Any], all_or_none: bool = False) -> httpx.Response:
        body = {"allOrNone": all_or_none, "records": [{"attributes": {"type": name}, **record} for record in records]}
        answer = self.call("PATCH", f"composite/sobjects/{name}/{key_field}", json=body)
        if answer.status_code == _OK:
            self._made.update(one["id"] for one in answer.json() if one["success"])
        return answer

    def make(self, name: str, key_field: str) -> str:
        """A row to play with; its id."""
        return self.upsert(name, key_field, {key_field: self.key("made")}).json()[0]["id"]

    def delete(self, row_id: str) -> httpx.Response:
        self._made.discard(row_id)
        return self.call("DELETE", "composite/sobjects", params={"ids": row_id, "allOrNone": "false"})

    def query(self, soql: str) -> list[dict[str, Any]]:
        return self.call("GET", "query", params={"q": soql}).json()["records"]

    def outcome(self, answer: httpx.Response) -> str:
        """Of a whole request."""
        if answer.is_success:
            return f"accepted: {answer.status_code}"
        try:
            return f"request refused: {answer.status_code} {answer.json()[0]['errorCode']}"
        except (ValueError, KeyError, IndexError, TypeError):
            return f"request refused: {answer.status_code}, not in JSON"

    def row_outcome(self, answer: httpx.Response, index: int) -> str:
        """Of one row; of the request where that was refused."""
        if answer.status_code != _OK:
            return self.outcome(answer)
        return str(self.row_error(answer, index).get("statusCode", "written"))

    def row_error(self, answer: httpx.Response, index: int) -> dict[str, Any]:
        if answer.status_code != _OK:
            return {}
        result = answer.json()[index]
        return {} if result["success"] else result["errors"][0]

    def tidy(self) -> int:
        """Delete what was made; how many rows are left behind."""
        left = sorted(self._made)
        failed = 0
        for start in range(0, len(left), _MOST_IDS):
            ids = ",".join(left[start : start + _MOST_IDS])
            answer = self.call("DELETE", "composite/sobjects", params={"ids": ids, "allOrNone": "false"})
            failed += sum(not one["success"] for one in answer.json())
        return failed


def log_in(options: argparse.Namespace) -> Org:
    """By an access token, a client secret, or a signed assertion."""
    client = httpx.Client(timeout=60)
    base = options.url.rstrip("/")
    if options.token_file:
        granted = {"access_token": options.token_file.read_text().strip(), "instance_url": base}
    else:
        answer = client.post(f"{base}/services/oauth2/token", data=_form(options))
        if not answer.is_success:
            raise SystemExit(f"salesforce-probe: the org refused to let us in: {answer.text[:300]}")
        granted = answer.json()
    client.base_url = granted["instance_url"]
    client.headers["Authorization"] = f"Bearer {granted['access_token']}"
    told = client.get("/services/oauth2/userinfo")
    if not told.is_success:
        raise SystemExit(f"salesforce-probe: the token is not accepted: {told.status_code}")
    return Org(client, told.json()["user_id"])


def _form(options: argparse.Namespace) -> dict[str, str]:
    if options.client_secret_file:
        secret = options.client_secret_file.read_text().strip()
        return {"grant_type": "client_credentials", "client_id": options.client_id, "client_secret": secret}
    if not (options.key_file and options.username):
        raise SystemExit(
            "salesforce-probe: say how to log in: --token-file, --client-secret-file, or --key-file with --username"
        )
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": _assertion(options, options.key_file),
    }


def _assertion(options: argparse.Namespace, key_file: Path) -> str:
    claims = {
        "iss": options.client_id,
        "sub": options.username,
        "aud": options.audience,
        "exp": int(time.time()) + _ASSERTION_SECONDS,
    }
    return jwt.encode(claims, key_file.read_text(), algorithm="RS256")
