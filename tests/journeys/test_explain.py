"""`learnwire explain` and its fellows, against all four services."""

import json
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from contracts import BulkActionStarted, BulkActionSubmitted, ContentActionRecorded, Requester
from contracts.catalog import BULK_ACTIONS, SERVICES
from contracts.envelope import Envelope
from contracts.event import Event
from shared.explaining import KEPT
from shared.explaining.asking import ask
from shared.mongo import connect
from tests.journeys.whole import START_SECONDS, Whole, course, launched, learner, linked, portal, whole
from tests.shared.test_command import learnwire
from tests.world import eventually

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NAMES = ("ada@", "Ada", "Lovelace")
LOOKED_AT = {"clocks", "indexes", "rights", "settings", "mongodb", "retention"}
BAD = json.dumps(
    {
        "specversion": "1.0",
        "id": "bad-1",
        "source": "/lms/acme",
        "type": BulkActionStarted.TYPE,
        "time": "2026-11-22T00:00:00Z",
        "data": {"action_id": "a b", "who": "ada@acme.example"},
    }
).encode()


def said(data: Event, event_id: str, **more: Any) -> Envelope[Any]:
    return Envelope.of(data, source="/lms/acme", id=event_id, **more)


def action() -> ContentActionRecorded:
    return ContentActionRecorded(
        email="ada@acme.example",
        content_type="course",
        content_title="Course",
        type="enrollment",
        source="sso",
        timestamp=datetime(2026, 2, 1, tzinfo=UTC),
        portal_id="acme",
        learner_id="ada",
        reference_id="BA-7F3K9-2QDX4",
    )


def upload() -> BulkActionSubmitted:
    return BulkActionSubmitted(
        action_id="up",
        portal_id="acme",
        action_type="users_upload",
        requester=Requester(id="ada", name="Ada Lovelace", email="ada@acme.example", role="manager"),
        submitted_at=datetime(2026, 2, 1, tzinfo=UTC),
        file_names=("users.csv",),
        reference_id="BA-7F3K9-2QDX4",
    )


async def explained(one: Whole, what: str, *options: str) -> Any:
    """The story as JSON; nothing in it names anybody. Asked for again where something did not answer in time."""

    async def told() -> Any:
        done = await one.command("explain", what, "--json", *options)
        assert done.returncode in {0, 1, 3}, done.stderr
        assert not [each for each in NAMES if each in done.stdout]
        return json.loads(done.stdout)

    def in_full(story: Any) -> bool:
        return not story["not_reached"] and not any("were not looked at" in each for each in story["remarks"])

    return await eventually(told, f"{what} to be explained", until=in_full)


def says(story: Any, service: str) -> list[str]:
    return [each["says"] for each in story["kept"] if each["service"] == service]


