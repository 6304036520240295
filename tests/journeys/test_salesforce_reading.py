"""What operators see: status, explain, refused rows and their retry."""

from typing import Any

import httpx
import pytest

from tests.salesforce_syncer.stage import MEMBERSHIP, USER_ROWS, Someone, Stage, counters, of_module, shown, stamp
from tests.world import WAIT_SECONDS, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "salesforce-syncer"


stage = of_module()


async def ask(stage: Stage, path: str, *, role: str = "operator", portals: Any = "*", **parameters: str) -> Any:
    token = stage.world.token(NAME, role, portals=portals)
    return await stage.world.get(stage.syncer, path, token=token, **parameters)


async def test_explain_tells_a_learners_links_and_every_row_with_its_state(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.enrolled("e1", 1, "passed", score=80))
    path = f"/v1/learners/acme/{someone.id}"
    await eventually(
        lambda: ask(stage, path), "the learner to be known", until=lambda answer: answer.status_code == 200
    )
    assert (await ask(stage, path)).json() == {"links": [], "membership": None, "rows": []}
    await stage.tell(someone.linked(2, user))
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 1, 1, 0, 0, 0))

    async def story() -> Any:
        return (await ask(stage, path)).json()

    def all_written(found: Any) -> bool:
        return {each["state"] for each in [found["membership"], *found["rows"]]} == {"written"}

    found = await eventually(story, "all rows to be acknowledged", until=all_written)
    assert found["links"] == [
        {
            "salesforce_kind": "user",
            "salesforce_id": user,
            "merged_into": None,
            "via": "tab_opened",
            "linked_at": "2026-11-01T02:00:00.000Z",
            "unlinked_at": None,
        }
    ]
    row = next(each for each in found["rows"] if each["object"] == USER_ROWS)
    assert row["key"] == someone.key("e1")
    assert row["salesforce_id"] == stage.standin.rows(USER_ROWS)[someone.key("e1")]["Id"]
    assert (row["payload"]["Score__c"], row["error"], row["dirty_since"]) == (80, None, None)


async def test_of_two_learners_with_one_enrollment_the_one_who_does_not_have_the_row_is_told_why(stage: Stage) -> None:
    ann, bob = Someone(), Someone()
    hour, enrollment = ann.enrolled("e1", 1)
    newer = enrollment.model_copy(update={**bob.ids, "version": 2})
    await stage.tell(ann.linked(1, stage.standin.user()), bob.linked(1, stage.standin.user()))
    await stage.tell((hour, enrollment), (hour + 1, newer))

    async def story(of: Someone) -> Any:
        rows = (await ask(stage, f"/v1/learners/acme/{of.id}")).json()["rows"]
        return [(each["key"], each["state"], each["why"]) for each in rows if each["object"] == USER_ROWS]

    key, why = ann.key("e1"), "another learner has an enrollment of the same id"
    await stage.becomes(lambda: story(bob), [(key, "written", None)])
    await stage.becomes(lambda: story(ann), [(key, "held", why)])


async def test_rows_of_a_portal_that_is_not_known_yet_wait_and_say_so(stage: Stage) -> None:
    someone = Someone(portal_id="later")
    await stage.tell(someone.linked(1, stage.standin.user()), someone.enrolled("e1", 1))

    async def states() -> Any:
        found = (await ask(stage, f"/v1/learners/later/{someone.id}")).json()
        return found.get("membership") and {found["membership"]["state"], *(each["state"] for each in found["rows"])}

    await eventually(states, "the rows to wait", until=lambda found: found == {"waiting"})


