"""The probe that customers run against a real org: against the stand-in it must find no difference, and leave nothing behind."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.standin.running import CLIENT_ID, CLIENT_SECRET, Api

PROBE = Path(__file__).parents[2] / "ops/salesforce/probe"


def probe(salesforce: Api, tmp_path: Path, *more: str) -> Any:
    secret = tmp_path / "secret"
    secret.write_text(CLIENT_SECRET)
    login = ["--url", salesforce.url, "--client-id", CLIENT_ID, "--client-secret-file", str(secret)]
    done = subprocess.run(
        [sys.executable, str(PROBE), *login, "--json", *more], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_the_stand_in_does_what_the_probe_says_it_does(salesforce: Api, tmp_path: Path):
    status, told = probe(salesforce, tmp_path, "--write")
    assert [one for one in told["findings"] if not one["same"]] == []
    assert (status, told["left_behind"], told["calls"] <= 70) == (0, 0, True)
    objects = ("LearnUpon_Portal__c", "LearnUpon_Portal_Membership__c", "LearnUponEnrollment__c")
    assert [salesforce.get(f"/standin/rows/{name}").json()["total"] for name in objects] == [0, 0, 0]


def test_it_writes_nothing_unless_it_is_told_to(salesforce: Api, tmp_path: Path):
    status, told = probe(salesforce, tmp_path)
    assert (status, told["left_behind"], salesforce.calls()["written"]) == (0, 0, {})


def test_it_says_where_an_org_differs(salesforce: Api, tmp_path: Path):
    salesforce.plant("error", calls=["query"], status=400, code="ANOTHER_CODE")
    status, told = probe(salesforce, tmp_path)
    (different,) = (one for one in told["findings"] if not one["same"])
    assert (status, different["org"]) == (1, "request refused: 400 ANOTHER_CODE")
