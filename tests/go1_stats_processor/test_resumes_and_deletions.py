"""The fold where attempts go on, and where Go1 takes a completion back."""

import pytest

from tests.go1_stats_processor.builders import LEGACY, OPEN, at, completion, launch, resume, shown, state


def test_a_resume_is_the_last_activity_of_the_newest_attempt_begun_by_then() -> None:
    found = shown(
        launch("2026-02-01 09:00", "A"),
        launch("2026-02-01 10:00", "B"),
        launch("2026-02-01 12:00", "C"),
        resume("2026-02-01 11:00"),
    )
    assert {name: each.last_activity_at for name, each in found.items()} == {
        "A": at("2026-02-01 09:00"),
        "B": at("2026-02-01 11:00"),
        "C": at("2026-02-01 12:00"),
    }


def test_a_resume_that_names_its_launch_is_of_that_one_and_stands_no_earlier() -> None:
    found = shown(launch("2026-02-01 09:00", "A"), launch("2026-02-01 10:00", "B"), resume("2026-02-01 08:00", "A"))
    assert found["A"].last_activity_at == at("2026-02-01 09:00")
    found = shown(launch("2026-02-01 09:00", "A"), launch("2026-02-01 10:00", "B"), resume("2026-02-01 11:00", "A"))
    assert (found["A"].last_activity_at, found["B"].last_activity_at) == (
        at("2026-02-01 11:00"),
        at("2026-02-01 10:00"),
    )


def test_a_resume_of_an_unknown_launch_counts_for_nothing_until_it_is_known() -> None:
    found = shown(launch("2026-02-01 09:00", "A"), resume("2026-02-01 11:00", "B"))
    assert found["A"].last_activity_at == at("2026-02-01 09:00")
    found = shown(launch("2026-02-01 09:00", "A"), resume("2026-02-01 11:00", "B"), launch("2026-02-01 10:00", "B"))
    assert found["B"].last_activity_at == at("2026-02-01 11:00")


def test_a_resume_before_any_launch_changes_nothing() -> None:
    assert shown(resume("2026-02-01 08:00"), launch("2026-02-01 09:00")) == shown(launch("2026-02-01 09:00"))


@pytest.mark.parametrize(
    ("channel", "resumed", "expected"),
    [
        ("web", "2024-12-18T22:59:59Z", LEGACY),
        ("web", "2024-12-18T23:00:00Z", OPEN),
        ("mobile", "2024-12-25T22:59:59Z", LEGACY),
        ("mobile", "2024-12-25T23:00:00Z", OPEN),
    ],
)
def test_a_legacy_attempt_opens_when_resumed_from_the_update_of_its_own_channel_on(
    channel: str, resumed: str, expected: object
) -> None:
    other = "mobile" if channel == "web" else "web"
    attempt = shown(launch("2024-12-01 09:00", channel=channel), resume(resumed, channel=other))["L1"]
    assert state(attempt) == expected
    assert attempt.last_activity_at == at(resumed)


def test_a_resumed_legacy_attempt_is_the_oldest_in_progress() -> None:
    found = shown(
        launch("2024-12-01 09:00", "old"),
        launch("2025-01-01 09:00", "new"),
        resume("2025-01-02 09:00", "old"),
        completion("2025-01-03 09:00"),
    )
    assert state(found["old"]) == ("completed", 100, "success", 0, "legacy_zero")
    assert state(found["new"]) == OPEN


def test_a_resume_of_an_attempt_that_go1_completed_changes_nothing() -> None:
    known = (launch("2024-12-01 09:00"), completion("2024-12-20 09:00"))
    assert shown(*known, resume("2024-12-21 09:00")) == shown(*known)


# Deletions


def test_a_deletion_voids_an_attempt_of_go1s_own_and_keeps_its_fields() -> None:
    voided = shown(completion("2026-02-01 10:00", started="2026-02-01 09:00", deleted="2026-02-02 10:00"))["go1:E1"]
    assert state(voided) == ("voided", 100, "success", None, None)
    assert voided.completed_at == voided.last_activity_at == at("2026-02-01 10:00")


def test_a_deletion_gives_a_platform_attempt_back_to_its_launch_and_all_its_resumes() -> None:
    begun, resumed = launch("2024-12-01 09:00"), resume("2024-12-20 09:00")
    done = completion("2024-12-10 09:00", deleted="2024-12-21 09:00")
    attempt = shown(begun, done, resumed)["L1"]
    assert state(attempt) == OPEN
    assert attempt.last_activity_at == at("2024-12-20 09:00")
    assert attempt.go1_enrollment_id is None
    assert state(shown(begun, done)["L1"]) == LEGACY


def test_after_a_deletion_the_attempt_is_open_for_later_completions() -> None:
    found = shown(
        launch("2026-02-01 09:00"),
        completion("2026-02-01 10:00", "E1", deleted="2026-02-01 12:00"),
        completion("2026-02-01 11:00", "E2"),
        completion("2026-02-01 13:00", "E3"),
    )
    assert {name: each.go1_enrollment_id for name, each in found.items()} == {"L1": "E3", "go1:E2": "E2"}


def test_a_deletion_stands_no_earlier_than_its_completion_and_is_final() -> None:
    early = completion("2026-02-01 10:00", deleted="2026-01-01 10:00")
    assert state(shown(early)["go1:E1"])[0] == "voided"
    corrected = completion(
        "2026-02-03 10:00", placed="2026-02-01 10:00", deleted="2026-01-01 10:00", passed=False, sequence=2
    )
    assert state(shown(early, corrected)["go1:E1"]) == ("voided", 100, "failed", None, None)
