"""The fold, case by case: seed 002 and what the specification adds. Instants are UTC unless they say otherwise."""

import pytest

from go1_stats_processor.domain.rules import EXPLANATIONS, Rules
from tests.go1_stats_processor.builders import LEGACY, OPEN, at, completion, launch, resume, shown, state


def test_a_launch_opens_an_attempt_at_half_progress() -> None:
    attempt = shown(launch("2026-02-01 09:00"))["L1"]
    assert state(attempt) == OPEN
    assert (attempt.origin, attempt.email, attempt.channel, attempt.entry_kind) == (
        "platform",
        "ada@example.com",
        "web",
        "catalog",
    )
    assert attempt.started_at == attempt.last_activity_at == at("2026-02-01 09:00")
    assert (attempt.completed_at, attempt.go1_enrollment_id) == (None, None)


@pytest.mark.parametrize("kind", ["catalog", "path_session", "other"])
def test_a_launch_from_any_entry_point_opens_an_attempt(kind: str) -> None:
    attempt = shown(launch("2026-02-01 09:00")._replace(entry_kind=kind, entry_id="S1"))["L1"]
    assert (state(attempt), attempt.entry_kind, attempt.entry_id) == (OPEN, kind, "S1")


def test_four_and_a_half_of_five_hours_are_elapsed() -> None:
    attempt = shown(launch("2024-12-22 09:00"), completion("2024-12-22 13:30"))["L1"]
    assert state(attempt) == ("completed", 100, "success", 16_200, "elapsed")
    assert attempt.completed_at == attempt.last_activity_at == at("2024-12-22 13:30")
    assert attempt.go1_enrollment_id == "E1"


def test_five_and_a_half_of_five_hours_are_capped() -> None:
    attempt = shown(launch("2024-12-22 09:00"), completion("2024-12-22 14:30"))["L1"]
    assert state(attempt) == ("completed", 100, "success", 18_000, "capped")


def test_exactly_the_duration_is_elapsed() -> None:
    assert state(shown(launch("2024-12-22 09:00"), completion("2024-12-22 14:00"))["L1"])[3:] == (18_000, "elapsed")
    assert state(shown(launch("2024-12-22 09:00"), completion("2024-12-22 14:00:01"))["L1"])[3:] == (18_000, "capped")
    assert state(shown(launch("2024-12-22 09:00"), completion("2024-12-22 13:59:59.999"))["L1"])[3:] == (
        17_999,
        "elapsed",
    )


def test_an_old_completion_is_nought_on_the_oldest_attempt_and_leaves_the_others() -> None:
    found = shown(launch("2024-12-10 09:00", "A"), launch("2024-12-10 10:00", "B"), completion("2024-12-10 12:00"))
    assert state(found["A"]) == ("completed", 100, "success", 0, "legacy_zero")
    assert state(found["B"]) == LEGACY


@pytest.mark.parametrize(
    ("started", "time"),
    [("2024-12-19T10:59:59Z", (0, "legacy_zero")), ("2024-12-19T11:00:00Z", (3600, "elapsed"))],
)
def test_the_time_rule_changes_at_noon_of_the_19th_to_the_second(started: str, time: tuple[int, str]) -> None:
    done = "2024-12-19T12:00:00Z"
    attempt = shown(launch(started), completion(done))["L1"]
    assert (attempt.time_spent_seconds, attempt.time_spent_basis) == time
    direct = shown(completion(done, started=started))["go1:E1"]
    assert (direct.time_spent_seconds, direct.time_spent_basis) == time


@pytest.mark.parametrize(
    ("channel", "launched", "expected"),
    [
        ("web", "2024-12-18T22:59:59Z", LEGACY),
        ("web", "2024-12-18T23:00:00Z", OPEN),
        ("mobile", "2024-12-25T22:59:59Z", LEGACY),
        ("mobile", "2024-12-25T23:00:00Z", OPEN),
    ],
)
def test_progress_changes_with_the_update_of_the_app_to_the_second(
    channel: str, launched: str, expected: object
) -> None:
    assert state(shown(launch(launched, channel=channel))["L1"]) == expected


