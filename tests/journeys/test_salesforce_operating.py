"""What operators do with the syncer, and what it does when its own processes die."""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
)
from contracts.catalog import BULK_ACTIONS
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import decode
from tests.salesforce_syncer.stage import MEMBERSHIP, PORTAL, USER_ROWS, Someone, Stage, a_portal, counters, staged
from tests.world import SCRIPTS, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

READS: dict[str, type[Event]] = {
    each.TYPE: each
    for each in (
        BulkActionSubmitted,
        BulkActionStarted,
        BulkActionProgressed,
        BulkActionRowsReported,
        BulkActionFinished,
    )
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Stage]:
    folder = tmp_path_factory.mktemp("salesforce")
    settings = {"SALESFORCE_DELETE_GUARD_ROWS": "60", "SALESFORCE_DRY_RUN_PORTALS": "rehearsal"}
    async with staged(kafka, mongo_uri, used_prefixes, folder, **settings) as stage:
        yield stage


async def command(stage: Stage, *arguments: str) -> tuple[int, Any]:
    """Run a subcommand with the syncer's settings; its exit code and JSON."""
    process = await asyncio.create_subprocess_exec(
        SCRIPTS / "salesforce-syncer",
        *arguments,
        "--json",
        env=stage.syncer.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    assert process.returncode in {0, 1}, errors.decode()
    return process.returncode, json.loads(printed)


async def status(stage: Stage) -> Any:
    token = stage.world.token("salesforce-syncer", "operator")
    return (await stage.world.get(stage.syncer, "/v1/status", token=token)).json()


async def quiet(stage: Stage) -> None:
    """Wait until nothing is dirty."""

    async def dirty() -> int:
        return sum(each["rows"] for each in (await status(stage))["dirty"])

    await stage.becomes(dirty, 0, seconds=40)


async def synced(stage: Stage, size: int = 1) -> tuple[list[Someone], list[str]]:
    people, users = [Someone() for _ in range(size)], [stage.standin.user() for _ in range(size)]
    await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
    await stage.tell(*(each.enrolled("e1", 1) for each in people))
    await stage.shows(
        lambda: {counters(stage.standin, "User", user) for user in users}, {(1, 0, 0, 0, 1, 0)}, seconds=40
    )
    return people, users


async def test_a_resync_writes_everything_anew_and_shows_as_a_bulk_action(stage: Stage) -> None:
    people, _ = await synced(stage, 3)
    await quiet(stage)
    key = people[0].key("e1")
    stage.standin.api("PATCH", f"/sobjects/{USER_ROWS}/Enrollment_Key__c/{key}", {"Status__c": "spoiled"})
    stage.standin.fault("row_error", keys=[people[1].key("e1")], code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="No")
    _, told = await command(stage, "resync", "acme")
    await stage.shows(lambda: stage.standin.rows(USER_ROWS)[key]["Status__c"], "in_progress")

    async def events() -> list[Any]:
        records = await stage.world.records(BULK_ACTIONS)
        found = [decode(each.value or b"", [*each.headers], reads=READS) for each in records]
        return [each.data for each in found if isinstance(each, Envelope)]

    def finished(found: list[Any]) -> bool:
        return any(isinstance(each, BulkActionFinished) and each.action_id == told["request_id"] for each in found)

    mine = [
        each
        for each in await eventually(events, "the resync to finish", until=finished)
        if each.action_id == told["request_id"]
    ]
    assert [type(each) for each in mine if not isinstance(each, BulkActionProgressed)] == [
        BulkActionSubmitted,
        BulkActionStarted,
        BulkActionRowsReported,
        BulkActionFinished,
    ]
    assert (mine[0].action_type, mine[0].portal_id, mine[-1].outcome) == (
        "salesforce_resync",
        "acme",
        "completed_with_errors",
    )
    report = next(each for each in mine if isinstance(each, BulkActionRowsReported))
    assert [(each.status, each.identifier, each.issue) for each in report.rows] == [
        ("error", f"{USER_ROWS} {people[1].key('e1')}", "FIELD_CUSTOM_VALIDATION_EXCEPTION: No")
    ]
    stage.standin.heal()


async def test_the_proof_finds_drift_and_repairs_it(stage: Stage) -> None:
    people, users = await synced(stage, 3)
    await quiet(stage)
    assert (await command(stage, "proof", "--repair"))[0] in {0, 1}  # what other tests spoiled
    await quiet(stage)
    code, told = await command(stage, "proof")
    assert (code, told["drift"]) == (0, [])
    spoiled, missing = people[0].key("e1"), people[1].key("e1")
    stage.standin.api("PATCH", f"/sobjects/{USER_ROWS}/Enrollment_Key__c/{spoiled}", {"Status__c": "spoiled"})
    stage.standin.api("DELETE", f"/sobjects/{USER_ROWS}/{stage.standin.rows(USER_ROWS)[missing]['Id']}")
    stage.standin.api("POST", f"/sobjects/{USER_ROWS}", {"Enrollment_Key__c": "acme:nobody"})
    stage.standin.api("PATCH", f"/sobjects/User/{users[2]}", {"LearnUpon_Courses_Enrolled__c": 9})
    code, told = await command(stage, "proof", "--repair")
    assert code == 1
    assert {(each["object"], each["key"], each["drift"]) for each in told["drift"]} == {
        (USER_ROWS, spoiled, "different"),
        (USER_ROWS, missing, "missing"),
        (USER_ROWS, "acme:nobody", "extra"),
        ("User", users[2], "different"),
    }
    await quiet(stage)
    assert (await command(stage, "proof"))[0] == 0
    assert (await status(stage))["last_proof"]["drift"] == 0


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
    await stage.tell(*(someone.enrolled(f"e{n}", 3) for n in range(60)))
    await stage.becomes(guarded, [])
    await stage.shows(here, 66)
    events = [each["event"] for each in stage.syncer.log() if each.get("portal_id") == "seasonal"]
    assert events == ["deletes.guarded", "deletes.released"]


async def test_a_dry_run_writes_nothing_and_tells_what_it_would(stage: Stage) -> None:
    someone = Someone(portal_id="rehearsal")
    await stage.tell((1, a_portal("rehearsal")), someone.linked(1, stage.standin.user()), someone.enrolled("e1", 1))

    async def told() -> Any:
        return sorted(
            (each["object"], each["action"]) for each in (await command(stage, "dry-run", "rehearsal"))[1]["rows"]
        )

    await stage.becomes(told, [(USER_ROWS, "create"), (MEMBERSHIP, "create"), (PORTAL, "create")])
    assert "rehearsal" not in stage.standin.rows(PORTAL)


async def test_go1_attempts_are_no_longer_enrollments_once_their_mirror_is_switched_off(stage: Stage) -> None:
    someone, user = Someone(), stage.standin.user()
    key = f"acme:go1:{someone.id}-a1"
    await stage.tell(someone.linked(1, user), someone.attempted("a1", 1, "completed"), someone.enrolled("e1", 1))
    await stage.shows(lambda: counters(stage.standin, "User", user), (2, 1, 1, 0, 1, 0), seconds=40)
    for mirror, there, counted in (("false", False, (1, 0, 0, 0, 1, 0)), ("true", True, (2, 1, 1, 0, 1, 0))):
        assert stage.syncer.terminate() == 0
        stage.syncer.environment["LEARNWIRE_SALESFORCE_MIRROR_GO1"] = mirror
        stage.syncer.start()
        await stage.shows(lambda: key in stage.standin.rows(USER_ROWS), expected=there, seconds=40)
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
        lambda: {counters(stage.standin, "User", user) for user in users}, {(1, 0, 0, 0, 1, 0)}, seconds=60
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
    await stage.shows(lambda: stage.standin.rows(USER_ROWS)[people[0].key("e1")]["Status__c"], "passed", seconds=40)


async def test_without_settings_for_salesforce_it_refuses_to_start_and_lists_what_is_missing(
    stage: Stage, tmp_path: Path
) -> None:
    environment = {
        name: value for name, value in stage.syncer.environment.items() if not name.startswith("LEARNWIRE_SALESFORCE")
    }
    process = await asyncio.create_subprocess_exec(
        SCRIPTS / "salesforce-syncer", env=environment, stderr=subprocess.PIPE, cwd=tmp_path
    )
    _, printed = await process.communicate()
    assert process.returncode == 78
    text = printed.decode()
    assert "LEARNWIRE_SALESFORCE_LOGIN_URL: this setting is needed" in text
    assert "LEARNWIRE_SALESFORCE_CLIENT_ID: this setting is needed" in text
    assert "LEARNWIRE_SALESFORCE_CLIENT_SECRET_FILE" in text


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
