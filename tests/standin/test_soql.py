"""SOQL: what it finds, in which order, and what it refuses."""

from typing import Any

import pytest

from tests.standin.running import Api

OBJECT = "LearnUponEnrollment__c"


@pytest.fixture
def filled(salesforce: Api) -> Api:
    """Three enrollments, one without a score."""
    salesforce.upsert("LearnUpon_Portal__c", "Portal_Key__c", {"Portal_Key__c": "acme", "Portal_Name__c": "Acme"})
    membership = {"Membership_Key__c": "acme:7", "Portal__r": {"Portal_Key__c": "acme"}}
    salesforce.upsert("LearnUpon_Portal_Membership__c", "Membership_Key__c", membership)
    salesforce.upsert(
        OBJECT,
        "Enrollment_Key__c",
        {
            "Enrollment_Key__c": "acme:1",
            "Course_Name__c": "Fire 100%_safe",
            "Score__c": 80,
            "Enrolled_At__c": "2026-11-01T00:00:00Z",
            "Membership__r": {"Membership_Key__c": "acme:7"},
        },
        {"Enrollment_Key__c": "acme:2", "Course_Name__c": "O'Brien\\", "Score__c": 0},
        {"Enrollment_Key__c": "acme:3", "Course_Name__c": "fire drill"},
    )
    return salesforce


def keys(salesforce: Api, rest: str) -> list[str]:
    soql = f"SELECT Enrollment_Key__c FROM LearnUponEnrollment__c {rest}"  # noqa: S608  SOQL of the test's own
    found = salesforce.records(soql)
    return [one["Enrollment_Key__c"].removeprefix("acme:") for one in found]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Score__c = 80", ["1"]),
        ("Score__c != 80", ["2", "3"]),
        ("Score__c = null", ["3"]),
        ("Score__c != NULL", ["1", "2"]),
        ("Score__c < 80.5", ["1", "2"]),
        ("Score__c >= 80 OR Score__c = null", ["1", "3"]),
        ("NOT (Score__c = 80 OR Score__c = 0)", ["3"]),
        ("Score__c > 1 AND (Course_Name__c LIKE 'Fire%' AND Enrollment_Key__c != 'x')", ["1"]),
        ("Course_Name__c LIKE 'FIRE%'", ["1", "3"]),
        ("Course_Name__c LIKE '%100\\%\\_safe'", ["1"]),
        ("Course_Name__c LIKE 'fire_drill'", ["3"]),
        ("Course_Name__c = 'O\\'Brien\\\\'", ["2"]),
        ("Course_Name__c = 'FIRE DRILL'", ["3"]),
        ("Enrollment_Key__c = 'ACME:1'", []),
        ("Enrollment_Key__c IN ('acme:1', 'acme:3', 'acme:9')", ["1", "3"]),
        ("Enrollment_Key__c NOT IN ('acme:1')", ["2", "3"]),
        ("Enrolled_At__c > 2026-10-31T23:59:59Z", ["1"]),
        ("Enrolled_At__c = 2026-11-01T01:00:00+01:00", ["1"]),
        ("CreatedDate = TODAY", ["1", "2", "3"]),
        ("CreatedDate < LAST_N_DAYS:3", []),
        ("Membership__r.Portal__r.Portal_Name__c = 'acme'", ["1"]),
        ("Membership__c = null", ["2", "3"]),
        ("IsDeleted = false", ["1", "2", "3"]),
    ],
)
def test_conditions_choose_rows(filled: Api, where: str, found: list[str]):
    assert keys(filled, f"WHERE {where} ORDER BY Enrollment_Key__c") == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("ORDER BY Score__c", ["3", "2", "1"]),
        ("ORDER BY Score__c ASC NULLS LAST", ["2", "1", "3"]),
        ("ORDER BY Score__c DESC", ["3", "1", "2"]),
        ("ORDER BY Score__c DESC NULLS LAST", ["1", "2", "3"]),
        ("ORDER BY Enrollment_Key__c DESC LIMIT 2", ["3", "2"]),
        ("ORDER BY Enrollment_Key__c LIMIT 1 OFFSET 1", ["2"]),
        ("ORDER BY Membership__r.Membership_Key__c NULLS LAST, Enrollment_Key__c DESC", ["1", "3", "2"]),
    ],
)
def test_rows_are_ordered_and_cut(filled: Api, order: str, found: list[str]):
    assert keys(filled, order) == found


def test_related_rows_are_nested_and_null_where_there_is_none(filled: Api):
    soql = "SELECT Membership__r.Portal__r.Portal_Key__c, Membership__r.Membership_Key__c FROM LearnUponEnrollment__c ORDER BY Name LIMIT 2"
    first, second = filled.records(soql)
    assert first["Membership__r"]["Membership_Key__c"] == "acme:7"
    assert first["Membership__r"]["attributes"]["type"] == "LearnUpon_Portal_Membership__c"
    assert first["Membership__r"]["Portal__r"]["Portal_Key__c"] == "acme"
    assert second == {"Membership__r": None}


def test_counting(filled: Api):
    assert filled.query("SELECT COUNT() FROM LearnUponEnrollment__c") == {"totalSize": 3, "done": True, "records": []}
    counted = filled.records("SELECT COUNT(Id), COUNT(Score__c) scored, MAX(Score__c) best FROM LearnUponEnrollment__c")
    assert counted == [{"expr0": 3, "scored": 2, "best": 80.0}]
    grouped = filled.records("SELECT IsActive, COUNT(Id) n FROM User GROUP BY IsActive")
    assert grouped == [{"IsActive": True, "n": 1}]


def test_pages_are_as_small_as_wanted_and_lead_to_the_end(filled: Api):
    filled.post("/standin/settings", json={"page_size": 2})
    page = filled.query("SELECT Id FROM LearnUponEnrollment__c", verb="queryAll")
    assert (page["totalSize"], page["done"], len(page["records"])) == (3, False, 2)
    assert "/query/01g" in page["nextRecordsUrl"]
    last = filled.get(page["nextRecordsUrl"]).json()
    assert (last["done"], len(last["records"]), "nextRecordsUrl" in last) == (True, 1, False)


def test_a_locator_of_an_old_query_is_worth_nothing(filled: Api):
    filled.post("/standin/settings", json={"page_size": 2})
    first = filled.query("SELECT Id FROM LearnUponEnrollment__c")["nextRecordsUrl"]
    for _ in range(10):
        filled.query("SELECT Id FROM LearnUponEnrollment__c")
    answer = filled.get(first)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT FROM User", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'it's'", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Name = 'a\\d'", "MALFORMED_QUERY"),
        ("SELECT Id FROM User LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE " + "(" * 60 + "Name = 'a'" + ")" * 60, "MALFORMED_QUERY"),
        ("SELECT Id FROM User; DROP TABLE User", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("SELECT Id FROM ScratchOrgInfo limit 1", "INVALID_TYPE"),
        ("SELECT Nothing__c FROM User", "INVALID_FIELD"),
        ("SELECT Nothing__r.Id FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Id = 'me'", "INVALID_QUERY_FILTER_OPERATOR"),
    ],
)
def test_a_query_that_is_wrong_is_refused(salesforce: Api, soql: str, code: str):
    answer = salesforce.api("GET", "query", params={"q": soql})
    body: Any = answer.json()
    assert (answer.status_code, body[0]["errorCode"]) == (400, code)
