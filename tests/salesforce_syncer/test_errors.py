"""The table of Salesforce's errors, a test per line."""

import pytest

from salesforce_syncer.salesforce.errors import Action, of_request, of_row


@pytest.mark.parametrize(
    ("status", "code", "message", "action"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Action.REAUTHENTICATE),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Action.PARK),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            Action.SLOW_DOWN,
        ),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded", Action.SLOW_DOWN),
        (403, "API_DISABLED_FOR_ORG", "", Action.STOP_ORG),
        (403, "API_CURRENTLY_DISABLED", "", Action.STOP_ORG),
        (403, "FUNCTIONALITY_NOT_ENABLED", "", Action.STOP_ORG),
        (403, "INSUFFICIENT_ACCESS", "", Action.STOP_OBJECT),
        (403, "ANYTHING_ELSE", "", Action.STOP_ORG),
        (429, "HTTP_429", "", Action.SLOW_DOWN),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", Action.TWICE),
        (500, "HTTP_500", "", Action.TWICE),
        (502, "HTTP_502", "", Action.RETRY),
        (503, "SERVER_UNAVAILABLE", "", Action.RETRY),
        (503, "HTTP_503", "", Action.RETRY),
        (504, "HTTP_504", "", Action.RETRY),
        (400, "QUERY_TIMEOUT", "", Action.RETRY),
        (400, "INVALID_QUERY_LOCATOR", "", Action.RETRY),
        (400, "UNABLE_TO_LOCK_ROW", "", Action.RETRY),
        (404, "NOT_FOUND", "The requested resource does not exist", Action.STOP_OBJECT),
        (400, "INVALID_TYPE", "", Action.STOP_OBJECT),
        (400, "INVALID_FIELD", "No such column 'Score__c'", Action.STOP_OBJECT),
        (400, "JSON_PARSER_ERROR", "", Action.STOP_OBJECT),
        (405, "METHOD_NOT_ALLOWED", "", Action.STOP_OBJECT),
        (415, "UNSUPPORTED_MEDIA_TYPE", "", Action.STOP_OBJECT),
    ],
)
def test_a_request_that_failed_says_what_to_do(status: int, code: str, message: str, action: Action) -> None:
    assert of_request(status, code, message) is action


@pytest.mark.parametrize(
    ("code", "message", "action"),
    [
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 001", Action.RETRY),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "trigger: UNABLE_TO_LOCK_ROW, 001", Action.RETRY),
        ("SERVER_UNAVAILABLE", "", Action.RETRY),
        (
            "INVALID_FIELD",
            "Foreign key external ID: p1:5 not found for field Membership_Key__c in entity LearnUpon_Portal_Membership__c",
            Action.PARENT,
        ),
        ("INVALID_FIELD", "No such column 'Score__c' on sobject of type LearnUponEnrollment__c", Action.STOP_OBJECT),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "", Action.STOP_OBJECT),
        ("INVALID_TYPE", "", Action.STOP_OBJECT),
        ("STORAGE_LIMIT_EXCEEDED", "", Action.STOP_OBJECT),
        (
            "DUPLICATE_VALUE",
            "duplicate value found: Enrollment_Key__c duplicates value on record with id: a01",
            Action.ONCE,
        ),
        ("DUPLICATE_EXTERNAL_ID", "", Action.REJECT),
        ("DUPLICATES_DETECTED", "", Action.REJECT),
        ("ENTITY_IS_DELETED", "entity is deleted", Action.RESOLVE),
        ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", Action.RESOLVE),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", Action.RESOLVE),
        ("MALFORMED_ID", "", Action.REJECT),
        ("FIELD_INTEGRITY_EXCEPTION", "", Action.REJECT),
        ("REQUIRED_FIELD_MISSING", "", Action.REJECT),
        ("STRING_TOO_LONG", "", Action.REJECT),
        ("NUMBER_OUTSIDE_VALID_RANGE", "", Action.REJECT),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "", Action.REJECT),
        ("INVALID_TYPE_ON_FIELD_IN_RECORD", "", Action.REJECT),
        ("INVALID_EMAIL_ADDRESS", "", Action.REJECT),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "", Action.REJECT),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "trigger said no", Action.REJECT),
        ("INACTIVE_OWNER_OR_USER", "", Action.REJECT),
        ("MIXED_DML_OPERATION", "", Action.REJECT),
        ("UNKNOWN_EXCEPTION", "", Action.TWICE),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "", Action.AGAIN),
        ("PROCESSING_HALTED", "", Action.AGAIN),
        ("NEVER_HEARD_OF", "", Action.ONCE),
    ],
)
def test_a_row_that_failed_says_what_to_do(code: str, message: str, action: Action) -> None:
    assert of_row(code, message) is action
