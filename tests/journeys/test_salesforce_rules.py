"""The seed's rules, one journey each: facts into Kafka, rows out of Salesforce. One world serves them all."""

import random
from typing import Any

import pytest

from contracts import CourseDeleted, CourseRenamed
from tests.salesforce_syncer.stage import (
    CONTACT_PATHS,
    CONTACT_ROWS,
    MEMBERSHIP,
    PORTAL,
    USER_PATHS,
    USER_ROWS,
    Someone,
    Stage,
    a_portal,
    at,
    counters,
    of_module,
    shown,
    stamp,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


stage = of_module(SALESFORCE_ACCESSED_SECONDS="3600")


async def test_on_the_initial_connection_a_portal_record_is_created_once(stage: Stage) -> None:
    await stage.tell((1, a_portal("beta")), (1, a_portal("beta")), (2, a_portal("beta", name="Beta 2", version=2)))
    await stage.shows(
        lambda: shown(stage.standin, PORTAL, "beta", "Portal_Name__c", "Portal_Url__c", "Connected_At__c"),
        ("Beta 2", "https://acme.example", stamp(0)),
    )
    keys = [each["Portal_Key__c"] for each in stage.standin.rows(PORTAL).values()]
    assert sorted(keys) == ["acme", "beta"]


async def test_only_learners_that_met_a_prerequisite_are_synced_and_then_in_full(stage: Stage) -> None:
    someone, other, user = Someone(), Someone(), stage.standin.user()
    await stage.tell(someone.enrolled("e1", 1), someone.accessed(2), other.enrolled("e1", 1))
    await stage.tell(other.linked(3, stage.standin.contact()))
    await stage.shows(lambda: shown(stage.standin, CONTACT_ROWS, other.key("e1"), "Status__c"), ("in_progress",))
    assert someone.membership not in stage.standin.rows(MEMBERSHIP)
    await stage.tell(someone.linked(4, user))
    await stage.shows(
        lambda: shown(
            stage.standin, MEMBERSHIP, someone.membership, "User__c", "Contact__c", "Learner_Id__c", "Member_Since__c"
        ),
        (user, None, someone.id, stamp(4)),
    )
    await stage.shows(
        lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Status__c", "User__c"), ("in_progress", user)
    )


async def test_the_membership_is_there_at_the_link_and_maps_to_portal_and_enrollments(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user))
    await stage.shows(lambda: shown(stage.standin, MEMBERSHIP, someone.membership, "User__c"), (user,))
    await stage.tell(someone.enrolled("e1", 1))
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=True)
    membership = stage.standin.rows(MEMBERSHIP)[someone.membership]
    assert stage.standin.rows(USER_ROWS)[someone.key("e1")]["Membership__c"] == membership["Id"]
    assert membership["Portal__c"] == stage.standin.rows(PORTAL)["acme"]["Id"]


async def test_all_five_facts_of_a_course_enrollment_are_sent_for_users_and_for_contacts(stage: Stage) -> None:
    someone, user, contact = Someone(), stage.standin.user(), stage.standin.contact()
    await stage.tell(someone.linked(1, user), someone.linked(1, contact), someone.enrolled("e1", 2, "passed", score=0))
    fields = ("Course_Name__c", "Enrolled_At__c", "Completed_At__c", "Status__c", "Score__c")
    expected = ("Safety at work", stamp(0), stamp(2), "passed", 0)
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), *fields), expected)
    await stage.shows(lambda: shown(stage.standin, CONTACT_ROWS, someone.key("e1"), *fields), expected)


async def test_all_six_facts_of_a_learning_path_are_sent_for_users_and_for_contacts(stage: Stage) -> None:
    someone, user, contact = Someone(), stage.standin.user(), stage.standin.contact()
    path = someone.on_path("p1", 3, done=3, completed=True, score=88.125)
    await stage.tell(someone.linked(1, user), someone.linked(1, contact), path)
    fields = (
        "Learning_Path_Name__c",
        "Courses_Total__c",
        "Courses_Completed__c",
        "Enrolled_At__c",
        "Completed_At__c",
        "Score__c",
    )
    expected = ("Onboarding", 3, 3, stamp(0), stamp(3), 88.13)
    await stage.shows(lambda: shown(stage.standin, USER_PATHS, someone.key("p1"), *fields), expected)
    await stage.shows(lambda: shown(stage.standin, CONTACT_PATHS, someone.key("p1"), *fields), expected)


