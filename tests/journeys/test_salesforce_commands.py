"""The syncer's commands: what they do, what they answer, and what they say when they cannot."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

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
from tests.salesforce_syncer.operating import command, complaint, quiet, status, synced
from tests.salesforce_syncer.stage import MEMBERSHIP, PORTAL, USER_ROWS, Someone, Stage, a_portal, of_module
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


stage = of_module(SALESFORCE_DRY_RUN_PORTALS="rehearsal")


async def test_a_command_that_cannot_be_done_says_what_is_wrong_and_what_to_do(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong")
    await stage.shows(lambda: "acme" in stage.standin.rows(PORTAL), expected=True)
    none = "No portal acmee is connected with Salesforce; there are 1, such as acme."
    nowhere = "http://127.0.0.1:9"
    said = {
        "resync acmee": (2, none),
        "proof --portal acmee": (2, none),
        "approve-deletes acmee": (2, none),
        "dry-run acmee": (2, none),
        "resync acme --learner nobody": (2, "Nothing is known of learner nobody of portal acme."),
        "resync": (2, "salesforce-syncer resync: error: the following arguments are required: portal"),
        "proof --fix": (2, "salesforce-syncer proof: error: unrecognized arguments: --fix"),
    }
    found = await asyncio.gather(*(complaint(stage, each) for each in said))
    assert dict(zip(said, found, strict=True)) == said
    refused, down, no_kafka, no_mongo, other = await asyncio.gather(
        complaint(stage, "proof", SALESFORCE_CLIENT_SECRET_FILE=str(tmp_path / "wrong")),
        complaint(stage, "proof", SALESFORCE_LOGIN_URL=nowhere),
        complaint(stage, "resync acme", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9"),
        complaint(stage, "dry-run acme", MONGO_URI="mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=500"),
        complaint(stage, "dry-run acme", SALESFORCE_PORTALS="another"),
    )
    assert refused == (
        3,
        "Salesforce refused: invalid_client the login was refused. "  # noqa: ISC004  one sentence
        "Next: check LEARNWIRE_SALESFORCE_CLIENT_ID, the secret or key file, and the app's policies in Salesforce.",
    )
    assert down == (
        3,
        "Salesforce does not answer (ConnectError). "  # noqa: ISC004  as above
        f"Next: see whether {nowhere} (LEARNWIRE_SALESFORCE_LOGIN_URL) is right and up, then try again.",
    )
    assert no_kafka[0] == 3
    assert no_kafka[1].startswith("kafka does not answer (")
    assert no_kafka[1].endswith("Next: check LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS, and that it is up.")
    assert no_mongo[0] == 3
    assert no_mongo[1].endswith("Next: check LEARNWIRE_MONGO_URI, and that it is up.")
    assert other == (2, "This org is not for portal acme: see LEARNWIRE_SALESFORCE_PORTALS.")


async def test_accepting_the_org_that_is_written_already_changes_nothing(stage: Stage) -> None:
    people, _ = await synced(stage)
    await quiet(stage)
    stage.standin.zero()
    org_id = stage.standin.calls()["organization_id"]
    assert await command(stage, "accept-org") == (0, {"org_id": org_id, "rows": 0})
    await stage.tell(people[0].removed("e1", 2))
    await stage.shows(lambda: people[0].key("e1") in stage.standin.rows(USER_ROWS), expected=False)


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


async def test_a_dry_run_writes_nothing_and_tells_what_it_would(stage: Stage) -> None:
    someone = Someone(portal_id="rehearsal")
    await stage.tell((1, a_portal("rehearsal")), someone.linked(1, stage.standin.user()), someone.enrolled("e1", 1))

    async def told() -> Any:
        return sorted(
            (each["object"], each["action"]) for each in (await command(stage, "dry-run", "rehearsal"))[1]["rows"]
        )

    await stage.becomes(told, [(USER_ROWS, "create"), (MEMBERSHIP, "create"), (PORTAL, "create")])
    assert "rehearsal" not in stage.standin.rows(PORTAL)


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
