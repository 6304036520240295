"""Which rows Salesforce should hold after which facts: the seed's rules, one test each."""

import pytest

from salesforce_syncer.domain import rows
from salesforce_syncer.domain.objects import row_key, utf16_length
from salesforce_syncer.domain.rows import Records
from tests.salesforce_syncer.facts import (
    CONTACT,
    OTHER_CONTACT,
    OTHER_USER,
    USER,
    Fact,
    accessed,
    attempt,
    deleted,
    desired,
    enrolled,
    erased,
    linked,
    off_path,
    on_path,
    payloads,
    renamed,
    unenrolled,
    unlinked,
)

MEMBERSHIP = "LearnUpon_Portal_Membership__c:acme:l-1"
ROW = "LearnUponEnrollment__c:acme:e-1"
CONTACT_ROW = "LearnUponContactEnrollment__c:acme:e-1"
PATH_ROW = "LearnUponLearningPathEnrollment__c:acme:p-1"
CONTACT_PATH_ROW = "LearnUponLearningPathContactEnrollment__c:acme:p-1"
GO1_ROW = "LearnUponEnrollment__c:acme:go1:a-1"


def test_what_is_known_of_an_unlinked_learner_is_kept_and_written_in_full_when_the_link_comes() -> None:
    before = [enrolled(1), on_path(1), accessed(2)]
    assert payloads(before) == {}
    assert payloads([*before, linked(5)]) == {
        MEMBERSHIP: {
            "Portal__r": {"Portal_Key__c": "acme"},
            "User__c": USER,
            "Contact__c": None,
            "Learner_Id__c": "l-1",
            "Member_Since__c": "2026-11-01T05:00:00.000Z",
            "Last_Accessed__c": "2026-11-01T02:00:00.000Z",
        },
        ROW: {
            "Membership__r": {"Membership_Key__c": "acme:l-1"},
            "User__c": USER,
            "Course_Id__c": "c-1",
            "Course_Name__c": "Safety",
            "Enrolled_At__c": "2026-11-01T00:00:00.000Z",
            "Completed_At__c": None,
            "Status__c": "in_progress",
            "Score__c": None,
        },
        PATH_ROW: {
            "Membership__r": {"Membership_Key__c": "acme:l-1"},
            "User__c": USER,
            "Learning_Path_Id__c": "path-9",
            "Learning_Path_Name__c": "Onboarding",
            "Courses_Total__c": 3,
            "Courses_Completed__c": 0,
            "Enrolled_At__c": "2026-11-01T00:00:00.000Z",
            "Completed_At__c": None,
            "Score__c": None,
        },
    }


def test_a_user_link_writes_the_user_objects_a_contact_link_the_contact_objects_and_both_write_both() -> None:
    facts = [enrolled(1), on_path(1)]
    assert set(payloads([*facts, linked(5, USER)])) == {MEMBERSHIP, ROW, PATH_ROW}
    assert set(payloads([*facts, linked(5, CONTACT)])) == {MEMBERSHIP, CONTACT_ROW, CONTACT_PATH_ROW}
    both = payloads([*facts, linked(5, USER), linked(6, CONTACT)])
    assert set(both) == {MEMBERSHIP, ROW, PATH_ROW, CONTACT_ROW, CONTACT_PATH_ROW}
    assert (both[MEMBERSHIP]["User__c"], both[MEMBERSHIP]["Contact__c"]) == (USER, CONTACT)
    assert both[MEMBERSHIP]["Member_Since__c"] == "2026-11-01T05:00:00.000Z"


def test_a_new_link_of_the_same_kind_moves_all_rows_finished_ones_too() -> None:
    moved = desired([linked(1), enrolled(1, "passed"), enrolled(1, id="e-2"), linked(5, OTHER_USER)])
    assert {row.payload["User__c"] for row in moved.values()} == {OTHER_USER}
    assert moved[MEMBERSHIP].touched == (USER, OTHER_USER)


def test_the_link_with_the_latest_instant_stands_whatever_the_order_of_arrival() -> None:
    assert payloads([linked(5, OTHER_USER), linked(1, USER)])[MEMBERSHIP]["User__c"] == OTHER_USER
    assert payloads([linked(5, USER), linked(5, OTHER_USER)])[MEMBERSHIP]["User__c"] == OTHER_USER
    assert payloads([unlinked(5), linked(5, USER)])[MEMBERSHIP]["User__c"] is None