async def test_the_profile_counts_courses_and_shows_the_last_access(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    statuses = ("not_started", "in_progress", "pending_review", "completed", "passed", "failed")
    await stage.tell(someone.linked(1, user), someone.accessed(5), someone.accessed(4))
    await stage.tell(*(someone.enrolled(f"e-{each}", 1, each) for each in statuses))
    await stage.shows(lambda: counters(stage.standin, "User", user), (6, 3, 1, 1, 1, 1))
    await stage.shows(lambda: shown(stage.standin, "User", user, "LearnUpon_Last_Accessed__c"), (stamp(5),))


async def test_learners_of_several_portals_share_a_profile(stage: Stage) -> None:
    contact = stage.standin.contact()
    here, there = Someone(), Someone(portal_id="gamma")
    await stage.tell(here.linked(1, contact), there.linked(1, contact), here.accessed(2), there.accessed(3))
    await stage.tell(here.enrolled("e1", 1, "passed"), there.enrolled("e1", 1))
    await stage.shows(lambda: counters(stage.standin, "Contact", contact), (1, 1, 1, 0, 0, 0))
    assert there.membership not in stage.standin.rows(MEMBERSHIP)
    await stage.tell((4, a_portal("gamma")))
    await stage.shows(lambda: counters(stage.standin, "Contact", contact), (2, 1, 1, 0, 1, 0))
    await stage.shows(lambda: shown(stage.standin, "Contact", contact, "LearnUpon_Last_Accessed__c"), (stamp(3),))


async def test_an_unfinished_course_is_removed_from_salesforce_too(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1), someone.on_path("p1", 1, done=1))
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 0, 0, 0, 1, 0))
    await stage.shows(lambda: someone.key("p1") in stage.standin.rows(USER_PATHS), expected=True)
    await stage.tell(someone.removed("e1", 2), someone.off_path("p1", 2))
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=False)
    await stage.shows(lambda: someone.key("p1") in stage.standin.rows(USER_PATHS), expected=False)
    await stage.shows(lambda: counters(stage.standin, "User", user), (0, 0, 0, 0, 0, 0))
    assert someone.membership in stage.standin.rows(MEMBERSHIP)


async def test_the_record_of_a_finished_course_stays_in_salesforce(stage: Stage) -> None:
    someone, marker, user = Someone(), Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1, "failed", score=40), someone.removed("e1", 2))
    await stage.tell(marker.linked(1, stage.standin.user()), marker.enrolled("e1", 1))
    await stage.shows(lambda: marker.key("e1") in stage.standin.rows(USER_ROWS), expected=True)
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Status__c"), ("failed",))
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 1, 0, 1, 0, 0))


async def test_a_deleted_course_goes_as_its_enrollments_go_and_a_renamed_one_shows_its_name(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1, course="c7"))
    await stage.tell(someone.enrolled("e2", 1, "passed", course="c7"))
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=True)
    renamed = CourseRenamed(portal_id="acme", course_id="c7", course_name="Safety II", renamed_at=at(3), version=1)
    await stage.tell((3, renamed))
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Course_Name__c"), ("Safety II",))
    await stage.tell((4, CourseDeleted(portal_id="acme", course_id="c7", deleted_at=at(4))))
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=False)
    assert shown(stage.standin, USER_ROWS, someone.key("e2"), "Course_Name__c") == ("Safety II",)


async def test_a_go1_attempt_is_a_course_enrollment_until_it_is_voided(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    key = f"acme:go1:{someone.id}-a1"
    await stage.tell(someone.linked(1, user), someone.attempted("a1", 1, "completed"))
    fields = ("Status__c", "Course_Name__c", "Enrolled_At__c", "Completed_At__c")
    await stage.shows(
        lambda: shown(stage.standin, USER_ROWS, key, *fields), ("passed", "Go further", stamp(1), stamp(2))
    )
    await stage.tell(someone.attempted("a1", 2, "voided"))
    await stage.shows(lambda: key in stage.standin.rows(USER_ROWS), expected=False)


async def test_a_go1_completion_that_moves_to_another_learner_takes_its_row_along(stage: Stage) -> None:
    ann, bob, user, other = Someone(), Someone(), stage.standin.user(), stage.standin.user()
    await stage.tell(ann.linked(1, user), bob.linked(1, other))
    for thing in ("void-first", "open-first"):
        hour, attempt = ann.attempted(thing, 1, "completed")
        moved = attempt.model_copy(update=bob.ids)
        voided = ann.attempted(thing, 2, "voided")
        key = f"acme:go1:{ann.id}-{thing}"
        await stage.tell((hour, attempt))
        await stage.shows(lambda key=key: shown(stage.standin, USER_ROWS, key, "User__c"), (user,))
        for fact in [voided, (hour, moved)] if thing == "void-first" else [(hour, moved), voided]:
            await stage.tell(fact)
        await stage.shows(lambda key=key: shown(stage.standin, USER_ROWS, key, "User__c"), (other,))
    await stage.shows(lambda: counters(stage.standin, "User", user), (0, 0, 0, 0, 0, 0))
    await stage.shows(lambda: counters(stage.standin, "User", other), (2, 2, 2, 0, 0, 0))


async def test_a_new_link_moves_all_rows_and_the_profile_left_behind_is_written_once_more(stage: Stage) -> None:
    someone, user, other = Someone(), stage.standin.user(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1, "passed"), someone.accessed(2))
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 1, 1, 0, 0, 0))
    await stage.tell(someone.linked(3, other))
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "User__c"), (other,))
    await stage.shows(lambda: counters(stage.standin, "User", other), (1, 1, 1, 0, 0, 0))
    await stage.shows(lambda: counters(stage.standin, "User", user), (0, 0, 0, 0, 0, 0))
    assert shown(stage.standin, "User", user, "LearnUpon_Last_Accessed__c") == (None,)


