"""What happens to a syncer that is operated: guards, a changed setting, replicas, another org, a used-up quota."""

from pathlib import Path
from typing import Any

import pytest

from tests.salesforce_syncer.operating import command, quiet, status, synced
from tests.salesforce_syncer.stage import (
    MEMBERSHIP,
    USER_ROWS,
    Someone,
    Stage,
    a_portal,
    counters,
    of_module,
    staged,
)
from tests.world import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

stage = of_module(SALESFORCE_DELETE_GUARD_ROWS="60")


async def test_a_burst_of_deletes_waits_for_approval_while_erasures_go_on(stage: Stage) -> None:
    people, _ = await synced(stage, 65)
    await stage.tell(*(each.removed("e1", 2) for each in people[:64]))
    guarded = await eventually(lambda: status(stage), "the guard", until=lambda found: bool(found["guards"]))
    assert guarded["guards"][0]["portal_id"] == "acme"
    await stage.tell(people[64].erased(9))
    await stage.shows(lambda: people[64].membership in stage.standin.rows(MEMBERSHIP), expected=False)
    here = [each.key("e1") for each in people[:64] if each.key("e1") in stage.standin.rows(USER_ROWS)]
    assert len(here) >= 4
    code, told = await command(stage, "approve-deletes", "acme")
    assert (code, told["portal_id"]) == (0, "acme")
    await stage.shows(
        lambda: [each.key("e1") for each in people[:64] if each.key("e1") in stage.standin.rows(USER_ROWS)], []
    )
    lines = [each for each in stage.syncer.log() if each["event"] == "deletes.guarded"]
    assert len(lines) == 1


async def test_a_guarded_portal_goes_on_when_its_deletes_fall_away(stage: Stage) -> None:
    someone = Someone(portal_id="seasonal")
    await stage.tell((1, a_portal("seasonal")), someone.linked(1, stage.standin.user()))
    await stage.tell(*(someone.enrolled(f"e{n}", 1) for n in range(70)))

    def here() -> int:
        return sum(each.startswith("seasonal:") for each in stage.standin.rows(USER_ROWS))

    async def guarded() -> list[str]:
        return [each["portal_id"] for each in (await status(stage))["guards"]]

    await stage.shows(here, 70)
    await quiet(stage)
    await stage.tell(*(someone.removed(f"e{n}", 2) for n in range(64)))
    await stage.becomes(guarded, ["seasonal"])
    before = here()
    assert before >= 6
    await stage.tell(*(someone.enrolled(f"e{n}", 3) for n in range(62)))
    await stage.becomes(guarded, [])
    await stage.shows(here, 68)
    events = [each["event"] for each in stage.syncer.log() if each.get("portal_id") == "seasonal"]
    assert events == ["deletes.guarded", "deletes.released"]


async def test_go1_attempts_are_no_longer_enrollments_once_their_mirror_is_switched_off(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    key = f"acme:go1:{someone.id}-a1"
    await stage.tell(someone.linked(1, user), someone.attempted("a1", 1, "completed"), someone.enrolled("e1", 1))
    await stage.shows(lambda: counters(stage.standin, "User", user), (2, 1, 1, 0, 1, 0))
    for mirror, there, counted in (("false", False, (1, 0, 0, 0, 1, 0)), ("true", True, (2, 1, 1, 0, 1, 0))):
        assert stage.syncer.terminate() == 0
        stage.syncer.environment["LEARNWIRE_SALESFORCE_MIRROR_GO1"] = mirror
        stage.syncer.start()
        await stage.shows(lambda: key in stage.standin.rows(USER_ROWS), expected=there)
        await stage.shows(lambda: counters(stage.standin, "User", user), counted)
    await stage.world.ready(stage.syncer)


async def test_two_replicas_write_as_one_and_the_other_goes_on_when_the_writer_is_killed(stage: Stage) -> None:
    holder = (await status(stage))["connection"]["writer"]
    second = stage.world.service("salesforce-syncer", **stage.standin.settings())
    await stage.world.ready(second)
    stage.syncer.kill()
    people = [Someone() for _ in range(20)]
    users = [stage.standin.user() for _ in people]
    await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
    await stage.tell(*(each.enrolled("e1", 1) for each in people))
    await stage.shows(
        lambda: {counters(stage.standin, "User", user) for user in users}, {(1, 0, 0, 0, 1, 0)}, seconds=120
    )
    keys = [each["Enrollment_Key__c"] for each in stage.standin.rows(USER_ROWS).values()]
    assert len(keys) == len(set(keys))
    stage.syncer = second
    assert (await status(stage))["connection"]["writer"] != holder


async def test_another_org_behind_the_same_settings_is_not_written_until_it_is_accepted(stage: Stage) -> None:
    people, _ = await synced(stage, 1)
    stage.standin.admin("POST", "/organization")
    stage.standin.token = None
    await stage.tell(people[0].enrolled("e1", 2, "passed"))

    async def reason() -> Any:
        return (await status(stage))["connection"]["reason"]

    await stage.becomes(reason, "ANOTHER_ORG")
    stage.standin.zero()
    code, told = await command(stage, "accept-org")
    assert (code, told["org_id"]) == (0, stage.standin.calls()["organization_id"])
    await stage.shows(lambda: stage.standin.rows(USER_ROWS)[people[0].key("e1")]["Status__c"], "passed")


async def test_a_used_up_share_of_the_quota_pauses_and_goes_on_by_itself(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path) as stage:
        await synced(stage)
        stage.standin.admin("POST", "/settings", {"daily": 1_000, "used": 960})
        someone, user = Someone(), stage.standin.user()
        await stage.tell(someone.linked(1, user))

        async def pace() -> Any:
            return (await status(stage))["quota"]["pace"]

        await stage.becomes(pace, "paused")
        late, user = Someone(), stage.standin.user()
        await stage.tell(late.linked(1, user))
        stage.standin.admin("POST", "/settings", {"daily": 1_000, "used": 40})
        await stage.shows(lambda: late.membership in stage.standin.rows(MEMBERSHIP), expected=True)
        events = [each["event"] for each in stage.syncer.log() if each["event"].startswith("writing.")]
        assert (events[0], events[-1]) == ("writing.paused", "writing.resumed")
