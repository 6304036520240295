"""simple-salesforce, the client most Python programs use, works against the stand-in as it is."""

from typing import Any

import pytest
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from tests.standin.running import Api

OBJECT = "LearnUponEnrollment__c"


class PlainHttp(HTTPAdapter):
    """The library knows only https://; the stand-in speaks plain HTTP on loopback."""

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, *args, **more)


@pytest.fixture
def client(salesforce: Api) -> Any:
    session = Session()
    session.mount("https://127.0.0.1", PlainHttp())
    token = salesforce.log_in()
    host = salesforce.url.removeprefix("http://")
    return Salesforce(instance=host, session_id=token, session=session, version="66.0")


def test_it_writes_reads_changes_and_deletes_rows(client: Any):
    contact = client.Contact.create({"LastName": "O'Brien", "Email": "a+b@example.com"})["id"]
    assert client.Contact.update(contact, {"FirstName": "Ann"}) == 204
    assert client.Contact.get(contact)["Name"] == "Ann O'Brien"
    assert client.LearnUponContactEnrollment__c.upsert("Enrollment_Key__c/a:1", {"Contact__c": contact}) == 201
    assert client.LearnUponContactEnrollment__c.upsert("Enrollment_Key__c/a:1", {"Score__c": 5}) == 200
    assert client.LearnUponContactEnrollment__c.get_by_custom_id("Enrollment_Key__c", "a:1")["Contact__c"] == contact
    assert client.Contact.delete(contact) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Contact.get(contact)


def test_it_follows_all_pages_and_sees_the_bin(client: Any, salesforce: Api):
    salesforce.post("/standin/settings", json={"page_size": 7})
    salesforce.upsert(OBJECT, "Enrollment_Key__c", *({"Enrollment_Key__c": f"a:{number}"} for number in range(20)))
    found = client.query_all("SELECT Id FROM LearnUponEnrollment__c")
    client.LearnUponEnrollment__c.delete(found["records"][0]["Id"])
    assert (found["totalSize"], len(found["records"])) == (20, 20)
    counts = [
        client.query_all("SELECT Id FROM LearnUponEnrollment__c", include_deleted=bin_too)["totalSize"]
        for bin_too in (False, True)
    ]
    assert counts == [19, 20]


def test_it_reads_the_limits_from_the_header_and_the_page(client: Any, salesforce: Api):
    salesforce.post("/standin/settings", json={"daily": 5000, "used": 41})
    assert client.limits()["DailyApiRequests"] == {"Max": 5000, "Remaining": 4958}
    usage = client.api_usage["api-usage"]
    assert (usage.used, usage.total) == (42, 5000)


def test_it_describes_the_org(client: Any):
    assert OBJECT in {one["name"] for one in client.describe()["sobjects"]}
    assert client.LearnUponEnrollment__c.describe()["keyPrefix"].startswith("a0")


def test_it_upserts_in_bulk_and_reads_every_row_s_result(client: Any):
    rows = [{"Enrollment_Key__c": f"a:{number}", "Score__c": str(number * 500)} for number in range(4)]
    (job,) = client.bulk2.LearnUponEnrollment__c.upsert(records=rows, external_id_field="Enrollment_Key__c", wait=0)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (4, 2)
    assert (
        client.bulk2.LearnUponEnrollment__c.get_failed_records(job["job_id"]).count("NUMBER_OUTSIDE_VALID_RANGE") == 2
    )


def test_it_queries_in_bulk(client: Any, salesforce: Api):
    salesforce.upsert(OBJECT, "Enrollment_Key__c", *({"Enrollment_Key__c": f"a:{number}"} for number in range(5)))
    pages = list(
        client.bulk2.LearnUponEnrollment__c.query(
            "SELECT Enrollment_Key__c FROM LearnUponEnrollment__c", max_records=2, wait=0
        )
    )
    assert [len(page.splitlines()) - 1 for page in pages] == [2, 2, 1]


def test_it_understands_what_is_refused(client: Any, salesforce: Api):
    with pytest.raises(SalesforceMalformedRequest):
        client.query("SELECT Nothing__c FROM Contact")
    salesforce.post("/standin/tokens/expire")
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Contact")
