"""What Salesforce can do to us: the rows end as they should all the same."""

from pathlib import Path
from typing import Any

import pytest

from contracts import CourseRenamed
from tests.salesforce_syncer.stage import (
    CONTACT_ROWS,
    MEMBERSHIP,
    USER_PATHS,
    USER_ROWS,
    Someone,
    Stage,
    at,
    counters,
    of_module,
    shown,
    staged,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


stage = of_module(SALESFORCE_TIMEOUT_SECONDS="2")


@pytest.fixture(autouse=True)
def healed(stage: Stage) -> Any:
    yield
    stage.standin.heal()
    stage.standin.admin("POST", "/access", {})


async def crowd(stage: Stage, size: int) -> tuple[list[Someone], list[str]]:
    people, users = [Someone() for _ in range(size)], [stage.standin.user() for _ in range(size)]
    await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
    await stage.tell(*(each.enrolled(f"e{n}", 1, "passed") for each in people for n in range(4)))
    return people, users


async def all_there(stage: Stage, people: list[Someone], users: list[str]) -> None:
    def end() -> Any:
        rows = stage.standin.rows(USER_ROWS)
        missing = [each.key(f"e{n}") for each in people for n in range(4) if each.key(f"e{n}") not in rows]
        profiles = stage.standin.rows("User")
        counts = {profiles[user].get("LearnUpon_Courses_Passed__c") for user in users}
        return missing, counts

    await stage.shows(end, ([], {4}), seconds=120)
    keys = [each["Enrollment_Key__c"] for each in stage.standin.rows(USER_ROWS).values()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(
            [{"kind": "lock_rows", "share": 0.2, "times": None}],
            id="a fifth of the rows is locked",
            marks=pytest.mark.long,
        ),
        pytest.param([{"kind": "hang_after_write", "share": 0.3, "times": 3}], id="time-outs after the write"),
        pytest.param([{"kind": "cut_after_write", "share": 0.3, "times": 3}], id="connections cut after the write"),
        pytest.param(
            [{"kind": "unavailable", "times": 8}], id="503 with a page of HTML, for a while", marks=pytest.mark.long
        ),
        pytest.param([{"kind": "total_requests", "times": 3}], id="the day's calls are used up, for a while"),
        pytest.param([{"kind": "concurrent_requests", "times": 3}], id="too many at once", marks=pytest.mark.long),
        pytest.param([{"kind": "duplicate_race", "share": 0.2, "times": 20}], id="duplicates in a race"),
        pytest.param([{"kind": "server_error", "times": 4}], id="500"),
        pytest.param([{"kind": "garbled", "times": 2}], id="answers that are no JSON"),
        pytest.param([{"kind": "api_disabled", "times": 2}], id="the API is disabled for a while"),
    ],
)
async def test_all_rows_arrive_once_in_spite_of(stage: Stage, faults: list[dict[str, Any]]) -> None:
    for each in faults:
        stage.standin.admin("POST", "/faults", each | {"calls": ["collections.upsert", "collections.update"]})
    await all_there(stage, *await crowd(stage, 30))


async def test_an_expired_token_costs_one_login_however_many_requests_are_open(stage: Stage) -> None:
    people, users = [Someone() for _ in range(100)], [stage.standin.user() for _ in range(100)]
    await stage.tell(*(each.enrolled(f"e{n}", 1, "passed") for each in people for n in range(4)))
    stage.standin.zero()
    stage.standin.admin("POST", "/tokens/expire")
    await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
    await all_there(stage, people, users)
    assert stage.standin.calls()["kinds"]["token"] == 1


async def test_a_row_that_is_locked_and_then_loses_a_race_is_sent_once_more(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    stage.standin.fault("lock_rows", keys=[someone.key("e1")], times=1)
    stage.standin.fault("duplicate_race", keys=[someone.key("e1")], times=1)
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1, "passed"))
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 1, 1, 0, 0, 0))
    assert not [each for each in stage.syncer.log() if each.get("reason") == "DUPLICATE_VALUE"]


async def test_a_bulk_job_that_never_ends_is_given_up_and_its_rows_are_sent_again(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    settings = {"SALESFORCE_BULK_ROWS": "3", "SALESFORCE_BULK_SECONDS": "2"}
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path, **settings) as stage:
        someone, user = Someone(), stage.standin.user()
        stage.standin.fault("bulk_stuck")
        await stage.tell(someone.linked(1, user), *(someone.enrolled(f"e{n}", 1, "passed") for n in range(12)))
        await stage.shows(lambda: counters(stage.standin, "User", user), (12, 12, 12, 0, 0, 0), seconds=120)
        states = [each["state"] for each in stage.standin.api("GET", "/jobs/ingest")["records"]]
        # The rows may be read in parts, and then go out in more than one job after the stuck one.
        assert (states.count("Aborted"), set(states)) == (1, {"Aborted", "JobComplete"})
        lines = [each for each in stage.syncer.log() if each["level"] == "warning"]
        told = [
            (each["event"], each.get("reason")) for each in lines if each["event"].startswith(("bulk.", "writing."))
        ]
        assert told == [("bulk.aborted", "nobody waits for it any more"), ("writing.paused", "BULK_JOB_STUCK")]


