"""Faults on demand: each of them as a client meets it."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.standin.running import DATA, Api
from tests.world import WAIT_SECONDS

OBJECT = ("LearnUponEnrollment__c", "Enrollment_Key__c")
ROWS = [{"Enrollment_Key__c": f"a:{number}"} for number in range(10)]


def codes(results: Any) -> list[str]:
    return [one["errors"][0]["statusCode"] if one["errors"] else "written" for one in results]


@pytest.mark.parametrize(
    ("kind", "status", "code", "message"),
    [
        ("server_error", 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"),
        ("total_requests", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        ("concurrent_requests", 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit"),
        ("long_transactions", 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
        ("api_disabled", 403, "API_DISABLED_FOR_ORG", "The REST API is not enabled"),
        ("too_many", 429, "REQUEST_LIMIT_EXCEEDED", "Too many requests"),
        ("error", 400, "UNKNOWN_EXCEPTION", "planted by the stand-in"),
    ],
)
def test_a_refusal_comes_once_and_then_all_is_well(salesforce: Api, kind: str, status: int, code: str, message: str):
    salesforce.plant(kind)
    first, second = salesforce.api("GET", "limits"), salesforce.api("GET", "limits")
    body = first.json()[0]
    assert (first.status_code, body["errorCode"], body["message"].startswith(message)) == (status, code, True)
    assert second.status_code == 200


def test_a_proxy_answers_in_html(salesforce: Api):
    salesforce.plant("unavailable")
    answer = salesforce.api("GET", "limits")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=UTF-8")
    assert answer.text.startswith("<html>")


def test_tokens_expire_while_four_requests_are_on_their_way(salesforce: Api):
    salesforce.plant("expire_tokens", calls=["collections.upsert"])

    async def four() -> list[int]:
        async with httpx.AsyncClient(
            base_url=salesforce.url, headers=salesforce.headers, timeout=WAIT_SECONDS
        ) as client:
            url = f"{DATA}/composite/sobjects/{'/'.join(OBJECT)}"
            answers = await asyncio.gather(*(client.patch(url, json={"records": []}) for _ in range(4)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(four()) == [401] * 4
    salesforce.log_in()
    assert salesforce.upsert(*OBJECT, ROWS[0])[0]["success"]


def test_the_write_happens_and_the_answer_never_comes(salesforce: Api):
    salesforce.plant("cut_after_write")
    with pytest.raises(httpx.RemoteProtocolError):
        salesforce.upsert(*OBJECT, ROWS[0])
    assert salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"] == 1
    (again,) = salesforce.upsert(*OBJECT, ROWS[0])
    assert (again["success"], again["created"]) == (True, False)


@pytest.mark.parametrize(("kind", "rows"), [("hang", 0), ("hang_after_write", 1)])
def test_a_client_gives_up_before_the_answer(salesforce: Api, kind: str, rows: int):
    salesforce.plant(kind, seconds=5, calls=["collections.upsert"])
    body = {"records": [{"attributes": {"type": OBJECT[0]}, **ROWS[0]}]}
    soon = httpx.Timeout(WAIT_SECONDS, read=1)
    with pytest.raises(httpx.ReadTimeout):
        salesforce.api("PATCH", f"composite/sobjects/{'/'.join(OBJECT)}", json=body, timeout=soon)
    until, found = time.monotonic() + WAIT_SECONDS, -1
    while found != rows and time.monotonic() < until:  # a busy stand-in writes after the client has given up
        found = salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"]
    assert found == rows


def test_a_connection_breaks_before_anything_is_written(salesforce: Api):
    salesforce.plant("cut")
    with pytest.raises(httpx.RemoteProtocolError):
        salesforce.upsert(*OBJECT, ROWS[0])
    assert salesforce.calls()["written"] == {}


def test_a_fifth_of_the_rows_is_locked_and_free_the_next_time(salesforce: Api):
    salesforce.plant("lock_rows", share=0.2, times=2)
    first = salesforce.upsert(*OBJECT, *ROWS)
    assert codes(first).count("UNABLE_TO_LOCK_ROW") == 2
    assert codes(salesforce.upsert(*OBJECT, *ROWS)) == ["written"] * 10


def test_another_wins_the_race_to_create_a_row(salesforce: Api):
    salesforce.plant("duplicate_race", keys=["a:3"])
    first = salesforce.upsert(*OBJECT, *ROWS[:5])
    (row,) = salesforce.records("SELECT Id FROM LearnUponEnrollment__c WHERE Enrollment_Key__c = 'a:3'")
    assert codes(first) == ["written", "written", "written", "DUPLICATE_VALUE", "written"]
    assert first[3]["errors"][0]["message"].endswith(f"duplicates value on record with id: {row['Id'][:15]}")
    assert codes(salesforce.upsert(*OBJECT, ROWS[3])) == ["written"]


def test_any_failure_can_be_planted_for_any_row(salesforce: Api):
    planted = {"code": "STORAGE_LIMIT_EXCEEDED", "message": "storage limit exceeded", "fields": ["Name"]}
    salesforce.plant("row_error", on="create", times=None, objects=[OBJECT[0]], **planted)
    (failed,) = salesforce.upsert(*OBJECT, ROWS[0])
    assert failed["errors"] == [
        {"statusCode": "STORAGE_LIMIT_EXCEEDED", "message": "storage limit exceeded", "fields": ["Name"]}
    ]
    salesforce.delete("/standin/faults")
    assert codes(salesforce.upsert(*OBJECT, ROWS[0])) == ["written"]


def test_a_fault_waits_for_its_turn(salesforce: Api):
    salesforce.plant("server_error", after=1, calls=["limits"])
    answers = [salesforce.api("GET", path).status_code for path in ("limits", "sobjects", "limits", "limits")]
    assert answers == [200, 200, 500, 200]


def test_a_field_without_rights_is_no_column_and_a_locked_one_cannot_be_written(salesforce: Api):
    field = {"object": OBJECT[0], "field": "Score__c"}
    salesforce.post("/standin/access", json={**field, "right": "none"})
    (hidden,) = salesforce.upsert(*OBJECT, {**ROWS[0], "Score__c": 1})
    assert hidden["errors"][0]["message"] == "No such column 'Score__c' on sobject of type LearnUponEnrollment__c"
    names = [one["name"] for one in salesforce.api("GET", f"sobjects/{OBJECT[0]}/describe").json()["fields"]]
    assert "Score__c" not in names
    salesforce.post("/standin/access", json={**field, "right": "read"})
    assert codes(salesforce.upsert(*OBJECT, {**ROWS[0], "Score__c": 1})) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
    salesforce.post("/standin/access", json={})
    assert codes(salesforce.upsert(*OBJECT, {**ROWS[0], "Score__c": 1})) == ["written"]


def test_an_object_without_rights_is_not_there_and_a_locked_one_is_read_only(salesforce: Api):
    salesforce.post("/standin/access", json={"object": OBJECT[0], "right": "none"})
    assert salesforce.api("GET", f"sobjects/{OBJECT[0]}/describe").status_code == 404
    salesforce.post("/standin/access", json={"object": OBJECT[0], "right": "read"})
    assert codes(salesforce.upsert(*OBJECT, ROWS[0])) == ["INSUFFICIENT_ACCESS_OR_READONLY"]


def test_another_org_may_stand_behind_the_same_address(salesforce: Api):
    before = salesforce.records("SELECT Id FROM Organization")
    salesforce.post("/standin/organization")
    assert salesforce.api("GET", "limits").status_code == 401
    salesforce.log_in()
    after = salesforce.records("SELECT Id FROM Organization")
    assert (len(before), len(after), before == after) == (1, 1, False)
    assert salesforce.get("/services/oauth2/userinfo").json()["organization_id"] == after[0]["Id"]


def test_a_contact_can_be_gone_for_good(salesforce: Api):
    contact = salesforce.contact()
    assert salesforce.post("/standin/purge", json={"ids": [contact]}).json() == {"purged": 1}
    assert salesforce.records("SELECT Id FROM Contact", verb="queryAll") == []


@pytest.mark.parametrize(
    "fault", [{}, {"kind": "earthquake"}, {"kind": "hang", "until": "noon"}, {"kind": "hang", "seconds": "many"}]
)
def test_what_is_no_fault_is_refused(salesforce: Api, fault: Any):
    assert salesforce.post("/standin/faults", json=fault).status_code == 400
