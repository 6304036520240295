"""A stand-in in a process of its own, and a client that knows its URLs."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.world import WAIT_SECONDS

CLIENT_ID = "learnwire-tests"
CLIENT_SECRET = "a secret of the tests"
DATA = "/services/data/v66.0"


class Api(httpx.Client):
    """An HTTP client that is logged in; paths that begin with a slash are the server's, others the API's."""

    def __init__(self, url: str) -> None:
        # Let go of before the stand-in, after five idle seconds, closes it under a request that is on its way.
        kept = httpx.Limits(keepalive_expiry=2)
        super().__init__(base_url=url, timeout=WAIT_SECONDS, verify=False, limits=kept)
        self.url = url

    def log_in(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        token = self.post("/services/oauth2/token", data=form).json()["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"
        return token

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.request(method, f"{DATA}/{path}", **more)

    def upsert(self, name: str, key_field: str, *records: dict[str, Any], all_or_none: bool = False) -> Any:
        body = {"allOrNone": all_or_none, "records": [{"attributes": {"type": name}, **record} for record in records]}
        return self.api("PATCH", f"composite/sobjects/{name}/{key_field}", json=body).json()

    def create(self, name: str, **fields: Any) -> str:
        answer = self.api("POST", f"sobjects/{name}", json=fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def user(self, name: str = "ann") -> str:
        return self.create("User", Username=f"{name}@example.com", LastName=name, Email=f"{name}@example.com")

    def contact(self, name: str = "Cole", **fields: Any) -> str:
        return self.create("Contact", LastName=name, **fields)

    def query(self, soql: str, *, verb: str = "query") -> Any:
        return self.api("GET", verb, params={"q": soql}).json()

    def records(self, soql: str, *, verb: str = "query") -> list[dict[str, Any]]:
        """All pages, without their attributes."""
        page = self.query(soql, verb=verb)
        found: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.get(page["nextRecordsUrl"]).json()
            found += page["records"]
        return [{name: value for name, value in one.items() if name != "attributes"} for one in found]

    def plant(self, kind: str, **more: Any) -> None:
        answer = self.post("/standin/faults", json={"kind": kind, **more})
        assert answer.status_code == 200, answer.text

    def calls(self) -> Any:
        return self.get("/standin/calls").json()


@contextmanager
def standin(folder: Path, *more: str) -> Generator[str]:
    """Start one on a free port; its URL."""
    secret = folder / "secret"
    secret.write_text(CLIENT_SECRET)
    command = ["--port", "0", "--client-id", CLIENT_ID, "--client-secret-file", str(secret), *more]
    process = start(command)
    try:
        line = (process.stdout.readline() if process.stdout else "").strip()
        assert line.startswith("salesforce-standin: "), line
        yield line.removeprefix("salesforce-standin: ")
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        if process.stdout:
            process.stdout.close()


def start(arguments: Sequence[str]) -> "subprocess.Popen[str]":
    command = [str(Path(sys.executable).parent / "salesforce-standin"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
