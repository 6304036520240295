"""Bulk API 2.0: CSV in, CSV out, results in no order."""

import csv
import io
import time
from typing import Any

import pytest

from tests.standin.running import Api
from tests.world import WAIT_SECONDS

OBJECT = "LearnUponEnrollment__c"
JOB = {"object": OBJECT, "operation": "upsert", "externalIdFieldName": "Enrollment_Key__c", "contentType": "CSV"}


def finish(salesforce: Api, kind: str, job: str) -> Any:
    """Poll until the job is over."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        told = salesforce.api("GET", f"jobs/{kind}/{job}").json()
        if told["state"] in {"JobComplete", "Failed", "Aborted"}:
            return told
    raise AssertionError("the job never ended")


def ingest(salesforce: Api, text: str, **job: Any) -> Any:
    opened = salesforce.api("POST", "jobs/ingest", json={**JOB, "lineEnding": "LF", **job}).json()
    url = f"jobs/ingest/{opened['id']}"
    assert (opened["state"], opened["contentUrl"]) == ("Open", f"services/data/v66.0/{url}/batches")
    uploaded = salesforce.api("PUT", f"{url}/batches", content=text.encode(), headers={"Content-Type": "text/csv"})
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    assert salesforce.api("PATCH", url, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return finish(salesforce, "ingest", opened["id"])


def results(salesforce: Api, job: Any, which: str) -> list[dict[str, str]]:
    answer = salesforce.api("GET", f"jobs/ingest/{job['id']}/{which}/")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_good_rows_are_written_and_bad_ones_say_why(salesforce: Api):
    text = "Enrollment_Key__c,Score__c,Course_Name__c\na:1,80,Safety\na:2,1000,\na:3,many,\na:4,,x\n"
    job = ingest(salesforce, text)
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 4, 2)
    good = {one["Enrollment_Key__c"]: one["sf__Created"] for one in results(salesforce, job, "successfulResults")}
    assert good == {"a:1": "true", "a:4": "true"}
    bad = {
        one["Enrollment_Key__c"]: one["sf__Error"].partition(":")[0]
        for one in results(salesforce, job, "failedResults")
    }
    assert bad == {"a:2": "NUMBER_OUTSIDE_VALID_RANGE", "a:3": "INVALID_TYPE_ON_FIELD_IN_RECORD"}
    assert salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"] == 2


def test_an_empty_cell_leaves_a_field_and_a_mark_clears_it(salesforce: Api):
    salesforce.upsert(OBJECT, "Enrollment_Key__c", {"Enrollment_Key__c": "a:1", "Score__c": 5, "Course_Name__c": "x"})
    ingest(salesforce, "Enrollment_Key__c,Score__c,Course_Name__c\na:1,#N/A,\n")
    assert salesforce.records("SELECT Score__c, Course_Name__c FROM LearnUponEnrollment__c") == [
        {"Score__c": None, "Course_Name__c": "x"}
    ]


def test_parents_are_named_by_their_keys(salesforce: Api):
    salesforce.upsert("LearnUpon_Portal_Membership__c", "Membership_Key__c", {"Membership_Key__c": "a:m"})
    job = ingest(salesforce, "Enrollment_Key__c,Membership__r.Membership_Key__c\na:1,a:m\na:2,a:n\n")
    (bad,) = results(salesforce, job, "failedResults")
    assert bad["sf__Error"] == (
        "INVALID_FIELD:Foreign key external ID: a:n not found for field Membership_Key__c in entity "
        "LearnUpon_Portal_Membership__c:--"
    )
    assert (
        salesforce.records("SELECT Membership__r.Membership_Key__c FROM LearnUponEnrollment__c")[0]["Membership__r"][
            "Membership_Key__c"
        ]
        == "a:m"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Enrollment_Key__c\r\na:1\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("Enrollment_Key__c,Nope__c\na:1,2\n", "InvalidBatch : Field name not found : Nope__c"),
        ("", "InvalidBatch : The 'header' row is missing"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_job(salesforce: Api, text: str, message: str):
    job = ingest(salesforce, text)
    assert (job["state"], job["errorMessage"]) == ("Failed", message)


def test_a_job_that_fails_half_way_says_what_it_did_not_touch(salesforce: Api):
    salesforce.plant("bulk_failed", rows=200)
    job = ingest(salesforce, "Enrollment_Key__c\n" + "".join(f"a:{number}\n" for number in range(500)))
    counts = [
        len(results(salesforce, job, which)) for which in ("successfulResults", "failedResults", "unprocessedrecords")
    ]
    assert (job["state"], counts) == ("Failed", [200, 0, 300])


def test_a_stuck_job_can_be_aborted(salesforce: Api):
    salesforce.plant("bulk_stuck")
    job = salesforce.api("POST", "jobs/ingest", json=JOB).json()["id"]
    salesforce.api("PUT", f"jobs/ingest/{job}/batches", content=b"Enrollment_Key__c\na:1\n")
    salesforce.api("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
    assert salesforce.api("PATCH", f"jobs/ingest/{job}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert salesforce.api("DELETE", f"jobs/ingest/{job}").status_code == 204


def test_rows_can_be_deleted_in_bulk(salesforce: Api):
    made = salesforce.upsert(
        OBJECT, "Enrollment_Key__c", *({"Enrollment_Key__c": f"a:{number}"} for number in range(3))
    )
    text = "Id\n" + "".join(f"{one['id']}\n" for one in made)
    job = ingest(salesforce, text, operation="delete", externalIdFieldName=None)
    assert (
        job["numberRecordsFailed"],
        salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"],
    ) == (0, 0)


def test_a_query_job_gives_its_rows_page_by_page(salesforce: Api):
    salesforce.upsert(
        OBJECT,
        "Enrollment_Key__c",
        *({"Enrollment_Key__c": f"a:{number}", "Enrolled_At__c": "2026-11-01T00:00:00Z"} for number in range(3)),
    )
    soql = "SELECT Enrollment_Key__c, Enrolled_At__c, Membership__r.Membership_Key__c FROM LearnUponEnrollment__c"
    job = salesforce.api("POST", "jobs/query", json={"operation": "query", "query": soql}).json()
    assert finish(salesforce, "query", job["id"])["numberRecordsProcessed"] == 3
    first = salesforce.api("GET", f"jobs/query/{job['id']}/results", params={"maxRecords": 2})
    assert (first.headers["Sforce-Locator"], first.headers["Sforce-NumberOfRecords"]) == ("2", "2")
    assert first.text.splitlines()[:2] == [
        '"Enrollment_Key__c","Enrolled_At__c","Membership__r.Membership_Key__c"',
        '"a:0","2026-11-01T00:00:00.000Z",""',
    ]
    last = salesforce.api("GET", f"jobs/query/{job['id']}/results", params={"maxRecords": 2, "locator": "2"})
    assert (last.headers["Sforce-Locator"], len(last.text.splitlines())) == ("null", 2)
