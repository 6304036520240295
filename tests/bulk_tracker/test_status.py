"""The status of an action, as a function of its facts and the time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bulk_tracker.domain.action import Action, ActionFact, Origin, Rules
from bulk_tracker.domain.state import conflicts, join, judge
from bulk_tracker.domain.vocabulary import Status, label_of, reference_key, reference_of
from contracts.types import instant_text
from tests.bulk_tracker.facts import a_row, ada, at, finished, progressed, rows_reported, started, submitted

RULES = Rules()
NOW = at(10)


def after(*facts: ActionFact, now: datetime = NOW, rules: Rules = RULES) -> Action:
    action = Action("a-1")
    for fact in facts:
        action = join(action, fact, said_at=at(0), now=now, rules=rules)
    return action


def judged(action: Action, now: datetime, rules: Rules = RULES) -> Action:
    return judge(action, now=now, known_until=now, rules=rules)


def test_the_eight_statuses_are_spelled_as_the_users_know_them() -> None:
    assert [status.label for status in Status] == [
        "Not started",
        "Scheduled",
        "In progress",
        "Completed",
        "Completed with errors",
        "Cancelled",
        "Failed",
        "Timeout",
    ]


def test_a_submitted_action_is_not_started() -> None:
    assert after(submitted()).status is Status.NOT_STARTED


def test_a_scheduled_action_waits_for_its_time_and_is_then_not_started() -> None:
    waiting = after(submitted(scheduled_for=at(30)))
    assert (waiting.status, waiting.due_at) == (Status.SCHEDULED, at(30))
    assert judged(waiting, at(30) - timedelta(milliseconds=1)) == waiting
    due = judged(waiting, at(30))
    assert [(change.status, change.at) for change in due.history] == [
        (Status.SCHEDULED, at(0)),
        (Status.NOT_STARTED, at(30)),
    ]


def test_what_is_overdue_when_a_fact_comes_was_caused_by_the_clock_and_not_by_the_fact() -> None:
    submission, report = Origin("e-1", "order-9", "trace-1", "state-1"), Origin("e-2", "other", "trace-2", "state-2")
    waiting = join(
        Action("a-1"), submitted(scheduled_for=at(30)), said_at=at(0), now=at(0), rules=RULES, origin=submission
    )
    overdue = join(waiting, rows_reported(1), said_at=at(0), now=at(31), rules=RULES, origin=report)
    assert [(change.status, change.origin) for change in overdue.history] == [
        (Status.SCHEDULED, submission),
        (Status.NOT_STARTED, Origin(None, "order-9", "trace-1", "state-1")),
    ]


def test_a_scheduled_action_that_starts_early_is_in_progress() -> None:
    assert after(submitted(scheduled_for=at(30)), started(5)).status is Status.IN_PROGRESS


@pytest.mark.parametrize("fact", [started(2), progressed(2)])
def test_a_start_or_progress_puts_it_in_progress(fact: ActionFact) -> None:
    assert after(submitted(), fact).status is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("completed", Status.COMPLETED),
        ("completed_with_errors", Status.COMPLETED_WITH_ERRORS),
        ("cancelled", Status.CANCELLED),
        ("failed", Status.FAILED),
    ],
)
def test_a_finish_is_its_outcome_with_or_without_rows(outcome: str, status: Status) -> None:
    finish = finished(5, outcome)  # pyright: ignore[reportArgumentType]  parametrized
    assert after(submitted(), finish).status is status
    if outcome != "completed":
        assert after(submitted(), rows_reported(3), finish).status is status


def test_completed_with_error_rows_is_completed_with_errors() -> None:
    assert after(submitted(), rows_reported(3), finished(5)).status is Status.COMPLETED_WITH_ERRORS


def test_rows_after_the_finish_change_the_status_and_not_the_end() -> None:
    action = after(submitted(), finished(5), rows_reported(7))
    assert (action.status, action.ended_at) == (Status.COMPLETED_WITH_ERRORS, at(5))
    assert action.history[-1].at == at(7)


def test_warnings_only_leave_it_completed() -> None:
    assert after(submitted(), rows_reported(3, a_row(2, "warning")), finished(5)).status is Status.COMPLETED


def test_errors_counted_by_progress_are_not_error_rows() -> None:
    assert after(submitted(), progressed(3, 9, errors=4), finished(5)).status is Status.COMPLETED


def test_a_finish_ends_it_whatever_comes_then() -> None:
    action = after(submitted(), finished(5, "cancelled"), started(6), progressed(7))
    assert judged(action, at(10_000)).status is Status.CANCELLED


def test_of_two_finishes_the_later_one_stands() -> None:
    one, two = finished(5, "failed"), finished(6, "completed")
    assert after(submitted(), one, two).status is after(submitted(), two, one).status is Status.COMPLETED


def test_of_two_submissions_the_later_one_stands() -> None:
    one, two = submitted(0, action_type="reminders"), submitted(1)
    for action in (after(one, two), after(two, one)):
        assert action.submission is not None
        assert action.submission.data == two


def test_silence_for_an_hour_is_a_timeout_at_that_moment_with_the_last_heartbeat_as_reason() -> None:
    action = after(submitted(), started(1), progressed(7))
    assert judged(action, at(67) - timedelta(milliseconds=1)).status is Status.IN_PROGRESS
    silent = judged(action, at(100))
    assert (silent.status, silent.ended_at) == (Status.TIMEOUT, at(67))
    assert silent.history[-1].cause == f"no heartbeat since {instant_text(at(7))}"
    assert silent.history[-1].at == at(67)


def test_the_time_to_stall_is_the_publishers_else_the_types_else_the_default() -> None:
    rules = Rules(stalls_after_by_type={"content_upload": timedelta(minutes=90)})
    own = judged(after(submitted(stalls_after_seconds=60), started(1)), at(50))
    by_type = judged(after(submitted(action_type="content_upload"), started(1), rules=rules), at(5000), rules)
    assert (own.ended_at, by_type.ended_at) == (at(2), at(91))


def test_a_heartbeat_after_timeout_makes_it_in_progress_again() -> None:
    silent = judged(after(submitted(), started(1)), at(100))
    woken = join(silent, progressed(99), said_at=at(0), now=at(101), rules=RULES)
    assert [change.status for change in woken.history] == [
        Status.NOT_STARTED,
        Status.IN_PROGRESS,
        Status.TIMEOUT,
        Status.IN_PROGRESS,
    ]


def test_a_late_heartbeat_from_before_the_timeout_moves_its_moment_only() -> None:
    silent = judged(after(submitted(), started(1)), at(200))
    later = join(silent, progressed(31), said_at=at(0), now=at(201), rules=RULES)
    assert (later.status, later.ended_at) == (Status.TIMEOUT, at(91))


def test_nothing_times_out_while_records_wait_unread() -> None:
    action = after(submitted(), started(1))
    assert judge(action, now=at(500), known_until=None, rules=RULES) == action
    assert judge(action, now=at(500), known_until=at(60), rules=RULES) == action


def test_a_finish_after_timeout_stands() -> None:
    silent = judged(after(submitted(), started(1)), at(100))
    assert join(silent, finished(90), said_at=at(0), now=at(101), rules=RULES).status is Status.COMPLETED


def test_facts_before_the_submission_are_kept_and_neither_shown_nor_owed() -> None:
    early = after(started(1), progressed(2, 5), finished(3))
    assert (early.status, early.version, early.history, early.owes) == (None, 0, (), ())
    known = join(early, submitted(), said_at=at(0), now=at(10), rules=RULES)
    assert known.status is Status.COMPLETED
    assert known.progress == progressed(2, 5)


def test_every_change_of_status_is_owed_once_and_the_end_a_mail() -> None:
    action = after(submitted(), started(1), progressed(2), finished(3))
    assert action.owes == ("status:1", "status:2", "status:4", "mail")
    assert [(change.version, change.status, change.previous) for change in action.history] == [
        (1, Status.NOT_STARTED, None),
        (2, Status.IN_PROGRESS, Status.NOT_STARTED),
        (4, Status.COMPLETED, Status.IN_PROGRESS),
    ]


def test_rows_after_the_mail_ask_for_no_second_mail_and_another_finish_does() -> None:
    told = after(submitted(), finished(3))
    more = join(told, rows_reported(4), said_at=at(0), now=at(10), rules=RULES)
    again = join(more, finished(8), said_at=at(0), now=at(10), rules=RULES)
    assert told.mailed == more.mailed
    assert told.mailed != again.mailed


@pytest.mark.parametrize("changes", [{"notify": False}, {"requester": ada(email=None)}])
def test_no_mail_is_owed_to_whom_does_not_want_one_or_has_no_address(changes: dict[str, Any]) -> None:
    assert "mail" not in after(submitted(**changes), finished(3)).owes


def test_a_timeout_is_mailed_only_where_that_is_switched_on() -> None:
    silent = Rules(mail_on_timeout=True)
    assert "mail" not in judged(after(submitted(), started(1)), at(100)).owes
    assert "mail" in judged(after(submitted(), started(1), rules=silent), at(100), silent).owes


def test_the_total_is_the_newest_that_was_said() -> None:
    assert after(submitted(total_rows=10)).total_rows == 10
    assert after(submitted(total_rows=10), progressed(1, total_rows=12), progressed(2, 5)).total_rows == 12


def test_a_repeated_fact_changes_nothing() -> None:
    action = after(submitted(), started(1), rows_reported(2), progressed(3), finished(4))
    for fact in (submitted(), started(1), rows_reported(2), progressed(3), finished(4)):
        assert join(action, fact, said_at=at(0), now=at(10), rules=RULES) == action


def test_other_content_at_the_same_instant_is_a_conflict() -> None:
    action = after(submitted(), progressed(1, 5), finished(2))
    assert not conflicts(action, submitted())
    assert conflicts(action, submitted(total_rows=3))
    assert conflicts(action, progressed(1, 6))
    assert conflicts(action, finished(2, "failed"))


def test_the_last_year_there_is_breaks_nothing() -> None:
    last = submitted().model_copy(update={"stalls_after_seconds": 2**31 - 1})
    far = started(0).model_copy(update={"started_at": at(0).replace(year=9999, month=12, day=31)})
    assert judged(after(last, far), at(100)).status is Status.IN_PROGRESS


def test_the_reference_id_is_made_of_the_ids_unless_the_publisher_gave_one() -> None:
    made = reference_of(portal_id="acme", action_id="a-1", action_type="users_upload", sent=None)
    assert made == "BA-NM49P-5KBPS"
    assert reference_of(portal_id="acme", action_id="a-1", action_type="users_upload", sent="R 7") == "R 7"


@pytest.mark.parametrize("action_type", ["group_unenroll", "mark_complete", "reminders"])
def test_three_types_have_no_reference_id_even_if_one_is_sent(action_type: str) -> None:
    assert reference_of(portal_id="acme", action_id="a-1", action_type=action_type, sent="R-7") is None


def test_reference_ids_are_found_without_case_and_hyphens() -> None:
    assert reference_key(" ba7f3k9-2qdx4") == reference_key("BA-7F3K9-2QDX4")


def test_an_unknown_type_is_its_own_label() -> None:
    assert (label_of("users_upload"), label_of("Rename portals")) == ("Upload users", "Rename portals")
