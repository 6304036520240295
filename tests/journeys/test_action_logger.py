"""Content actions from Kafka to the report, with the service as a process."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts import AttemptChanged, ContentActionRecorded, Envelope, LearnerErased
from contracts.catalog import CONTENT_ACTIONS
from contracts.wire import encode
from tests.world import Process, World, eventually

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def an_action(number: int, *, email: str = "ada@example.org", source: str = "sso", **more: Any) -> Envelope[Any]:
    data = ContentActionRecorded.model_validate(
        {
            "email": email,
            "panorama_name": "North",
            "content_type": "course",
            "content_title": f"Course {number}",
            "type": "enrollment",
            "source": source,
            "timestamp": at(number),
        }
        | more
    )
    return Envelope.of(data, source="/lms/acme", id=f"e{number}", time=at(number))


async def test_content_actions_become_the_report(kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        service = world.service("action-logger")
        await world.ready(service)
        token = world.token("action-logger", "analyst")

        bad = encode(an_action(7)).value.replace(b'"source":"sso"', b'"source":"course_start"')
        usurped = Envelope.of(an_action(8).data, source="/learnwire/go1-stats-processor", id="x", time=at(8))
        attempt = AttemptChanged(
            attempt_id="l1",
            portal_id="acme",
            learner_id="ada",
            email="ada@example.org",
            course_id="c1",
            origin="platform",
            status="in_progress",
            legacy=False,
            progress_percent=50,
            started_at=at(20),
            last_activity_at=at(20),
            change="opened",
            version=1,
        )
        await world.publish(an_action(1), an_action(1), an_action(2, email="bob@example.org"))
        await world.publish(an_action(1, content_title="Another"), usurped, attempt)
        await world.publish_raw(CONTENT_ACTIONS, bad, key=b"ada@example.org")
        await world.publish_raw(CONTENT_ACTIONS, b"{", key=b"?")
        await world.publish(an_action(3, source="gift_course_purchase"))

        rows = await eventually(lambda: _rows(world, service, token), "four rows", until=lambda rows: len(rows) == 4)
        assert [(row["event"]["id"], row["email"], row["source"]) for row in rows] == [
            ("acme:l1:course_started", "ada@example.org", "course_started"),
            ("e3", "ada@example.org", "gift-course-purchase"),
            ("e2", "bob@example.org", "sso"),
            ("e1", "ada@example.org", "sso"),
        ]
        dead = await eventually(
            lambda: world.dead_letters("action-logger"), "four dead letters", until=lambda found: len(found) == 4
        )
        details = {
            dict(each.headers)["dlq-reason"].decode(): dict(each.headers)["dlq-detail"].decode() for each in dead
        }
        assert sorted(dict(each.headers)["dlq-reason"] for each in dead) == [
            b"conflict",
            b"invalid",
            b"invalid",
            b"malformed",
        ]
        assert details["conflict"] == "another content is logged under this source and id; the first one stays"
        (pair,) = [each for each in dead if each.value == bad]
        assert b"did you mean status_change/course_started" in dict(pair.headers)["dlq-detail"]

        table = await world.get(
            service, "/v1/content-actions/export", token=token, format="csv", email="bob@example.org"
        )
        assert table.text == (
            "Email,Panorama Name,Content Type,Content Title,Type,Source,Timestamp\r\n"
            "bob@example.org,North,course,Course 2,enrollment,sso,2026-03-01T12:02:00.000Z\r\n"
        )


async def test_an_erased_learner_leaves_rows_without_an_address(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        service = world.service("action-logger")
        await world.ready(service)
        token = world.token("action-logger", "operator")
        seen = {"portal_id": "acme", "learner_id": "ada"}
        await world.publish(an_action(1, **seen), an_action(2, email="ada@home.example", **seen))
        await eventually(lambda: _rows(world, service, token), "two rows", until=lambda rows: len(rows) == 2)

        erased = LearnerErased(portal_id="acme", learner_id="ada", email=None, erased_at=at(60))
        await world.publish(Envelope.of(erased, source="/lms/acme", time=at(60)))
        misplaced = encode(
            Envelope.of(LearnerErased(portal_id="acme", learner_id="bob", erased_at=at(60)), source="/lms/acme")
        )
        await world.publish_raw(CONTENT_ACTIONS, misplaced.value, key=misplaced.key)
        await world.publish(an_action(4, email="bob@example.org", portal_id="acme", learner_id="bob"))
        rows = await eventually(
            lambda: _rows(world, service, token),
            "three rows, two of them erased",
            until=lambda rows: len(rows) == 3 and [row["email"] for row in rows].count("erased") == 2,
        )
        assert {row["event"]["id"]: row["email"] for row in rows} == {
            "e1": "erased",
            "e2": "erased",
            "e4": "bob@example.org",
        }
        assert (await world.dead_letters("action-logger"))[0].value == misplaced.value
        assert not [each for each in service.log() if "ada@" in json.dumps(each)]
        assert service.terminate() == 0


async def _rows(world: World, service: Process, token: str) -> list[dict[str, Any]]:
    return await _items(world, service, token, "/v1/content-actions")


async def _items(world: World, service: Process, token: str, path: str) -> list[dict[str, Any]]:
    answer = await world.get(service, path, token=token)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
