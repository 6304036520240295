"""Bad input, each as the specification says: kept, set aside, cut, or decided; and nobody else's rows wait for it."""

from typing import Any

import pytest

from contracts import CourseRenamed, Envelope
from contracts.wire import encode
from tests.salesforce_syncer.stage import (
    MEMBERSHIP,
    PORTAL,
    USER_ROWS,
    Someone,
    Stage,
    a_portal,
    at,
    counters,
    of_module,
    shown,
)
from tests.world import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


stage = of_module()


async def explained(stage: Stage, someone: Someone) -> Any:
    token = stage.world.token("salesforce-syncer", "operator")
    answer = await stage.world.get(stage.syncer, f"/v1/learners/{someone.portal_id}/{someone.id}", token=token)
    return answer.json() if answer.status_code == 200 else None


async def test_rows_of_an_unknown_portal_wait_for_it(stage: Stage) -> None:
    someone, user = Someone(portal_id="unheard-of"), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1, "passed", score=80))

    async def waiting() -> Any:
        found = await explained(stage, someone)
        return found and [(each["state"], each["why"]) for each in (found["membership"], *found["rows"])]

    await stage.becomes(waiting, [("waiting", "the portal is not connected yet")] * 2)
    assert someone.membership not in stage.standin.rows(MEMBERSHIP)
    await stage.tell((3, a_portal("unheard-of")))
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Score__c"), (80,))
    assert "unheard-of" in stage.standin.rows(PORTAL)


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param("0050000000000", id="13 characters"),
        pytest.param("00500000000000!AAA", id="a character that no id has"),
        pytest.param("005000000000001AAB", id="a wrong checksum"),
        pytest.param("003000000000001AAA", id="a contact's id in a link of a user"),
        pytest.param("", id="nothing"),
    ],
)
async def test_a_link_with_a_malformed_id_is_set_aside_and_the_learner_stays_unlinked(
    stage: Stage, spoiled: str
) -> None:
    someone = Someone()
    hour, link = someone.linked(1, "005000000000001AAA")
    record = encode(Envelope.of(link, source="/lms/acme", time=at(hour)))
    bad = record.value.replace(b"005000000000001AAA", spoiled.encode())
    assert bad != record.value
    await stage.world.publish_raw(record.topic, bad, key=record.key, headers=record.headers)
    await stage.tell(someone.enrolled("e1", 1))

    async def set_aside() -> list[dict[str, bytes]]:
        letters = await stage.world.dead_letters("salesforce-syncer")
        return [dict(each.headers) for each in letters if each.value == bad]

    (headers,) = await eventually(set_aside, "the link to be set aside")
    assert headers["dlq-reason"] == b"invalid"
    assert b"salesforce_id" in headers["dlq-detail"]
    if spoiled:
        assert spoiled.encode() not in headers["dlq-detail"]

    async def known() -> Any:
        return await explained(stage, someone)

    await stage.becomes(known, {"links": [], "membership": None, "rows": []})


async def test_an_enrollment_of_an_unknown_learner_is_kept_and_is_no_error(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    before = len(await stage.world.dead_letters("salesforce-syncer"))
    await stage.tell(someone.enrolled("e1", 1, "passed", score=90))

    async def known() -> Any:
        return await explained(stage, someone)

    await stage.becomes(known, {"links": [], "membership": None, "rows": []})
    assert someone.key("e1") not in stage.standin.rows(USER_ROWS)
    assert len(await stage.world.dead_letters("salesforce-syncer")) == before
    await stage.tell(someone.linked(5, user))
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Score__c"), (90,))


async def test_a_name_of_300_astral_characters_is_cut_to_its_field_and_told_once(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    name = "\U0001d54f" * 300
    renamed = CourseRenamed(portal_id="acme", course_id="astral", course_name=name, renamed_at=at(1), version=1)
    await stage.tell((1, renamed), someone.linked(1, user), someone.enrolled("e1", 1, course="astral"))
    await stage.shows(
        lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Course_Name__c"), ("\U0001d54f" * 127,)
    )
    told = [each for each in stage.syncer.log() if each["event"] == "text.truncated"]
    assert [(each["object"], each["key"], each["field"], each["reason"]) for each in told] == [
        (USER_ROWS, someone.key("e1"), "Course_Name__c", "longer than 255")
    ]


async def test_a_score_of_nought_is_nought_and_a_score_taken_back_is_null(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(
        someone.linked(1, user),
        someone.enrolled("nought", 1, "failed", score=0),
        someone.enrolled("none", 1, "failed"),
        someone.enrolled("taken-back", 1, "failed", score=55),
        someone.enrolled("half", 1, "passed", score=79.995),
    )

    def scores() -> list[Any]:
        names = ("nought", "none", "taken-back", "half")
        return [shown(stage.standin, USER_ROWS, someone.key(name), "Score__c") for name in names]

    await stage.shows(scores, [(0,), (None,), (55,), (80,)])
    await stage.tell(someone.enrolled("taken-back", 2, "failed"), someone.enrolled("none", 2, "failed", score=0))
    await stage.shows(scores, [(0,), (0,), (None,), (80,)])


async def test_of_equal_versions_that_differ_the_same_one_stands_in_any_order_and_it_is_logged(stage: Stage) -> None:
    people, users = [Someone(), Someone()], [stage.standin.user(), stage.standin.user()]
    await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
    for someone, statuses in zip(
        people, (("in_progress", "pending_review"), ("pending_review", "in_progress")), strict=True
    ):
        for status in statuses:
            await stage.tell(someone.enrolled("e1", 3, status))
    await stage.shows(lambda: {counters(stage.standin, "User", each) for each in users}, {(1, 0, 0, 0, 0, 1)})
    conflicts = [each for each in stage.syncer.log() if each["event"] == "event.conflict"]
    assert [each["event_type"] for each in conflicts] == ["learnwire.enrollment.changed.v1"] * 2
