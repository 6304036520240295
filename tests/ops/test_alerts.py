"""Each alert before, during and after its fault: the rule's expression on scraped numbers, and its page's first command."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from contracts import (
    BulkActionStarted,
    BulkActionSubmitted,
    ContentActionRecorded,
    Envelope,
    Go1CourseChanged,
    Go1CourseCompleted,
    LearnerChanged,
)
from contracts.bulk_actions import Requester
from contracts.catalog import CONTENT_ACTIONS
from contracts.wire import encode
from learnwire_local import Kafka, Mongo
from shared.service import utc_now
from tests.bulk_tracker.mailbox import Mailbox, a_mailbox
from tests.ops.prometheus import Labels, watched
from tests.ops.waiting import ready
from tests.salesforce_syncer.standin import running
from tests.world import SCRIPTS, Process, World, eventually

pytestmark = pytest.mark.long

FOUR = ("salesforce-syncer", "go1-stats-processor", "action-logger", "bulk-tracker")


def of(*services: str) -> list[Labels]:
    return [{"job": each} for each in services]


async def test_mongodb_is_gone_and_comes_back(servers: tuple[Kafka, Mongo], world: World, tmp_path: Path) -> None:
    _, mongo = servers
    with running(tmp_path) as standin:
        processes = [world.service(each, **(standin.settings() if each == FOUR[0] else {})) for each in FOUR]
        logger, tracker = processes[2], processes[3]
        token = world.token("bulk-tracker", "admin", portal_id="acme")
        async with watched(world, tmp_path, *processes) as prometheus:
            for each in ("MongoUnavailable", "KafkaUnavailable", "ServiceDown", "HttpErrors"):
                await prometheus.quiet(each)
            await prometheus.page_says("MongoUnavailable", logger, healthy=True)
            await asyncio.to_thread(mongo.kill)
            await prometheus.fires("MongoUnavailable", *of(*FOUR))
            await prometheus.page_says("MongoUnavailable", logger, healthy=False)
            for _ in range(5):
                assert (await world.get(tracker, "/v1/actions", token=token)).status_code == 503
            await prometheus.fires("HttpErrors", *of("bulk-tracker"), scaled={"10m": "20s"})
            await prometheus.page_says("HttpErrors", tracker, healthy=False)
            await asyncio.to_thread(mongo.start)
            await prometheus.quiet("MongoUnavailable")
            await prometheus.page_says("MongoUnavailable", logger, healthy=True)
            await prometheus.quiet("HttpErrors", scaled={"10m": "20s"})
        for each in processes:
            warned = [line for line in each.log() if line.get("level") in {"warning", "error"}]
            assert [line["event"] for line in warned if not line.get("next_step")] == [], each.name


async def test_kafka_is_gone_and_comes_back(servers: tuple[Kafka, Mongo], world: World, tmp_path: Path) -> None:
    kafka, _ = servers
    tracker, logger = world.service("bulk-tracker"), world.service("action-logger")
    async with watched(world, tmp_path, tracker, logger) as prometheus:
        soon = utc_now() + timedelta(seconds=8)
        await world.publish(an_action("a1", scheduled_for=soon))
        await prometheus.quiet("KafkaUnavailable")
        await prometheus.quiet("OutboxStuck", scaled={"> 120": "> 1"})
        await prometheus.page_says("OutboxStuck", tracker, healthy=True)
        await eventually(lambda: actions(world, tracker), "the action", until=lambda found: found == ["scheduled"])
        await asyncio.to_thread(kafka.kill)
        await prometheus.fires("KafkaUnavailable", *of("bulk-tracker", "action-logger"))
        await prometheus.page_says("KafkaUnavailable", logger, healthy=False)
        await prometheus.fires("OutboxStuck", *of("bulk-tracker"), scaled={"> 120": "> 1"})
        await prometheus.page_says("OutboxStuck", tracker, healthy=False)
        await asyncio.to_thread(kafka.start)
        await prometheus.quiet("KafkaUnavailable")
        await prometheus.page_says("KafkaUnavailable", logger, healthy=True)
        await prometheus.quiet("OutboxStuck", scaled={"> 120": "> 1"})
        await prometheus.page_says("OutboxStuck", tracker, healthy=True)
    lost = [each for each in logger.log() if each["event"] == "dependency.lost"]
    assert lost != []
    assert all(each["next_step"] for each in lost)


async def test_bad_records_a_breaker_and_a_service_that_ends(world: World, tmp_path: Path) -> None:
    logger = world.service("action-logger")
    async with watched(world, tmp_path, logger) as prometheus:
        others = of(*(each for each in FOUR if each != "action-logger"))
        window = {"15m": "10s"}
        for each in ("DeadLetters", "BreakerOpen", "ConsumerBehind", "SignInsRefused"):
            await prometheus.quiet(each)
        await prometheus.page_says("DeadLetters", logger, healthy=True)
        await world.publish_raw(CONTENT_ACTIONS, b"no JSON")
        await prometheus.fires("DeadLetters", {"job": "action-logger", "reason": "malformed"}, scaled=window)
        await prometheus.page_says("DeadLetters", logger, healthy=False)
        await learnwire(world, logger, "dead-letters", "discard", "action-logger", "--yes")
        await prometheus.page_says("DeadLetters", logger, healthy=True)
        await prometheus.quiet("DeadLetters", scaled=window)

        await prometheus.page_says("BreakerOpen", logger, healthy=True)
        bad = [an_invalid_record(each) for each in range(1_100)]
        for value in bad:
            await world.publish_raw(CONTENT_ACTIONS, value, key=b"ann@acme.example", wait=False)
        await world.flush()
        await prometheus.fires("BreakerOpen", *of("action-logger"))
        await prometheus.page_says("BreakerOpen", logger, healthy=False)
        for value in bad[:300]:
            await world.publish_raw(CONTENT_ACTIONS, value, key=b"ann@acme.example", wait=False)
        await world.flush()
        await prometheus.fires("ConsumerBehind", *of("action-logger"), scaled={"> 10000": "> 100"})
        await prometheus.page_says("ConsumerBehind", logger, healthy=False)
        await prometheus.quiet("ConsumerStalled", scaled={"> 120": "> 1"})

        await prometheus.fires("ServiceDown", *others)
        assert await asyncio.to_thread(logger.terminate) == 0
        await prometheus.fires("ServiceDown", *others, *of("action-logger"))
        await prometheus.page_says("ServiceDown", logger, healthy=False)
        logger.environment["LEARNWIRE_BREAKER_PERCENT"] = "100"  # the mended deploy: it lets these records pass by
        for _ in range(3):
            await asyncio.to_thread(logger.terminate)
            logger.start()
            await ready(logger)
            await asyncio.sleep(2)  # Prometheus looks once a second
        await prometheus.fires("ServiceDown", *others)
        await prometheus.page_says("ServiceDown", logger, healthy=True)
        restarts = await prometheus.ask("max by (job) (changes(process_start_time_seconds[30m])) > 2")
        assert restarts == of("action-logger")
        await prometheus.quiet("BreakerOpen")
        await prometheus.page_says("BreakerOpen", logger, healthy=True)
        await prometheus.quiet("ConsumerBehind", scaled={"> 10000": "> 100"})
        await prometheus.page_says("ConsumerBehind", logger, healthy=True)

        short = {"5m": "40s"}
        refused = await asyncio.gather(
            *(world.get(logger, "/v1/content-actions", token="none") for _ in range(60)),
        )
        assert {each.status_code for each in refused} == {401}
        await prometheus.fires("SignInsRefused", *of("action-logger"), scaled=short)
        await prometheus.page_says("SignInsRefused", logger, healthy=False)
        await prometheus.quiet("SignInsRefused", scaled=short)


async def test_the_log_is_not_sealed(world: World, tmp_path: Path) -> None:
    logger = world.service("action-logger")
    window = {"10m": "15s"}
    async with watched(world, tmp_path, logger) as prometheus:
        await prometheus.quiet("SealingLate", scaled=window)
        with MongoClient[dict[str, Any]](world.mongo_uri) as client:
            leases = client[world.database_of("action-logger")]["leases"]
            held = {"holder": "somebody else", "until": utc_now() + timedelta(hours=1), "fence": 1_000}
            leases.replace_one({"_id": "sealing"}, held, upsert=True)
            for number in range(3):
                await world.publish(an_entry(number))
            await prometheus.fires("SealingLate", {}, scaled=window)
            leases.update_one({"_id": "sealing"}, {"$set": {"until": utc_now()}})
        await prometheus.quiet("SealingLate", scaled=window)
        await prometheus.page_says("SealingLate", logger, healthy=True)
        assert [each["rows"] for each in logger.log() if each["event"] == "log.sealed"] == [3]


async def test_mails_wait_actions_time_out_and_completions_are_parked(world: World, tmp_path: Path) -> None:
    mailbox = Mailbox()
    settings = {"SMTP_URL": mailbox.url, "MAIL_FROM": "t@learnwire.example", "PUBLIC_URL": "http://127.0.0.1:1"}
    settings["TRACKER_MAIL_ON_TIMEOUT"] = "true"
    tracker, go1 = world.service("bulk-tracker", **settings), world.service("go1-stats-processor")
    window = {"15m": "30s"}
    async with watched(world, tmp_path, tracker, go1) as prometheus:
        for each in ("MailsWait", "ActionsTimedOut", "CompletionsParked"):
            await prometheus.quiet(each)
        await prometheus.page_says("CompletionsParked", go1, healthy=True)
        now = utc_now()
        await world.publish(
            an_action("late", stalls_after_seconds=1),
            BulkActionStarted(action_id="late", started_at=now),
            Go1CourseCompleted(
                portal_id="acme",
                email="ann@acme.example",
                course_id="c1",
                go1_enrollment_id="g1",
                completed_at=now,
                passed=True,
                version=1,
            ),
        )
        await prometheus.fires("CompletionsParked", {"reason": "learner_unknown"})
        await prometheus.page_says("CompletionsParked", go1, healthy=False)
        await prometheus.fires("ActionsTimedOut", {}, scaled=window)
        await prometheus.page_says("ActionsTimedOut", tracker, healthy=False)
        await prometheus.fires("MailsWait", {})
        await prometheus.page_says("MailsWait", tracker, healthy=False)
        learner = LearnerChanged(portal_id="acme", learner_id="l1", email="ann@acme.example", version=1)
        await world.publish(learner, Go1CourseChanged(course_id="c1", title="Safety", version=1))
        await prometheus.quiet("CompletionsParked")
        await prometheus.page_says("CompletionsParked", go1, healthy=True)
        async with a_mailbox(mailbox):
            await eventually(lambda: asyncio.sleep(0.2, bool(mailbox.mails)), "the mail", seconds=150)
            await prometheus.quiet("MailsWait")
            await prometheus.page_says("MailsWait", tracker, healthy=True)
        await prometheus.quiet("ActionsTimedOut", scaled=window)


async def actions(world: World, tracker: Process) -> list[str]:
    token = world.token("bulk-tracker", "admin", subject="u1", portal_id="acme")
    return [each["status"] for each in (await world.get(tracker, "/v1/actions", token=token)).json()["items"]]


async def learnwire(world: World, process: Process, *arguments: str) -> None:
    environment = world.environment(process.name, process.port)
    done = await asyncio.to_thread(
        subprocess.run, [SCRIPTS / "learnwire", *arguments], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def an_action(name: str, **more: Any) -> BulkActionSubmitted:
    asker = Requester(id="u1", name="Ina", email="ina@acme.example", role="admin")
    return BulkActionSubmitted(
        action_id=name,
        portal_id="acme",
        action_type="group_enroll",
        requester=asker,
        submitted_at=utc_now(),
        file_names=(),
        **more,
    )


def an_entry(number: int) -> ContentActionRecorded:
    return ContentActionRecorded(
        email=f"p{number}@acme.example",
        content_type="course",
        content_title="Safety",
        type="enrollment",
        source="public",
        timestamp=utc_now(),
    )


def an_invalid_record(number: int) -> bytes:
    return encode(Envelope.of(an_entry(number), source="/lms/acme")).value.replace(b'"enrollment"', b'"enrolment"')