def test_a_web_launch_on_the_morning_of_the_19th_is_in_progress_and_its_time_nought() -> None:
    begun = launch("2024-12-19T09:00:00+01:00")
    assert state(shown(begun)["L1"]) == OPEN
    assert state(shown(begun, completion("2024-12-19 15:00"))["L1"]) == ("completed", 100, "success", 0, "legacy_zero")


def test_a_mobile_launch_on_the_24th_shows_completed_at_nought_and_has_the_new_time_rule() -> None:
    begun = launch("2024-12-24 10:00", channel="mobile")
    assert state(shown(begun)["L1"]) == LEGACY
    assert state(shown(begun, completion("2024-12-24 11:00"))["L1"]) == ("completed", 100, "success", 3600, "elapsed")


def test_a_completion_delivered_twice_with_two_open_attempts_closes_one() -> None:
    found = shown(
        launch("2026-02-01 09:00", "A"),
        launch("2026-02-01 10:00", "B"),
        completion("2026-02-01 11:00"),
        completion("2026-02-01 11:00"),
    )
    assert (state(found["A"])[0], state(found["B"])) == ("completed", OPEN)


def test_a_corrected_completion_stays_with_its_attempt() -> None:
    found = shown(
        launch("2026-02-01 09:00", "A"),
        launch("2026-02-01 10:00", "B"),
        completion("2026-02-01 11:00", passed=False),
        completion("2026-02-01 12:00", placed="2026-02-01 11:00", passed=True, sequence=2),
    )
    assert state(found["A"]) == ("completed", 100, "success", 10_800, "elapsed")
    assert found["A"].last_activity_at == found["A"].completed_at == at("2026-02-01 12:00")
    assert state(found["B"]) == OPEN


def test_a_failed_completion_is_at_100_percent_and_failed() -> None:
    attempt = shown(launch("2026-02-01 09:00"), completion("2026-02-01 10:00", passed=False))["L1"]
    assert state(attempt) == ("completed", 100, "failed", 3600, "elapsed")


def test_a_launch_that_arrives_late_ends_as_if_it_had_come_in_time() -> None:
    done, begun = completion("2026-02-01 10:00", started="2026-02-01 09:30"), launch("2026-02-01 09:00")
    before, after = shown(done), shown(done, begun)
    assert list(before) == ["go1:E1"]
    assert list(after) == ["L1"]
    assert state(after["L1"]) == ("completed", 100, "success", 3600, "elapsed")
    assert after == shown(begun, done)


def test_a_launch_that_arrives_late_moves_a_completion_to_the_attempt_it_would_have_closed() -> None:
    late, other = launch("2026-02-01 08:00", "early"), launch("2026-02-01 09:00", "later")
    done = completion("2026-02-01 10:00")
    assert state(shown(other, done)["later"])[0] == "completed"
    found = shown(other, done, late)
    assert (state(found["early"])[0], state(found["later"])) == ("completed", OPEN)


def test_a_launch_after_the_completion_is_not_closed_by_it() -> None:
    found = shown(launch("2026-02-01 10:00:00.001"), completion("2026-02-01 10:00", started="2026-02-01 09:00"))
    assert (state(found["L1"]), state(found["go1:E1"])[0]) == (OPEN, "completed")
    assert state(shown(launch("2026-02-01 10:00"), completion("2026-02-01 10:00"))["L1"]) == (
        "completed",
        100,
        "success",
        0,
        "elapsed",
    )


def test_an_attempt_in_progress_comes_before_an_older_legacy_one() -> None:
    found = shown(launch("2024-12-01 09:00", "old"), launch("2025-01-01 09:00", "new"), completion("2025-01-01 10:00"))
    assert (state(found["old"]), state(found["new"])[0]) == (LEGACY, "completed")


def test_without_one_in_progress_the_oldest_legacy_attempt_takes_the_completion() -> None:
    found = shown(
        launch("2024-12-01 09:00", "A"),
        launch("2024-12-02 09:00", "B"),
        completion("2024-12-03 09:00"),
        completion("2024-12-04 09:00", "E2"),
    )
    assert [found[name].go1_enrollment_id for name in ("A", "B")] == ["E1", "E2"]
    assert state(found["B"]) == ("completed", 100, "success", 0, "legacy_zero")


