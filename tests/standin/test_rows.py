"""Single rows, describe, limits, and the shape of what is refused."""

from typing import Any

import pytest

from tests.standin.running import DATA, Api

ROW = f"{DATA}/sobjects/LearnUponEnrollment__c"
KEY = f"{ROW}/Enrollment_Key__c"


def test_a_row_is_upserted_read_and_deleted_by_a_key_with_any_characters(salesforce: Api):
    url = f"{KEY}/acme%3A50%25%20of%2Fall"
    answers = [salesforce.patch(url, json={"Score__c": 1}).status_code, salesforce.patch(url, json={}).status_code]
    assert answers == [201, 200]
    assert salesforce.get(url).json()["Enrollment_Key__c"] == "acme:50% of/all"
    assert [salesforce.delete(url).status_code, salesforce.get(url).status_code] == [204, 404]


def test_update_only_creates_nothing(salesforce: Api):
    answer = salesforce.patch(f"{KEY}/acme:1", params={"updateOnly": "true"}, json={})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    assert salesforce.calls()["written"] == {}


def test_a_row_is_created_read_changed_and_deleted_by_id(salesforce: Api):
    contact = salesforce.contact("O'Brien", FirstName="Ann", Email="ann@example.com")
    url = f"{DATA}/sobjects/Contact/{contact}"
    assert salesforce.patch(url, json={"FirstName": None}).status_code == 204
    assert salesforce.get(url, params={"fields": "Name,Email"}).json() == {
        "attributes": {"type": "Contact", "url": f"{DATA}/sobjects/Contact/{contact}"},
        "Name": "O'Brien",
        "Email": "ann@example.com",
    }
    assert salesforce.delete(url).status_code == 204
    gone = salesforce.patch(url, json={"FirstName": "Ann"})
    assert (gone.status_code, gone.json()) == (
        404,
        [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED"}],
    )


def test_required_fields_and_addresses_are_checked(salesforce: Api):
    missing = salesforce.api("POST", "sobjects/Contact", json={"FirstName": "Ann"})
    assert (missing.status_code, missing.json()) == (
        400,
        [
            {
                "message": "Required fields are missing: [LastName]",
                "errorCode": "REQUIRED_FIELD_MISSING",
                "fields": ["LastName"],
            }
        ],
    )
    wrong = salesforce.api("POST", "sobjects/Contact", json={"LastName": "A", "Email": "at home"})
    assert wrong.json()[0]["errorCode"] == "INVALID_EMAIL_ADDRESS"


def test_a_username_is_taken_whatever_its_case(salesforce: Api):
    first = salesforce.user("ann")
    answer = salesforce.api(
        "POST", "sobjects/User", json={"Username": "Ann@Example.com", "LastName": "A", "Email": "a@example.com"}
    )
    message = f"duplicate value found: Username duplicates value on record with id: {first[:15]}"
    assert (answer.status_code, answer.json()) == (400, [{"message": message, "errorCode": "DUPLICATE_VALUE"}])


def test_a_lookup_by_a_key_that_several_rows_have_is_refused_with_300_where_it_is_the_url(salesforce: Api):
    ids = [salesforce.contact("A", Email="one@example.com"), salesforce.contact("B", Email="ONE@example.com")]
    answer = salesforce.get(f"{DATA}/sobjects/Contact/Email/one@example.com")
    assert (answer.status_code, answer.json()) == (300, [f"{DATA}/sobjects/Contact/{row}" for row in ids])


def test_prefixes_and_checksums_are_those_of_salesforce(salesforce: Api):
    user, contact = salesforce.user(), salesforce.contact()
    (row,) = salesforce.upsert("LearnUpon_Portal__c", "Portal_Key__c", {"Portal_Key__c": "acme"})
    assert (user[:3], contact[:3], row["id"][:2], len(user)) == ("005", "003", "a0", 18)
    broken = user[:15] + ("AAB" if user[15:] != "AAB" else "AAA")
    assert salesforce.get(f"{DATA}/sobjects/User/{broken}").status_code == 404


def test_describe_tells_what_a_client_must_know_of_a_field(salesforce: Api):
    described = salesforce.get(f"{ROW}/describe").json()
    fields = {one["name"]: one for one in described["fields"]}
    told = ("type", "length", "externalId", "unique", "caseSensitive", "nillable", "createable", "updateable")
    assert [fields["Enrollment_Key__c"][name] for name in told] == ["string", 120, True, True, True, False, True, True]
    assert (fields["Name"]["createable"], fields["Name"]["autoNumber"]) == (False, True)
    assert (fields["Score__c"]["precision"], fields["Score__c"]["scale"]) == (5, 2)
    assert (fields["Membership__c"]["referenceTo"], fields["Membership__c"]["relationshipName"]) == (
        ["LearnUpon_Portal_Membership__c"],
        "Membership__r",
    )
    words = [one["value"] for one in fields["Status__c"]["picklistValues"]]
    assert words == ["not_started", "in_progress", "pending_review", "completed", "passed", "failed"]


def test_the_global_describe_names_all_objects(salesforce: Api):
    names = {one["name"] for one in salesforce.api("GET", "sobjects").json()["sobjects"]}
    assert {"User", "Contact", "Account", "LearnUpon_Portal__c", "LearnUponLearningPathContactEnrollment__c"} <= names


def test_every_answer_tells_how_much_of_the_day_is_used(salesforce: Api):
    salesforce.post("/standin/settings", json={"daily": 5000, "used": 17})
    answer = salesforce.api("GET", "limits/")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=18/5000"
    assert answer.json()["DailyApiRequests"] == {"Max": 5000, "Remaining": 4982}


def test_the_day_can_be_used_up(salesforce: Api):
    salesforce.post("/standin/settings", json={"daily": 10, "used": 10})
    answer = salesforce.api("GET", "limits")
    assert (answer.status_code, answer.json()) == (
        403,
        [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
    )


REFUSED: list[tuple[tuple[str, str, Any], int, str]] = [
    (("GET", f"{DATA}/nothing", {}), 404, "NOT_FOUND"),
    (("GET", "/services/data/v12.0/limits", {}), 404, "NOT_FOUND"),
    (("GET", "/services/data/latest/limits", {}), 404, "NOT_FOUND"),
    (("PUT", f"{DATA}/limits", {}), 405, "METHOD_NOT_ALLOWED"),
    (("PATCH", f"{KEY}/1", {"content": b"{"}), 400, "JSON_PARSER_ERROR"),
    (("PATCH", f"{KEY}/1", {"content": b"[]"}), 400, "JSON_PARSER_ERROR"),
    (("PATCH", f"{KEY}/1", {"content": b'{"Score__c": NaN}'}), 400, "JSON_PARSER_ERROR"),
    (("PATCH", f"{KEY}/1", {"content": b"[" * 100_000}), 400, "JSON_PARSER_ERROR"),
    (("PATCH", f"{KEY}/1", {"content": b"{}", "headers": {"Content-Encoding": "gzip"}}), 400, "JSON_PARSER_ERROR"),
    (("PATCH", f"{KEY}/1", {"json": {"Enrollment_Key__c": "1"}}), 400, "INVALID_FIELD"),
    (("PATCH", f"{KEY}/1", {"json": {"Score__c": "many"}}), 400, "JSON_PARSER_ERROR"),
    (("PATCH", f"{ROW}/Score__c/1", {"json": {}}), 404, "NOT_FOUND"),
    (("GET", f"{DATA}/sobjects/Nothing__c/describe", {}), 404, "NOT_FOUND"),
]


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED)
def test_what_cannot_be_understood_is_refused_in_salesforces_words(
    salesforce: Api, request_: tuple[str, str, Any], status: int, code: str
):
    method, path, more = request_
    answer = salesforce.request(method, path, **more)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_a_url_of_more_than_sixteen_kilobytes_is_too_long(salesforce: Api):
    assert salesforce.api("GET", "query", params={"q": "x" * 17_000}).status_code == 414


def test_a_merged_contact_names_its_master_and_its_rows_move(salesforce: Api):
    master, loser = salesforce.contact("Master"), salesforce.contact("Loser")
    record = {"Enrollment_Key__c": "acme:1", "Contact__c": loser}
    salesforce.upsert("LearnUponContactEnrollment__c", "Enrollment_Key__c", record)
    salesforce.post("/standin/merge", json={"master": master, "losers": [loser]})
    found = salesforce.records("SELECT Id, IsDeleted, MasterRecordId FROM Contact ORDER BY Id", verb="queryAll")
    assert found == [
        {"Id": master, "IsDeleted": False, "MasterRecordId": None},
        {"Id": loser, "IsDeleted": True, "MasterRecordId": master},
    ]
    assert salesforce.records("SELECT Contact__c FROM LearnUponContactEnrollment__c") == [{"Contact__c": master}]
    (refused,) = salesforce.upsert("LearnUponContactEnrollment__c", "Enrollment_Key__c", record)
    assert refused["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