@pytest.mark.parametrize("status", ["not_started", "in_progress", "pending_review"])
def test_an_unfinished_course_is_removed_from_salesforce_by_its_unenrollment(status: str) -> None:
    assert set(payloads([linked(1), enrolled(1, status), unenrolled(2)])) == {MEMBERSHIP}


@pytest.mark.parametrize("status", ["completed", "passed", "failed"])
def test_the_record_of_a_finished_course_stays_after_its_unenrollment(status: str) -> None:
    facts = [linked(1), enrolled(1, status, score=80)]
    assert payloads([*facts, unenrolled(2)]) == payloads(facts)


def test_the_highest_change_below_a_removal_decides_also_when_it_comes_after() -> None:
    assert ROW in payloads([linked(1), enrolled(1), unenrolled(3), enrolled(2, "passed")])
    assert ROW not in payloads([linked(1), enrolled(1, "passed"), unenrolled(3), enrolled(2)])


def test_a_change_above_a_removal_makes_the_row_live_again() -> None:
    assert ROW in payloads([linked(1), enrolled(1), unenrolled(2), enrolled(3)])


def test_a_removal_wins_over_a_change_of_the_same_version() -> None:
    assert ROW not in payloads([linked(1), enrolled(2), unenrolled(2)])


def test_a_late_fact_cannot_bring_an_unenrolled_course_back() -> None:
    assert ROW not in payloads([linked(1), unenrolled(5), enrolled(4)])


def test_a_course_takes_its_newest_name_and_a_finished_and_removed_one_keeps_its_own() -> None:
    live = [linked(1), enrolled(1, "passed"), renamed(2, "Safety 2", hour=10), renamed(1, "Safety 1", hour=3)]
    assert payloads(live)[ROW]["Course_Name__c"] == "Safety 2"
    assert payloads([*live, unenrolled(2, hour=5)])[ROW]["Course_Name__c"] == "Safety 1"
    assert payloads([*live, unenrolled(2, hour=2)])[ROW]["Course_Name__c"] == "Safety"


def test_a_deleted_course_is_an_unenrollment_of_all_those_that_arrive_later_too() -> None:
    facts = [linked(1), deleted(5), enrolled(1, "passed"), enrolled(1, id="e-2"), renamed(1, "New", hour=6)]
    assert set(payloads(facts)) == {MEMBERSHIP, ROW}
    assert payloads(facts)[ROW]["Course_Name__c"] == "Safety"


def test_an_unfinished_path_goes_with_its_unenrollment_and_a_finished_one_stays() -> None:
    assert PATH_ROW not in payloads([linked(1), on_path(1, done=2), off_path(2)])
    stays = payloads([linked(1), on_path(1, done=3, completed=1, score=88.125), off_path(2)])[PATH_ROW]
    assert (stays["Courses_Completed__c"], stays["Completed_At__c"], stays["Score__c"]) == (
        3,
        "2026-11-01T01:00:00.000Z",
        88.13,
    )


def test_unlinking_keeps_what_was_finished_and_the_membership_without_its_lookup() -> None:
    facts = [linked(1), enrolled(1, "passed", completed=4), enrolled(1, id="e-2"), on_path(1), unlinked(5)]
    assert {row: each["User__c"] for row, each in payloads(facts).items()} == {MEMBERSHIP: None, ROW: USER}


def test_what_is_finished_after_the_link_ended_is_not_written() -> None:
    assert set(payloads([linked(1), enrolled(1), unlinked(5), enrolled(2, "passed", completed=6)])) == {MEMBERSHIP}


def test_a_later_link_starts_again_with_everything() -> None:
    facts = [linked(1), enrolled(1), unlinked(5), linked(6, OTHER_USER)]
    assert {row: each["User__c"] for row, each in payloads(facts).items()} == {MEMBERSHIP: OTHER_USER, ROW: OTHER_USER}
    assert payloads(facts)[MEMBERSHIP]["Member_Since__c"] == "2026-11-01T01:00:00.000Z"


def test_unlinking_one_door_leaves_the_other_open() -> None:
    rows_ = payloads([linked(1, USER), linked(1, CONTACT), enrolled(1), unlinked(5, "contact")])
    assert set(rows_) == {MEMBERSHIP, ROW}
    assert rows_[MEMBERSHIP]["Contact__c"] is None


