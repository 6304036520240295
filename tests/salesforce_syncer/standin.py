"""The stand-in as a process, and what tests ask of it: users and contacts through its API, rows as it keeps them."""

import contextlib
import subprocess
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.world import SCRIPTS, WAIT_SECONDS

CLIENT_ID = "learnwire-test"
SECRET = "not-a-secret-of-anybody"
DATA = "/services/data/v66.0"


@dataclass
class StandIn:
    """A running stand-in."""

    url: str
    folder: Path
    process: "subprocess.Popen[str]"
    http: httpx.Client = field(init=False)
    token: str | None = None
    made: int = 0

    def __post_init__(self) -> None:
        # Let go of before the stand-in, after five idle seconds, closes it under a request that is on its way.
        kept = httpx.Limits(keepalive_expiry=2)
        self.http = httpx.Client(base_url=self.url, timeout=WAIT_SECONDS, limits=kept)

    def settings(self) -> dict[str, str]:
        """Settings of a syncer that writes here, without LEARNWIRE_."""
        return {
            "SALESFORCE_LOGIN_URL": self.url,
            "SALESFORCE_CLIENT_ID": CLIENT_ID,
            "SALESFORCE_CLIENT_SECRET_FILE": str(self.folder / "client-secret"),
            "SALESFORCE_RECHECK_SECONDS": "1",
            "SALESFORCE_QUOTA_PROBE_SECONDS": "1",
            "SALESFORCE_PROOF_HOUR": "-1",
        }

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the real API, authorised."""
        answer = self.http.request(method, DATA + path, json=body, headers=self._authorised())
        if answer.status_code == 401:
            self.token = None
            answer = self.http.request(method, DATA + path, json=body, headers=self._authorised())
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _authorised(self) -> dict[str, str]:
        if self.token is None:
            form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
            self.token = self.http.post("/services/oauth2/token", data=form).json()["access_token"]
        return {"Authorization": f"Bearer {self.token}"}

    def user(self, name: str = "Ann") -> str:
        """Make a user; its id."""
        self.made += 1
        fields = {
            "Username": f"{name.lower()}{self.made}@example.com",
            "LastName": name,
            "Email": f"{name.lower()}{self.made}@example.com",
        }
        return self.api("POST", "/sobjects/User", fields)["id"]

    def contact(self, name: str = "Bob") -> str:
        """Make a contact; its id."""
        return self.api("POST", "/sobjects/Contact", {"LastName": name})["id"]

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the stand-in's own routes."""
        answer = self.http.request(method, f"/standin{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def rows(self, object_name: str) -> dict[str, dict[str, Any]]:
        """The rows of an object by their external key (users and contacts by id), without what Salesforce adds."""
        items: list[dict[str, Any]] = self.admin("GET", f"/rows/{object_name}")["rows"]
        return {_key(each): each for each in items}

    def total(self, object_name: str) -> int:
        """How many rows of an object there are, whatever their keys."""
        return self.admin("GET", f"/rows/{object_name}")["total"]

    def calls(self) -> dict[str, Any]:
        return self.admin("GET", "/calls")

    def zero(self) -> None:
        self.admin("DELETE", "/calls")

    def fault(self, kind: str, **more: Any) -> Any:
        return self.admin("POST", "/faults", {"kind": kind, **more})

    def heal(self) -> None:
        self.admin("DELETE", "/faults")


def _key(row: dict[str, Any]) -> str:
    keys = [value for name, value in row.items() if name.endswith("_Key__c")]
    return keys[0] if keys else row["Id"]


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Generator[StandIn]:
    """A stand-in of the test's own, ended afterwards."""
    secret = folder / "client-secret"
    secret.write_text(SECRET)
    command = [
        str(SCRIPTS / "salesforce-standin"),
        "--port",
        "0",
        "--client-id",
        CLIENT_ID,
        "--client-secret-file",
        str(secret),
        *options,
    ]
    with (folder / "standin.log").open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        standin = StandIn(first.strip().rpartition(" ")[2], folder, process)
        with standin.http:
            yield standin
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
