"""What each of Salesforce's errors means: one table, as data. The first line that fits decides.

Salesforce names a code `errorCode` where a request failed and `statusCode` where a row did; it is the same word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What to do."""

    RETRY = "retry"  # may work in a moment
    SLOW_DOWN = "slow_down"  # as retry, with fewer requests at once
    TWICE = "twice"  # retry twice, then halve the rows until the poisonous one is alone
    ONCE = "once"  # retry once, then reject the row
    AGAIN = "again"  # not this row's fault: send it again
    REAUTHENTICATE = "reauthenticate"  # once, then stop the org
    PARENT = "parent"  # the parent row is missing: write it first
    RESOLVE = "resolve"  # the record it points to is gone or merged: ask which (a delete of what is gone is done)
    REJECT = "reject"  # will not work until the row's content changes, or a person has changed something
    STOP_OBJECT = "stop_object"  # schema or rights are missing
    STOP_ORG = "stop_org"
    PARK = "park"  # the day's calls are used up


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; an empty field fits everything."""

    action: Action
    codes: tuple[str, ...] = ()
    says: str = ""
    statuses: tuple[int, ...] = ()

    def fits(self, code: str, message: str, status: int | None) -> bool:
        if self.codes and code not in self.codes:
            return False
        if self.statuses and status not in self.statuses:
            return False
        return self.says.lower() in message.lower()


REQUEST_LINES: Sequence[Line] = (
    Line(Action.REAUTHENTICATE, statuses=(401,)),
    Line(Action.PARK, ("REQUEST_LIMIT_EXCEEDED",), "TotalRequests"),
    Line(Action.SLOW_DOWN, ("REQUEST_LIMIT_EXCEEDED",)),
    Line(Action.SLOW_DOWN, statuses=(429,)),
    Line(Action.RETRY, ("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR")),
    Line(Action.RETRY, statuses=(408, 502, 503, 504)),
    Line(Action.TWICE, ("UNKNOWN_EXCEPTION",)),
    Line(Action.TWICE, statuses=(500,)),
    Line(Action.STOP_ORG, ("API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "FUNCTIONALITY_NOT_ENABLED")),
    Line(Action.STOP_OBJECT, ("INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS")),
    Line(Action.STOP_ORG, statuses=(403,)),
    Line(Action.STOP_OBJECT, ("NOT_FOUND", "INVALID_TYPE", "INVALID_FIELD")),
    Line(Action.STOP_OBJECT, statuses=(404,)),
    Line(Action.STOP_OBJECT),
)
"""For an answer that is no success as a whole. The last line: a request that we made wrongly (JSON_PARSER_ERROR, 405,
415, 413 …) would be made wrongly again; one loud stop is better than a loop."""

ROW_LINES: Sequence[Line] = (
    Line(Action.RETRY, ("UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT")),
    Line(Action.RETRY, ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",), "UNABLE_TO_LOCK_ROW"),
    Line(Action.PARENT, ("INVALID_FIELD", "INVALID_CROSS_REFERENCE_KEY"), "Foreign key external ID"),
    Line(Action.STOP_OBJECT, ("INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND", "INVALID_FIELD_FOR_INSERT_UPDATE")),
    Line(Action.STOP_OBJECT, ("INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS")),
    Line(Action.STOP_OBJECT, ("STORAGE_LIMIT_EXCEEDED",)),
    Line(Action.ONCE, ("DUPLICATE_VALUE",)),
    Line(
        Action.RESOLVE,
        ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    ),
    Line(Action.TWICE, ("UNKNOWN_EXCEPTION",)),
    Line(Action.AGAIN, ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED")),
    Line(
        Action.REJECT,
        (
            "DUPLICATE_EXTERNAL_ID",
            "DUPLICATES_DETECTED",
            "MALFORMED_ID",
            "FIELD_INTEGRITY_EXCEPTION",
            "REQUIRED_FIELD_MISSING",
            "STRING_TOO_LONG",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "INVALID_EMAIL_ADDRESS",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "INACTIVE_OWNER_OR_USER",
            "MIXED_DML_OPERATION",
        ),
    ),
    Line(Action.ONCE),
)
"""For one row of a request that was a success as a whole. The last line: a code that nobody knows."""


def of_request(status: int | None, code: str, message: str) -> Action:
    """Return what to do about a request that failed."""
    return next(line.action for line in REQUEST_LINES if line.fits(code, message, status))


def of_row(code: str, message: str) -> Action:
    """Return what to do about a row that failed."""
    return next(line.action for line in ROW_LINES if line.fits(code, message, None))


class Refused(Exception):  # noqa: N818  it reads as what it says
    """Salesforce refused a request as a whole, after all retries that its kind allows."""

    def __init__(self, action: Action, code: str, *, status: int | None = None, sentence: str = "") -> None:
        super().__init__(f"{action}: {code}")
        self.action = action
        self.code = code
        self.status = status
        self.sentence = sentence