@pytest.mark.timeout(600)
async def test_a_life_is_told_through_all_services(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with whole(kafka, mongo_uri, used_prefixes, tmp_path) as one:
        world = one.world
        record = one.standin.user("Ada")
        await world.publish(portal(), course(), said(learner(), "e-learner"), linked(record))
        first = await world.publish(
            said(launched(), "e-launch", correlationid="order-7", traceparent=TRACE), action(), said(upload(), "e-up")
        )
        await world.publish_raw(BULK_ACTIONS, BAD, key=b"x")
        row = first[1]
        await world.publish(row)

        async def everywhere() -> bool:
            launch, logged = await explained(one, "e-launch"), await explained(one, "acme/ada")
            read = set(launch["services"].values()) == {"handled", "does not read this topic"}
            return read and len(says(logged, "action-logger")) == 2 and any("written" in each for each in says(logged, "salesforce-syncer"))  # fmt: skip

        await eventually(everywhere, "all to be read", seconds=START_SECONDS)
        # What the launch has caused is in Kafka by now: the other services read it too, and the bad event and the rest.
        await eventually(one.all_read, "all to be read everywhere", seconds=START_SECONDS)

        launch = await explained(one, "e-launch")
        assert [each["type"] for each in launch["published"]] == ["learnwire.go1.course-launched.v1"]
        assert launch["published"][0]["correlationid"] == "order-7"
        assert launch["services"] == {
            "salesforce-syncer": "does not read this topic",
            "go1-stats-processor": "handled",
            "action-logger": "does not read this topic",
            "bulk-tracker": "does not read this topic",
        }
        assert [(each["type"], each["causationid"], each["traceparent"]) for each in launch["caused"]] == [
            ("learnwire.attempt.changed.v1", "e-launch", TRACE)
        ]
        assert "launch L1 is kept as a fact" in says(launch, "go1-stats-processor")
        assert "attempt L1 of C1: in_progress, 50 %, version 1" in says(launch, "go1-stats-processor")
        assert "LearnUponEnrollment__c acme:go1:L1" in " ".join(says(launch, "salesforce-syncer"))
        assert launch["not_reached"] == {}

        twice = await explained(one, row.id)
        assert [each["id"] for each in twice["published"]] == [row.id, row.id]
        assert twice["services"]["action-logger"] == "handled"
        assert len([each for each in twice["kept"] if each["id"] == f"/lms/acme {row.id}"]) == 1

        bad = await explained(one, "bad-1")
        assert bad["services"]["bulk-tracker"] == "dead-lettered: invalid"
        assert [(each["service"], each["reason"], each["settled"]) for each in bad["dead_letters"]] == [
            ("bulk-tracker", "invalid", None)
        ]
        await one.command("dead-letters", "discard", "bulk-tracker", "--yes")
        assert (await explained(one, "bad-1"))["dead_letters"][0]["settled"] == "discarded"

        by_reference = await explained(one, "ba7f3k92qdx4")
        assert "bulk action up, users_upload, now not_started, ada on acme" in says(by_reference, "bulk-tracker")
        assert len(says(await explained(one, "BA-7F3K9-2QDX4"), "action-logger")) >= 1
        assert says(await explained(one, "e-up"), "bulk-tracker") == says(by_reference, "bulk-tracker")

        person = await explained(one, "acme/ada")
        assert {each["service"] for each in person["kept"]} == set(SERVICES)
        shown = await eventually(
            lambda: one.command("explain", "acme/ada", "--show-personal-data"),
            "all to answer in time",
            until=lambda done: "not reached" not in done.stderr,
        )
        assert "ada@acme.example" in shown.stdout
        assert "Ada Lovelace" in shown.stdout

        assert (await one.command("explain", "nobody-knows")).returncode == 1
        await the_screen_is_green_then_red(one)
        await the_doctor_is_content(one)
        await all_by_index(one)


async def the_screen_is_green_then_red(one: Whole) -> None:
    async def looked() -> "CompletedProcess[str]":
        return await one.command("status", "--json")

    # On a busy machine a service is late now and then, and said not to answer.
    screen = await eventually(looked, "all to answer in time", until=lambda done: done.returncode == 0)
    lines = json.loads(screen.stdout)["lines"]
    assert {each["service"] for each in lines if each["what"] == "ready"} == set(SERVICES)
    assert (screen.returncode, [each for each in lines if each["colour"] == "red"]) == (0, [])
    assert {"log: rows without a seal", "mails waiting", "Go1: completions parked", "Salesforce: rows to write"} <= {
        each["what"] for each in lines
    }
    one.services["bulk-tracker"].kill()
    screen = await eventually(looked, "one to be away", until=lambda done: _reds(done) == ["bulk-tracker"])
    first = json.loads(screen.stdout)["lines"][0]
    assert (screen.returncode, first["service"], first["what"]) == (1, "bulk-tracker", "does not answer")


def _reds(done: "CompletedProcess[str]") -> list[str]:
    return [each["service"] for each in json.loads(done.stdout)["lines"] if each["colour"] == "red"]


async def the_doctor_is_content(one: Whole) -> None:
    async def looked() -> list[dict[str, str]]:
        return json.loads((await one.command("doctor", "--json")).stdout)["findings"]

    def at_all(found: list[dict[str, str]]) -> bool:
        indexes = [each for each in found if each["about"] == "indexes"]
        return len(indexes) == len(SERVICES) and {each["about"] for each in found} >= LOOKED_AT

    found = await eventually(looked, "all to answer in time", until=at_all)
    # The test's topics are made by hand, without the catalogue's retention: the doctor says so.
    assert {each["about"] for each in found if each["colour"] == "red"} <= {"retention", "topics"}
    assert [each["says"] for each in found if each["about"] == "indexes"] == [
        f"{name}: all that are asked are there" for name in SERVICES
    ]


async def all_by_index(one: Whole) -> None:
    """Each question is answered by an index: MongoDB says of none that it read a whole collection."""
    for process in one.services.values():
        process.kill()  # what their jobs ask now and then is not looked at here
    words = {"id": "e", "portal": "acme", "learner": "ada", "action": "up", "reference": "r", "key": "r"}
    async with connect(one.world.mongo_uri, "admin") as admin:
        for kept in KEPT:
            database = admin.client[one.world.database_of(kept.service)]
            await database.command("profile", 2)
        for kept in KEPT:
            assert kept.service in SERVICES
            await ask(admin.client[one.world.database_of(kept.service)], kept, words)
        for service in SERVICES:
            database = admin.client[one.world.database_of(service)]
            await database.command("profile", 0)
            asked = {each.collection for each in KEPT if each.service == service}
            read = [
                (each["ns"], each.get("planSummary"), each["docsExamined"])
                async for each in database["system.profile"].find(
                    {"op": "query", "command.find": {"$in": sorted(asked)}}
                )
                if each.get("appName") == "learnwire" and each.get("planSummary") == "COLLSCAN"
            ]
            assert [each for each in read if each[2] > 0] == []


def test_what_is_out_of_reach_is_said() -> None:
    done = learnwire(
        "explain", "acme/ada", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9", MONGO_URI="mongodb://127.0.0.1:9/?replicaSet=rs0"
    )
    assert done.returncode == 3
    told = done.stderr.splitlines()
    reached = {each.split(" (")[0] for each in told}
    assert reached == {"not reached: kafka", *(f"not reached: {each}'s database" for each in SERVICES)}