def test_a_completion_without_an_attempt_has_one_of_its_own() -> None:
    attempt = shown(completion("2026-02-01 10:00", started="2026-02-01 09:00"))["go1:E1"]
    assert state(attempt) == ("completed", 100, "success", 3600, "elapsed")
    assert (attempt.origin, attempt.channel, attempt.email) == ("go1", None, "Ada@Example.com")
    assert attempt.started_at == at("2026-02-01 09:00")


def test_without_a_start_no_time_is_shown() -> None:
    assert state(shown(completion("2026-02-01 10:00"))["go1:E1"])[3:] == (None, "unknown")
    assert state(shown(completion("2024-12-19T10:59:59Z"))["go1:E1"])[3:] == (0, "legacy_zero")
    assert state(shown(completion("2024-12-19T11:00:00Z"))["go1:E1"])[3:] == (None, "unknown")


def test_without_a_duration_the_time_is_what_passed() -> None:
    found = shown(completion("2026-02-02 10:00", started="2026-02-01 10:00", duration_minutes=None))
    assert state(found["go1:E1"])[3:] == (86_400, "elapsed")


def test_a_start_after_the_completion_gives_nought() -> None:
    assert state(shown(completion("2026-02-01 10:00", started="2026-02-01 11:00"))["go1:E1"])[3:] == (0, "elapsed")


def test_two_completions_and_one_launch_make_two_attempts() -> None:
    found = shown(
        launch("2026-02-01 09:00"),
        completion("2026-02-01 10:00"),
        completion("2026-02-01 11:00", "E2", started="2026-02-01 10:30"),
    )
    assert {name: each.go1_enrollment_id for name, each in found.items()} == {"L1": "E1", "go1:E2": "E2"}


# Order


def test_facts_of_one_instant_count_as_launch_then_resume_then_completion_then_deletion() -> None:
    moment = "2026-02-01 10:00"
    found = shown(completion(moment, deleted=moment), resume(moment), launch(moment))
    assert state(found["L1"]) == OPEN
    assert found["L1"].last_activity_at == at(moment)
    assert [each.rule for each in found["L1"].why] == [
        "attempt.launched",
        "attempt.reopened",
        "progress.launched",
        "activity.resumed",
    ]


def test_of_two_launches_at_one_instant_the_lesser_id_is_the_older() -> None:
    found = shown(launch("2026-02-01 09:00", "B"), launch("2026-02-01 09:00", "A"), completion("2026-02-01 10:00"))
    assert (state(found["A"])[0], state(found["B"])) == ("completed", OPEN)


# Rules


def test_rules_are_settings() -> None:
    rules = Rules(default_progress=40, web_updated_at=at("2026-01-01 00:00"), time_cutover=at("2026-03-01 00:00"))
    assert state(shown(launch("2025-06-01 09:00"), rules=rules)["L1"]) == LEGACY
    assert state(shown(launch("2026-01-01 00:00"), rules=rules)["L1"]) == ("in_progress", 40, None, None, None)
    done = shown(launch("2026-02-01 09:00"), completion("2026-02-01 10:00"), rules=rules)["L1"]
    assert (done.time_spent_seconds, done.time_spent_basis) == (0, "legacy_zero")


def test_the_record_itself_says_why_its_time_is_nought() -> None:
    attempt = shown(launch("2024-12-10 09:00"), completion("2024-12-10 12:00"))["L1"]
    time = attempt.why[-1]
    assert time.rule == "time.legacy_zero"
    assert time.inputs == {
        "time_spent_seconds": 0,
        "started_at": "2024-12-10T09:00:00.000Z",
        "completed_at": "2024-12-10T12:00:00.000Z",
        "duration_minutes": 300,
        "time_cutover": "2024-12-19T11:00:00.000Z",
    }
    assert time.events == ("/lms L1", "/go1 E1", "/go1 course")
    assert {each.rule for each in attempt.why} <= set(EXPLANATIONS)
