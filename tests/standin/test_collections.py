"""sObject Collections: two hundred rows, each with its own result."""

from typing import Any

import pytest

from tests.standin.running import DATA, Api

ENROLLMENTS = ("LearnUponEnrollment__c", "Enrollment_Key__c")
MEMBERSHIPS = ("LearnUpon_Portal_Membership__c", "Membership_Key__c")
PORTALS = ("LearnUpon_Portal__c", "Portal_Key__c")


@pytest.fixture
def member(salesforce: Api) -> str:
    """Key of a membership that enrollments can name."""
    salesforce.upsert(*PORTALS, {"Portal_Key__c": "acme"})
    salesforce.upsert(*MEMBERSHIPS, {"Membership_Key__c": "acme:7", "Portal__r": {"Portal_Key__c": "acme"}})
    return "acme:7"


def enrollment(number: int, **fields: Any) -> dict[str, Any]:
    return {"Enrollment_Key__c": f"acme:{number}", **fields}


def failure(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {
        "success": False,
        "errors": [{"statusCode": code, "message": message, "fields": list(fields)}],
        "created": False,
    }


def test_the_first_upsert_creates_and_the_second_updates_the_same_row(salesforce: Api):
    (first,) = salesforce.upsert(*ENROLLMENTS, enrollment(1, Course_Name__c="Safety"))
    (second,) = salesforce.upsert(*ENROLLMENTS, enrollment(1, Score__c=80))
    assert (first["created"], second["created"], first["id"]) == (True, False, second["id"])
    assert salesforce.records("SELECT Name, Course_Name__c, Score__c FROM LearnUponEnrollment__c") == [
        {"Name": "LUE-00000001", "Course_Name__c": "Safety", "Score__c": 80.0}
    ]
    assert salesforce.calls()["written"] == {"LearnUponEnrollment__c": {"created": 1, "updated": 1}}


def test_null_clears_and_an_absent_field_is_left_alone(salesforce: Api):
    salesforce.upsert(*ENROLLMENTS, enrollment(1, Course_Name__c="Safety", Score__c=0))
    salesforce.upsert(*ENROLLMENTS, enrollment(1, Score__c=None))
    found = salesforce.records("SELECT Course_Name__c, Score__c FROM LearnUponEnrollment__c")
    assert found == [{"Course_Name__c": "Safety", "Score__c": None}]


def test_rows_fail_one_by_one_and_are_answered_in_order(salesforce: Api, member: str):
    contact = salesforce.contact()
    results = salesforce.upsert(
        *ENROLLMENTS,
        enrollment(1, Score__c=1000),
        enrollment(2, Course_Name__c="x" * 254 + "\N{PARTY POPPER}"),
        enrollment(3, Membership__r={"Membership_Key__c": "acme:8"}),
        enrollment(4, User__c=contact),
        enrollment(5, User__c="not an id"),
        enrollment(6, User__c="005000000000001AAA"),
        enrollment(7, Course__c="?"),
        enrollment(8, Name="mine"),
        {"Course_Name__c": "without a key"},
        enrollment(9, Membership__r={"Membership_Key__c": member}),
    )
    assert results[:2] == [
        failure(
            "NUMBER_OUTSIDE_VALID_RANGE", "Score: value outside of valid range on numeric field: 1000.0", "Score__c"
        ),
        failure(
            "STRING_TOO_LONG", f"Course Name: data value too large: {'x' * 80}... (max length=255)", "Course_Name__c"
        ),
    ]
    message = (
        "Foreign key external ID: acme:8 not found for field Membership_Key__c in entity LearnUpon_Portal_Membership__c"
    )
    assert results[2] == failure("INVALID_FIELD", message)
    assert [one["errors"][0]["statusCode"] for one in results[3:9]] == [
        "FIELD_INTEGRITY_EXCEPTION",
        "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_FIELD",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "MISSING_ARGUMENT",
    ]
    assert (results[9]["success"], results[9]["created"]) == (True, True)


def test_a_key_that_comes_twice_in_one_request_fails_both_times(salesforce: Api):
    results = salesforce.upsert(*ENROLLMENTS, enrollment(1), enrollment(2), enrollment(1))
    twice = failure("DUPLICATE_VALUE", "Duplicate external id specified: acme:1")
    assert [results[0], results[1]["success"], results[2]] == [twice, True, twice]


def test_keys_differ_by_case(salesforce: Api):
    results = salesforce.upsert(*ENROLLMENTS, {"Enrollment_Key__c": "acme:a"}, {"Enrollment_Key__c": "acme:A"})
    assert [one["created"] for one in results] == [True, True]
    assert (
        salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c WHERE Enrollment_Key__c = 'acme:A'")["totalSize"]
        == 1
    )


def test_one_row_too_many_and_none_is_written(salesforce: Api):
    records = [{"attributes": {"type": ENROLLMENTS[0]}, **enrollment(number)} for number in range(201)]
    answer = salesforce.api("PATCH", f"composite/sobjects/{'/'.join(ENROLLMENTS)}", json={"records": records})
    message = "record limit reached. cannot submit more than 200 records in this transaction"
    assert (answer.status_code, answer.json()) == (400, [{"message": message, "errorCode": "EXCEEDED_ID_LIMIT"}])
    assert salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"] == 0


def test_all_or_none_undoes_the_innocent(salesforce: Api):
    results = salesforce.upsert(*ENROLLMENTS, enrollment(1), enrollment(2, Score__c=1000), all_or_none=True)
    assert [one["errors"][0]["statusCode"] for one in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "NUMBER_OUTSIDE_VALID_RANGE",
    ]
    assert salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"] == 0


def test_a_value_of_the_wrong_json_kind_refuses_the_request(salesforce: Api):
    body = {"records": [{"attributes": {"type": ENROLLMENTS[0]}, **enrollment(n)} for n in (1, 2)]}
    body["records"][1]["Enrolled_At__c"] = "yesterday"
    answer = salesforce.api("PATCH", f"composite/sobjects/{'/'.join(ENROLLMENTS)}", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert salesforce.query("SELECT COUNT() FROM LearnUponEnrollment__c")["totalSize"] == 0


def test_profiles_are_updated_by_id_and_ids_of_fifteen_characters_are_the_same(salesforce: Api):
    user, other = salesforce.user(), salesforce.user("bob")
    records = [
        {"attributes": {"type": "User"}, "id": user[:15], "LearnUpon_Courses_Enrolled__c": 3},
        {"attributes": {"type": "User"}, "Id": other, "LearnUpon_Courses_Enrolled__c": 0},
        {"attributes": {"type": "User"}, "LearnUpon_Courses_Enrolled__c": 0},
    ]
    results = salesforce.api("PATCH", "composite/sobjects", json={"allOrNone": False, "records": records}).json()
    assert [(one.get("id"), one["success"]) for one in results] == [(user, True), (other, True), (None, False)]


def test_users_and_contacts_never_share_a_request(salesforce: Api):
    records = [{"attributes": {"type": "User"}, "id": salesforce.user()}]
    records.append({"attributes": {"type": "Contact"}, "id": salesforce.contact()})
    answer = salesforce.api("PATCH", "composite/sobjects", json={"records": records})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MIXED_DML_OPERATION")


def test_eleven_runs_of_kinds_are_too_many(salesforce: Api):
    contact, account = salesforce.contact(), salesforce.create("Account", Name="Acme")
    pair = [{"attributes": {"type": "Contact"}, "id": contact}, {"attributes": {"type": "Account"}, "id": account}]
    answers = [
        salesforce.api("PATCH", "composite/sobjects", json={"records": records}).status_code
        for records in (pair * 5, [*pair * 5, pair[0]])
    ]
    assert answers == [200, 400]


def test_deleting_needs_ids_and_says_what_was_gone_already(salesforce: Api):
    gone, row = (one["id"] for one in salesforce.upsert(*ENROLLMENTS, enrollment(1), enrollment(2)))
    salesforce.delete(f"{DATA}/sobjects/LearnUponEnrollment__c/{gone}")
    ids = f"{gone},{row},nonsense,a00000000000001AAA"
    results = salesforce.api("DELETE", "composite/sobjects", params={"ids": ids, "allOrNone": "false"}).json()
    assert results[1] == {"id": row, "success": True, "errors": []}
    assert [one["errors"][0]["statusCode"] for one in (results[0], *results[2:])] == [
        "ENTITY_IS_DELETED",
        "MALFORMED_ID",
        "INVALID_CROSS_REFERENCE_KEY",
    ]


def test_a_deleted_key_is_free_again_and_the_row_is_in_the_bin(salesforce: Api):
    (first,) = salesforce.upsert(*ENROLLMENTS, enrollment(1))
    salesforce.api("DELETE", "composite/sobjects", params={"ids": first["id"]})
    (second,) = salesforce.upsert(*ENROLLMENTS, enrollment(1))
    assert second["created"]
    found = salesforce.records("SELECT Id, IsDeleted FROM LearnUponEnrollment__c", verb="queryAll")
    assert found == [{"Id": first["id"], "IsDeleted": True}, {"Id": second["id"], "IsDeleted": False}]
    assert salesforce.records("SELECT Id FROM LearnUponEnrollment__c") == [{"Id": second["id"]}]


def test_a_deleted_membership_leaves_its_enrollments_without_one(salesforce: Api, member: str):
    salesforce.upsert(*ENROLLMENTS, enrollment(1, Membership__r={"Membership_Key__c": member}))
    salesforce.delete(f"{DATA}/sobjects/LearnUpon_Portal_Membership__c/Membership_Key__c/{member}")
    assert salesforce.records("SELECT Membership__c FROM LearnUponEnrollment__c") == [{"Membership__c": None}]


def test_instants_come_back_without_fractions_in_utc(salesforce: Api):
    salesforce.upsert(*ENROLLMENTS, enrollment(1, Enrolled_At__c="2026-11-22T03:04:05.678+02:00"))
    found = salesforce.records("SELECT Enrolled_At__c FROM LearnUponEnrollment__c")
    assert found == [{"Enrolled_At__c": "2026-11-22T01:04:05.000+0000"}]


def test_text_is_trimmed_and_empty_text_is_null(salesforce: Api):
    salesforce.upsert(*ENROLLMENTS, enrollment(1, Course_Name__c="  Safety ", Course_Id__c=" "))
    found = salesforce.records("SELECT Course_Name__c, Course_Id__c FROM LearnUponEnrollment__c")
    assert found == [{"Course_Name__c": "Safety", "Course_Id__c": None}]


def test_a_status_that_the_picklist_does_not_know_is_kept(salesforce: Api):
    (result,) = salesforce.upsert(*ENROLLMENTS, enrollment(1, Status__c="on_hold"))
    assert result["success"]


def test_objects_and_key_fields_that_are_not_there_are_not_found(salesforce: Api):
    codes = [
        salesforce.api("PATCH", f"composite/sobjects/{path}", json={"records": []}).json()[0]["errorCode"]
        for path in ("Nothing__c/Key__c", "LearnUponEnrollment__c/Course_Name__c")
    ]
    assert codes == ["NOT_FOUND", "NOT_FOUND"]