async def test_unlinking_keeps_what_was_finished_and_the_membership(stage: Stage) -> None:
    someone, contact = Someone(), stage.standin.contact()
    await stage.tell(someone.linked(1, contact), someone.enrolled("e1", 1, "passed"), someone.enrolled("e2", 1))
    await stage.shows(lambda: counters(stage.standin, "Contact", contact), (2, 1, 1, 0, 1, 0))
    await stage.tell(someone.unlinked(5, "contact"))
    await stage.shows(lambda: counters(stage.standin, "Contact", contact), (1, 1, 1, 0, 0, 0))
    await stage.shows(lambda: shown(stage.standin, MEMBERSHIP, someone.membership, "Contact__c"), (None,))
    await stage.shows(lambda: someone.key("e2") in stage.standin.rows(CONTACT_ROWS), expected=False)
    assert shown(stage.standin, CONTACT_ROWS, someone.key("e1"), "Contact__c") == (contact,)


async def test_nothing_is_left_of_an_erased_learner(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1, "passed"), someone.accessed(2))
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 1, 1, 0, 0, 0))
    await stage.tell(someone.erased(5), someone.enrolled("e2", 4))
    await stage.shows(lambda: someone.membership in stage.standin.rows(MEMBERSHIP), expected=False)
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=False)
    await stage.shows(lambda: counters(stage.standin, "User", user), (None,) * 6)
    assert shown(stage.standin, "User", user, "LearnUpon_Last_Accessed__c") == (None,)


@pytest.mark.parametrize("seed", range(4))
async def test_a_shuffled_and_repeated_history_ends_with_the_same_rows(stage: Stage, seed: int) -> None:
    someone, user, contact = Someone(), stage.standin.user(), stage.standin.contact()
    history = [
        someone.linked(1, user),
        someone.linked(2, contact),
        someone.unlinked(9, "contact"),
        someone.accessed(3),
        someone.accessed(6),
        someone.enrolled("e1", 1),
        someone.enrolled("e1", 2, "passed", score=91.5),
        someone.removed("e1", 3),
        someone.enrolled("e2", 1),
        someone.removed("e2", 2),
        someone.enrolled("e3", 1, "pending_review"),
        someone.on_path("p1", 1, done=1),
        someone.on_path("p1", 2, done=2),
    ]
    shuffled = history * 2
    random.Random(seed).shuffle(shuffled)
    await stage.tell(*shuffled)

    def end() -> Any:
        rows = stage.standin.rows(USER_ROWS)
        mine = {key.rpartition("-")[2]: each["Status__c"] for key, each in rows.items() if f":{someone.id}-" in key}
        contacts = [key.rpartition("-")[2] for key in stage.standin.rows(CONTACT_ROWS) if f":{someone.id}-" in key]
        path = shown(stage.standin, USER_PATHS, someone.key("p1"), "Courses_Completed__c")
        return mine, contacts, path, counters(stage.standin, "User", user)

    await stage.shows(end, ({"e1": "passed", "e3": "pending_review"}, ["e1"], (2,), (2, 1, 1, 0, 0, 1)))


async def test_sent_again_nothing_is_written(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    facts = (someone.linked(1, user), someone.enrolled("e1", 1, "passed"), someone.accessed(2))
    await stage.tell(*facts)
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 1, 1, 0, 0, 0))
    marker = Someone()
    await stage.tell(*facts, marker.linked(1, stage.standin.user()))
    await stage.shows(lambda: marker.membership in stage.standin.rows(MEMBERSHIP), expected=True)
    stage.standin.zero()
    second = Someone()
    await stage.tell(*facts, second.linked(1, stage.standin.user()))
    await stage.shows(lambda: second.membership in stage.standin.rows(MEMBERSHIP), expected=True)
    assert stage.standin.calls()["written"].get(USER_ROWS) is None