def test_nothing_is_left_of_an_erased_learner_and_late_facts_bring_nothing_back() -> None:
    facts = [linked(1), enrolled(1, "passed"), accessed(2)]
    assert payloads([*facts, erased(5)]) == {}
    assert payloads([erased(5), *facts]) == {}


def test_facts_recorded_after_an_erasure_start_afresh() -> None:
    fresh = [linked(6), enrolled(1, id="e-9", recorded=7)]
    old = [linked(1, OTHER_USER), enrolled(3, "passed"), accessed(2)]
    assert payloads([*old, erased(5), *fresh]) == payloads(fresh)


def test_a_fact_that_an_erasure_leaves_alive_is_not_lost_to_a_higher_version_that_it_drops() -> None:
    low_but_late, high_but_early = enrolled(1, recorded=7), enrolled(9, "passed", recorded=3)
    assert payloads([linked(6), low_but_late, high_but_early, erased(5)]) == payloads([linked(6), low_but_late])


@pytest.mark.parametrize(
    ("fact", "status", "completed"),
    [
        (attempt(1), "in_progress", None),
        (attempt(1, "completed", legacy=True), "in_progress", None),
        (attempt(1, "completed", result="success"), "passed", "2026-11-01T02:00:00.000Z"),
        (attempt(1, "completed", result="failed"), "failed", "2026-11-01T02:00:00.000Z"),
    ],
)
def test_a_go1_attempt_is_mirrored_as_a_course_enrollment(fact: Fact, status: str, completed: str | None) -> None:
    row = payloads([linked(1), fact])[GO1_ROW]
    assert (
        row["Status__c"],
        row["Completed_At__c"],
        row["Enrolled_At__c"],
        row["Course_Name__c"],
        row["Score__c"],
    ) == (
        status,
        completed,
        "2026-11-01T01:00:00.000Z",
        "Go",
        None,
    )


def test_a_voided_go1_attempt_loses_its_row_and_one_without_a_title_shows_its_course_id() -> None:
    assert GO1_ROW not in payloads([linked(1), attempt(1, "completed", result="success"), attempt(2, "voided")])
    assert payloads([linked(1), attempt(1, title=None)])[GO1_ROW]["Course_Name__c"] == "go-7"


def test_go1_attempts_are_not_mirrored_where_the_platform_sends_them_itself() -> None:
    assert set(desired([linked(1), attempt(1)], mirror_go1=False)) == {MEMBERSHIP}


def test_a_score_of_nought_is_nought_and_scores_are_rounded_half_up() -> None:
    assert [rows.score(each) for each in (None, 0, 0.0, 91.5, 79.995, 2.675, 100)] == [None, 0, 0, 91.5, 80, 2.68, 100]


def test_a_key_too_long_for_its_field_carries_the_hash_of_the_id() -> None:
    assert row_key("acme", "x" * 115) == "acme:" + "x" * 115
    long = row_key("a" * 40, "x" * 128)
    assert long.startswith("a" * 40 + ":~")
    assert utf16_length(long) == 106
    assert utf16_length(row_key("acme", "\U0001d4b3" * 100)) == 70


def test_the_rows_of_a_merged_contact_move_and_those_of_a_deleted_one_are_gone() -> None:
    facts = [linked(1, CONTACT), enrolled(1, "passed")]
    merged = desired(facts, records=Records({CONTACT: OTHER_CONTACT}, ()))
    assert {row.payload["Contact__c"] for row in merged.values()} == {OTHER_CONTACT}
    gone = desired(facts, records=Records({}, {CONTACT}))
    assert {row.gone for row in gone.values()} == {True}


def test_counters_are_sums_over_the_rows_and_null_where_nobody_feeds_them() -> None:
    statuses = {"not_started": 1, "in_progress": 2, "pending_review": 3, "completed": 4, "passed": 5, "failed": 6}
    assert rows.profile(statuses, "2026-11-01T02:00:00.000Z", fed=True) == {
        "LearnUpon_Last_Accessed__c": "2026-11-01T02:00:00.000Z",
        "LearnUpon_Courses_Enrolled__c": 21,
        "LearnUpon_Courses_Completed__c": 15,
        "LearnUpon_Courses_Passed__c": 5,
        "LearnUpon_Courses_Failed__c": 6,
        "LearnUpon_Courses_In_Progress__c": 2,
        "LearnUpon_Courses_Pending_Review__c": 3,
    }
    assert set(rows.profile({}, None, fed=True).values()) == {None, 0}
    assert set(rows.profile({}, None, fed=False).values()) == {None}
