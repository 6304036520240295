"""jsforce and Salesforce's own command line work against the stand-in; `make standin-clients` installs and runs them."""

import json
import os
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.standin.running import CLIENT_ID, CLIENT_SECRET, Api, standin

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "build/standin-clients"
MODULES = INSTALLED / "node_modules/.bin"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (MODULES / "sf").exists(), reason="not installed; make standin-clients does it"),
]
OBJECT = "LearnUponEnrollment__c"


def test_jsforce_upserts_queries_deletes_and_loads_in_bulk(salesforce: Api):
    salesforce.post("/standin/settings", json={"page_size": 100, "daily": 5000})
    command = ["node", str(INSTALLED / "jsforce.mjs"), salesforce.url, CLIENT_ID, CLIENT_SECRET]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "instanceUrl": salesforce.url,
        "upserted": 450,
        "queried": 450,
        "limits": 5000,
        "deleted": 3,
        "refused": "NUMBER_OUTSIDE_VALID_RANGE",
        "bulk": [5, 1, 0],
        "afterRefresh": 450,
        "refreshed": 1,
        "described": True,
    }
    assert salesforce.calls()["kinds"]["collections.upsert"] == 4


class CommandLine:
    """The `sf` command, logged in to an org of its own."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.variables = {
            "PATH": f"{MODULES}:{os.environ['PATH']}",
            "HOME": str(home),
            "SF_DISABLE_TELEMETRY": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
            "SF_ORG_METADATA_REST_DEPLOY": "true",
        }

    def run(self, *arguments: str) -> Any:
        command = ["sf", *arguments, "--json"]
        folder = ROOT / "ops/salesforce"
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=240, check=False, env=self.variables, cwd=folder
        )
        return json.loads(done.stdout)


@pytest.fixture
def command_line(tmp_path: Path, signing_key: str, public_key_file: Path) -> Generator[CommandLine]:
    """In an org with the standard objects alone."""
    key = tmp_path / "private.pem"
    key.write_text(signing_key)
    with standin(tmp_path, "--bare", "--public-key-file", str(public_key_file)) as url:
        sf = CommandLine(url, tmp_path)
        told = sf.run(
            "org", "login", "jwt", "--client-id", CLIENT_ID, "--jwt-key-file", str(key), "--username",
            "integration@learnwire.example", "--instance-url", url, "--alias", "standin",
        )  # fmt: skip
        assert told["status"] == 0, told
        yield sf


def test_sf_deploys_the_project_and_works_with_what_it_deployed(command_line: CommandLine, tmp_path: Path):
    deployed = command_line.run("project", "deploy", "start", "--source-dir", "force-app", "--target-org", "standin")
    assert (deployed["status"], deployed["result"]["status"]) == (0, "Succeeded"), deployed
    assert deployed["result"]["numberComponentErrors"] == 0
    described = command_line.run("sobject", "describe", "--sobject", OBJECT, "--target-org", "standin")
    assert "Enrollment_Key__c" in {field["name"] for field in described["result"]["fields"]}
    table = tmp_path / "rows.csv"
    table.write_text("Enrollment_Key__c,Score__c\n" + "".join(f"sf:{number},{number}\n" for number in range(300)))
    loaded = command_line.run(
        "data", "upsert", "bulk", "--sobject", OBJECT, "--external-id", "Enrollment_Key__c", "--file", str(table), "--wait", "2",
        "--target-org", "standin",
    )  # fmt: skip
    assert loaded["result"]["jobInfo"]["numberRecordsFailed"] == 0, loaded
    found = command_line.run(
        "data", "query", "--query", "SELECT COUNT() FROM LearnUponEnrollment__c", "--target-org", "standin"
    )
    assert found["result"]["totalSize"] == 300
    limits = command_line.run("org", "list", "limits", "--target-org", "standin")
    assert "DailyApiRequests" in {one["name"] for one in limits["result"]}


def test_sf_shows_what_is_wrong_with_a_deployment(command_line: CommandLine):
    alone = ROOT / "ops/salesforce/force-app/main/default/permissionsets"
    deployed = command_line.run("project", "deploy", "start", "--source-dir", str(alone), "--target-org", "standin")
    problems = [one["problem"] for one in deployed["result"]["details"]["componentFailures"]]
    assert deployed["result"]["status"] == "Failed"
    assert "In field: object - no CustomObject named LearnUpon_Portal__c found" in problems
