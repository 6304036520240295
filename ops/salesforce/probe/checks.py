"""What the stand-in assumes of Salesforce where the documentation is silent, as questions that an org can answer.

A check's answer is one short line. `expected` is what the stand-in answers; a real org that answers otherwise is right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from org import Org

PORTAL, KEY = "LearnUpon_Portal__c", "Portal_Key__c"
ENROLLMENT, ENROLLMENT_KEY = "LearnUponEnrollment__c", "Enrollment_Key__c"
INSTANT = "2026-11-22T03:04:05.678Z"


@dataclass(frozen=True, slots=True)
class Check:
    """One question; `writes` marks those that make rows."""

    question: str
    expected: str
    answer: Callable[[Org], str]
    writes: bool = False


def refused(org: Org, method: str, path: str, **more: Any) -> str:
    """Status and code of a request, as one line."""
    return org.outcome(org.call(method, path, **more))


def one_row(org: Org, name: str, key_field: str, **fields: Any) -> str:
    """What becomes of one row of a collection."""
    answer = org.upsert(name, key_field, {key_field: org.key("row"), **fields})
    return org.row_outcome(answer, 0)


def kept(org: Org, field: str, value: Any) -> str:
    """How a value comes back."""
    key = org.key("kept")
    answer = org.upsert(ENROLLMENT, ENROLLMENT_KEY, {ENROLLMENT_KEY: key, field: value})
    if org.row_outcome(answer, 0) != "written":
        return org.row_outcome(answer, 0)
    found = org.query(f"SELECT {field} FROM {ENROLLMENT} WHERE {ENROLLMENT_KEY} = '{key}'")  # noqa: S608  our own key
    return repr(found[0][field])


def same_key_twice(org: Org) -> str:
    row = {KEY: org.key("twice")}
    answer = org.upsert(PORTAL, KEY, row, dict(row))
    return " / ".join(org.row_outcome(answer, index) for index in (0, 1))


def too_many(org: Org) -> str:
    return org.outcome(org.upsert(PORTAL, KEY, *({KEY: org.key(f"many{number}")} for number in range(201))))


def all_or_none(org: Org) -> str:
    rows = ({KEY: org.key("good")}, {KEY: org.key("bad"), "Portal_Name__c": "x" * 300})
    answer = org.upsert(PORTAL, KEY, *rows, all_or_none=True)
    return " / ".join(org.row_outcome(answer, index) for index in (0, 1))


def missing_parent(org: Org) -> str:
    parent = {"Membership_Key__c": org.key("nobody")}
    answer = org.upsert(ENROLLMENT, ENROLLMENT_KEY, {ENROLLMENT_KEY: org.key("child"), "Membership__r": parent})
    said = str(org.row_error(answer, 0).get("message", ""))
    return f"{org.row_outcome(answer, 0)}, {'names' if 'Foreign key external ID' in said else 'does not name'} the foreign key"


def deleted_twice(org: Org) -> str:
    row_id = org.make(PORTAL, KEY)
    org.delete(row_id)
    return org.row_outcome(org.delete(row_id), 0)


def look_up(org: Org, *, deleted: bool) -> str:
    """A child that names a parent in the bin, or one that never was."""
    parent = org.make("LearnUpon_Portal_Membership__c", "Membership_Key__c")
    if deleted:
        org.delete(parent)
    else:
        parent = parent[:9] + "zzzzzz"
    return one_row(org, ENROLLMENT, ENROLLMENT_KEY, Membership__c=parent)


def users_beside_others(org: Org) -> str:
    portal = org.make(PORTAL, KEY)
    records = [
        {"attributes": {"type": PORTAL}, "id": portal, "Portal_Name__c": "probe"},
        {"attributes": {"type": "User"}, "id": org.user_id},
    ]
    answer = org.call("PATCH", "composite/sobjects", json={"allOrNone": False, "records": records})
    if answer.status_code == 200:  # noqa: PLR2004  HTTP
        return " / ".join(org.row_outcome(answer, index) for index in (0, 1))
    return org.outcome(answer)


def nulls_first(org: Org) -> str:
    """Where rows without a value stand when a query does not say."""
    keys = [org.key("order1"), org.key("order2")]
    org.upsert(ENROLLMENT, ENROLLMENT_KEY, {ENROLLMENT_KEY: keys[0], "Score__c": 1}, {ENROLLMENT_KEY: keys[1]})
    listed = ", ".join(f"'{key}'" for key in keys)
    soql = f"SELECT Score__c FROM {ENROLLMENT} WHERE {ENROLLMENT_KEY} IN ({listed}) ORDER BY Score__c DESC"  # noqa: S608  our own keys
    return "first" if org.query(soql)[0]["Score__c"] is None else "last"


def key_counts_case(org: Org) -> str:
    lower = org.key("case")
    answer = org.upsert(PORTAL, KEY, {KEY: lower}, {KEY: lower.upper()})
    return " / ".join(org.row_outcome(answer, index) for index in (0, 1))


def soql(text: str) -> Callable[[Org], str]:
    return lambda org: refused(org, "GET", "query", params={"q": text})


def value(field: str, raw: Any) -> Callable[[Org], str]:
    return lambda org: kept(org, field, raw)


def row(name: str, key_field: str, **fields: Any) -> Callable[[Org], str]:
    return lambda org: one_row(org, name, key_field, **fields)


CHECKS = [
    Check("a column that is not there, in a query", "request refused: 400 INVALID_FIELD", soql("SELECT Nope__c FROM Contact")),
    Check("an object that is not there, in a query", "request refused: 400 INVALID_TYPE", soql("SELECT Id FROM Nope__c")),
    Check("AND and OR without brackets", "request refused: 400 MALFORMED_QUERY", soql("SELECT Id FROM User WHERE Name = 'a' AND Name = 'b' OR Name = 'c'")),
    Check("a date in quotes", "request refused: 400 INVALID_FIELD", soql("SELECT Id FROM User WHERE CreatedDate > '2026-01-01'")),
    Check("an id that is none", "request refused: 400 INVALID_QUERY_FILTER_OPERATOR", soql("SELECT Id FROM User WHERE Id = 'me'")),
    Check("an object that is not there, in a URL", "request refused: 404 NOT_FOUND", lambda org: refused(org, "GET", "sobjects/Nope__c/describe")),
    Check("a locator that is none", "request refused: 400 INVALID_QUERY_LOCATOR", lambda org: refused(org, "GET", "query/01g000000000000AAA-500")),
    Check("a verb that is not offered", "request refused: 405 METHOD_NOT_ALLOWED", lambda org: refused(org, "PUT", "limits")),
    Check("a token that is none", "request refused: 401 INVALID_SESSION_ID", lambda org: refused(org, "GET", "limits", headers={"Authorization": "Bearer none"})),
    Check("every answer tells how much is used", "yes", lambda org: "yes" if "Sforce-Limit-Info" in org.call("GET", "sobjects").headers else "no"),
    Check("one key twice in a request", "DUPLICATE_VALUE / DUPLICATE_VALUE", same_key_twice, writes=True),
    Check("201 rows", "request refused: 400 EXCEEDED_ID_LIMIT", too_many, writes=True),
    Check("all or none: the innocent row and the bad one", "ALL_OR_NONE_OPERATION_ROLLED_BACK / STRING_TOO_LONG", all_or_none, writes=True),
    Check("a parent's key that is not there", "INVALID_FIELD, names the foreign key", missing_parent, writes=True),
    Check("a column that is not there, in a row", "INVALID_FIELD", row(PORTAL, KEY, Nope__c="x"), writes=True),
    Check("a read-only field, in a row", "INVALID_FIELD_FOR_INSERT_UPDATE", row(PORTAL, KEY, Name="x"), writes=True),
    Check("a word where a number belongs", "request refused: 400 JSON_PARSER_ERROR", row(ENROLLMENT, ENROLLMENT_KEY, Score__c="many"), writes=True),
    Check("a number where text belongs", "request refused: 400 JSON_PARSER_ERROR", row(PORTAL, KEY, Portal_Name__c=5), writes=True),
    Check("a look-up to the wrong kind of record", "FIELD_INTEGRITY_EXCEPTION", lambda org: one_row(org, ENROLLMENT, ENROLLMENT_KEY, Membership__c=org.user_id), writes=True),
    Check("a look-up that is no id", "MALFORMED_ID", row(ENROLLMENT, ENROLLMENT_KEY, Membership__c="nobody"), writes=True),
    Check("a look-up to a record in the bin", "ENTITY_IS_DELETED", lambda org: look_up(org, deleted=True), writes=True),
    Check("a look-up to a record that never was", "INVALID_CROSS_REFERENCE_KEY", lambda org: look_up(org, deleted=False), writes=True),
    Check("255 letters, the last beyond the basic plane", "STRING_TOO_LONG", row(PORTAL, KEY, Portal_Name__c="x" * 254 + "\N{PARTY POPPER}"), writes=True),
    Check("milliseconds of an instant", "'2026-11-22T03:04:05.000+0000'", value("Enrolled_At__c", INSTANT), writes=True),
    Check("white space around text", "'x'", value("Course_Name__c", "  x "), writes=True),
    Check("empty text", "None", value("Course_Name__c", ""), writes=True),
    Check("a number with more decimals", "91.56", value("Score__c", 91.555), writes=True),
    Check("a number that rounds out of its range", "NUMBER_OUTSIDE_VALID_RANGE", value("Score__c", 999.995), writes=True),
    Check("a word that the open picklist does not know", "'probing'", value("Status__c", "probing"), writes=True),
    Check("keys that differ by case", "written / written", key_counts_case, writes=True),
    Check("nulls in descending order", "first", nulls_first, writes=True),
    Check("deleting what is in the bin", "ENTITY_IS_DELETED", deleted_twice, writes=True),
    Check("a user beside another object", "request refused: 400 MIXED_DML_OPERATION", users_beside_others, writes=True),
]  # fmt: skip