async def test_a_merged_contact_is_followed_and_its_rows_move(stage: Stage) -> None:
    someone, loser, master = Someone(), stage.standin.contact(), stage.standin.contact()
    await stage.tell(someone.linked(1, loser), someone.enrolled("e1", 1))
    await stage.shows(lambda: counters(stage.standin, "Contact", loser), (1, 0, 0, 0, 1, 0))
    stage.standin.admin("POST", "/merge", {"object": "Contact", "master": master, "losers": [loser]})
    await stage.tell(someone.enrolled("e1", 2, "passed"), someone.enrolled("e2", 1))
    await stage.shows(
        lambda: shown(stage.standin, CONTACT_ROWS, someone.key("e1"), "Contact__c", "Status__c"), (master, "passed")
    )
    await stage.shows(lambda: shown(stage.standin, CONTACT_ROWS, someone.key("e2"), "Contact__c"), (master,))
    await stage.shows(lambda: shown(stage.standin, MEMBERSHIP, someone.membership, "Contact__c"), (master,))
    await stage.shows(lambda: counters(stage.standin, "Contact", master), (2, 1, 1, 0, 1, 0))


async def test_the_rows_of_a_deleted_contact_are_gone_until_a_new_link(stage: Stage) -> None:
    someone, contact, other = Someone(), stage.standin.contact(), stage.standin.contact()
    await stage.tell(someone.linked(1, contact), someone.enrolled("e1", 1))
    await stage.shows(lambda: counters(stage.standin, "Contact", contact), (1, 0, 0, 0, 1, 0))
    stage.standin.api("DELETE", f"/sobjects/Contact/{contact}")
    await stage.tell(someone.enrolled("e1", 2, "passed"))

    async def states() -> set[str]:
        token = stage.world.token("salesforce-syncer", "operator")
        found = (await stage.world.get(stage.syncer, f"/v1/learners/acme/{someone.id}", token=token)).json()
        return {each["state"] for each in [found["membership"], *found["rows"]]}

    await stage.becomes(states, {"gone"})
    await stage.tell(someone.linked(5, other))
    await stage.shows(
        lambda: shown(stage.standin, CONTACT_ROWS, someone.key("e1"), "Contact__c", "Status__c"), (other, "passed")
    )
    await stage.shows(lambda: counters(stage.standin, "Contact", other), (1, 1, 1, 0, 0, 0))


async def test_a_field_without_rights_stops_its_object_alone_and_it_goes_on_by_itself(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    stage.standin.admin("POST", "/access", {"object": USER_PATHS, "field": "Score__c", "right": "read"})
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1), someone.on_path("p1", 1, done=1))
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=True)

    async def stopped() -> list[str]:
        token = stage.world.token("salesforce-syncer", "operator")
        return [
            each["object"]
            for each in (await stage.world.get(stage.syncer, "/v1/status", token=token)).json()["stopped"]
        ]

    await stage.becomes(stopped, [USER_PATHS])
    assert someone.key("p1") not in stage.standin.rows(USER_PATHS)
    stage.standin.admin("POST", "/access", {})
    await stage.shows(lambda: someone.key("p1") in stage.standin.rows(USER_PATHS), expected=True)
    lines = [each["event"] for each in stage.syncer.log() if each.get("object") == USER_PATHS]
    assert [each for each in lines if each.startswith("writing.")] == ["writing.stopped", "writing.resumed"]


async def test_a_membership_deleted_in_salesforce_is_written_anew_for_its_children(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user))
    await stage.shows(lambda: someone.membership in stage.standin.rows(MEMBERSHIP), expected=True)
    stage.standin.api("DELETE", f"/sobjects/{MEMBERSHIP}/{stage.standin.rows(MEMBERSHIP)[someone.membership]['Id']}")
    await stage.tell(someone.enrolled("e1", 1))
    await stage.shows(lambda: someone.key("e1") in stage.standin.rows(USER_ROWS), expected=True)
    membership = stage.standin.rows(MEMBERSHIP)[someone.membership]
    assert stage.standin.rows(USER_ROWS)[someone.key("e1")]["Membership__c"] == membership["Id"]


async def test_long_names_are_cut_between_code_points_and_a_poisonous_row_harms_no_other(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    name = "\U0001d4b3" * 150
    stage.standin.fault("row_error", keys=[someone.key("e2")], code="STRING_TOO_LONG", message="too long")
    renamed = CourseRenamed(portal_id="acme", course_id="long", course_name=name, renamed_at=at(1), version=1)
    await stage.tell(
        (1, renamed), someone.linked(1, user), someone.enrolled("e1", 1, course="long"), someone.enrolled("e2", 1)
    )
    await stage.shows(
        lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Course_Name__c"), ("\U0001d4b3" * 127,)
    )
    assert someone.key("e2") not in stage.standin.rows(USER_ROWS)
