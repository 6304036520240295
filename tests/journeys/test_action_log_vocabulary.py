"""A pair that is not legal yet is set aside, and taken in once it is: by replaying the dead letters."""

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.catalog import CONTENT_ACTIONS
from contracts.wire import encode
from tests.journeys import grown_vocabulary
from tests.journeys.grown_vocabulary import GROWN
from tests.journeys.test_action_logger import an_action
from tests.shared.test_command import learnwire
from tests.world import Process, World, eventually


@pytest.mark.long
async def test_a_pair_that_became_legal_is_taken_in_by_a_replay(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        old = world.service("action-logger")
        await world.ready(old)
        legal, early = (encode(an_action(number, type="status_change", source="course_started")) for number in (1, 2))
        early_value = early.value.replace(b'"source":"course_started"', f'"source":"{GROWN[1]}"'.encode())
        await world.publish_raw(CONTENT_ACTIONS, early_value, key=early.key, headers=early.headers)
        await world.publish_raw(CONTENT_ACTIONS, legal.value, key=legal.key, headers=legal.headers)
        (dead,) = await eventually(lambda: world.dead_letters("action-logger"), "a dead letter")
        assert dict(dead.headers)["dlq-reason"] == b"invalid"
        assert dict(dead.headers)["dlq-detail"].startswith(
            b"data: illegal_pair: status_change/video_watched is no legal pair; did you mean"
        )
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "KAFKA_TOPIC_PREFIX": topic_prefix,
            "MONGO_URI": mongo_uri,
            "MONGO_DATABASE": world.database_of("action-logger"),
        }

        assert learnwire("dead-letters", "replay", "action-logger", **settings).stdout.strip() == "1 replayed"
        await eventually(
            lambda: world.dead_letters("action-logger"), "it again", until=lambda found: len(found) == 2
        )  # the vocabulary has not grown yet
        assert old.terminate() == 0

        new = with_grown_vocabulary(old)
        await world.ready(new)
        assert learnwire("dead-letters", "replay", "action-logger", **settings).stdout.strip() == "1 replayed"
        token = world.token("action-logger", "analyst")

        async def rows() -> list[tuple[str, str, str]]:
            items = (await world.get(new, "/v1/content-actions", token=token)).json()["items"]
            return [(each["event"]["id"], each["type"], each["source"]) for each in items]

        found = await eventually(rows, "both rows", until=lambda found: len(found) == 2)
        assert found == [("e2", *GROWN), ("e1", "status_change", "course_started")]
        filtered = await world.get(new, "/v1/content-actions", token=token, source=GROWN[1])
        assert [each["event"]["id"] for each in filtered.json()["items"]] == ["e2"]
        words = (await world.get(new, "/v1/vocabulary", token=token)).json()["items"]
        assert len(words) == 55
        assert new.terminate() == 0


def with_grown_vocabulary(old: Process) -> Process:
    """The same service, group and database; another process."""
    with old.log_file.open("ab") as out:
        old.popen = subprocess.Popen(
            [sys.executable, str(Path(grown_vocabulary.__file__))], env=old.environment, stdout=out, stderr=out
        )
    return old