async def test_refused_rows_are_listed_and_tried_again_on_request(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    fault = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Scores of Fridays are not allowed"}
    stage.standin.fault("row_error", objects=[USER_ROWS], keys=[someone.key("e1")], fields=["Score__c"], **fault)
    await stage.tell(someone.linked(1, user), someone.enrolled("e1", 1), someone.enrolled("e2", 1))
    await stage.shows(lambda: someone.key("e2") in stage.standin.rows(USER_ROWS), expected=True)

    async def refused() -> Any:
        return (await ask(stage, "/v1/rejected", portal_id="acme", object=USER_ROWS, code=fault["code"])).json()[
            "items"
        ]

    (item,) = await eventually(refused, "the row to be listed")
    assert item | {"first_seen": "", "last_seen": ""} == {
        "object": USER_ROWS,
        "key": someone.key("e1"),
        "portal_id": "acme",
        "learner_id": someone.id,
        "code": fault["code"],
        "field": "Score__c",
        "message": fault["message"],
        "first_seen": "",
        "last_seen": "",
        "tries": 1,
    }
    # Salesforce does not hold the refused row, so its profile does not count it.
    await stage.shows(lambda: counters(stage.standin, "User", user), (1, 0, 0, 0, 1, 0))
    assert (await ask(stage, "/v1/rejected", portals=["other"])).json() == {"items": [], "next_cursor": None}
    stage.standin.heal()
    async with httpx.AsyncClient(base_url=stage.syncer.url, timeout=WAIT_SECONDS) as client:
        answer = await client.post(
            "/v1/rejected/retry",
            json={"keys": [someone.key("e1"), "acme:unknown"]},
            headers={"Authorization": f"Bearer {stage.world.token(NAME, 'operator')}"},
        )
    assert (answer.status_code, answer.json()) == (202, {"retrying": 1})
    await stage.shows(lambda: shown(stage.standin, USER_ROWS, someone.key("e1"), "Status__c"), ("in_progress",))
    await stage.shows(lambda: counters(stage.standin, "User", user), (2, 0, 0, 0, 2, 0))
    assert await refused() == []


async def test_status_tells_the_connection_the_quota_and_what_waits(stage: Stage) -> None:
    async def status() -> Any:
        return (await ask(stage, "/v1/status")).json()

    def has_told(found: Any) -> bool:
        return found["connection"]["state"] == "up" and found["quota"]["share"] is not None

    found = await eventually(status, "the writer to tell", until=has_told)
    assert found["connection"]["org_id"] == stage.standin.calls()["organization_id"]
    assert found["quota"]["pace"] == "free"
    assert found["quota"]["share"] == 50_000
    assert [each["object"] for each in found["dirty"]][:2] == ["LearnUpon_Portal__c", MEMBERSHIP]
    assert (found["stopped"], found["guards"], found["last_proof"]) == ([], [], None)


async def test_only_operators_may_ask_and_of_their_portals_only(stage: Stage) -> None:
    someone = Someone()
    await stage.tell(someone.accessed(1))
    path = f"/v1/learners/acme/{someone.id}"
    await eventually(
        lambda: ask(stage, path), "the learner to be known", until=lambda answer: answer.status_code == 200
    )
    hidden, unknown = await ask(stage, path, portals=["other"]), await ask(stage, "/v1/learners/acme/nobody")
    assert (hidden.status_code, hidden.content) == (404, unknown.content)
    assert [(await ask(stage, each, role="analyst")).status_code for each in (path, "/v1/status", "/v1/rejected")] == [
        403,
        403,
        403,
    ]


async def test_a_newer_access_waits_for_its_time_and_any_other_write_takes_it_along(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    await stage.tell(someone.linked(1, user), someone.accessed(2))
    await stage.shows(lambda: shown(stage.standin, "User", user, "LearnUpon_Last_Accessed__c"), (stamp(2),))
    await stage.shows(lambda: shown(stage.standin, MEMBERSHIP, someone.membership, "Last_Accessed__c"), (stamp(2),))
    await stage.tell(someone.accessed(3))
    marker = Someone()
    await stage.tell(marker.linked(1, stage.standin.user()))
    await stage.shows(lambda: marker.membership in stage.standin.rows(MEMBERSHIP), expected=True)
    assert shown(stage.standin, MEMBERSHIP, someone.membership, "Last_Accessed__c") == (stamp(2),)
    await stage.tell(someone.enrolled("e1", 1))
    await stage.shows(lambda: shown(stage.standin, "User", user, "LearnUpon_Last_Accessed__c"), (stamp(3),))
    assert shown(stage.standin, MEMBERSHIP, someone.membership, "Last_Accessed__c") == (stamp(2),)
