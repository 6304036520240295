"""`learnwire dead-letters`: listed without personal data, replayed as they were, once."""

import json
from pathlib import Path

from contracts.catalog import BULK_ACTIONS
from tests.shared.test_command import learnwire
from tests.world import World, eventually

BAD = b'{"specversion":"1.0","id":"1","source":"/x","type":"learnwire.bulk-action.started.v1","time":"2026-11-22T00:00:00Z","data":{"action_id":"a b","who":"ann@acme.example"}}'


async def test_a_dead_letter_is_listed_replayed_as_it_was_and_not_again(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        tracker = world.service("bulk-tracker")
        headers = [("odd", b"\xff"), ("odd", b"2")]
        await world.publish_raw(BULK_ACTIONS, BAD, key=b"\xfe", headers=headers)
        await world.publish_raw(BULK_ACTIONS, b"ann@acme.example", key=None)
        await eventually(lambda: world.dead_letters("bulk-tracker"), "both", until=lambda found: len(found) == 2)
        tracker.terminate()
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "KAFKA_TOPIC_PREFIX": topic_prefix,
            "MONGO_URI": mongo_uri,
            "MONGO_DATABASE": world.database_of("bulk-tracker"),
        }
        listed = learnwire("dead-letters", "list", "bulk-tracker", "--json", **settings)
        assert sorted((each["reason"], each["count"]) for each in json.loads(listed.stdout)) == [
            ("invalid", 1),
            ("malformed", 1),
        ]
        example = next(each["for example"] for each in json.loads(listed.stdout) if each["reason"] == "invalid")
        shown = learnwire("dead-letters", "show", "bulk-tracker", example, **settings)
        assert "ann@acme" not in listed.stdout + shown.stdout
        assert (
            "ann@acme"
            in learnwire("dead-letters", "show", "bulk-tracker", example, "--show-personal-data", **settings).stdout
        )

        planned = json.loads(
            learnwire("dead-letters", "replay", "bulk-tracker", "--dry-run", "--json", **settings).stdout
        )
        assert (planned["dry_run"], planned["replayed"], len(planned["letters"])) == (True, 0, 2)
        dry = learnwire("dead-letters", "replay", "bulk-tracker", "--dry-run", **settings)
        first = learnwire(
            "dead-letters", "replay", "bulk-tracker", "--type", "learnwire.bulk-action.started.v1", **settings
        )
        again = learnwire(
            "dead-letters", "replay", "bulk-tracker", "--type", "learnwire.bulk-action.started.v1", **settings
        )
        assert [each.stdout.strip() for each in (dry, first, again)] == [
            "2 would be replayed",
            "1 replayed",
            "0 replayed",
        ]
        records = await world.records(BULK_ACTIONS)
        assert [(each.key, list(each.headers)) for each in records if each.value == BAD] == [(b"\xfe", headers)] * 2

        assert learnwire("dead-letters", "discard", "bulk-tracker", "--yes", **settings).stdout.strip() == "1 discarded"
        assert json.loads(learnwire("dead-letters", "list", "bulk-tracker", "--json", **settings).stdout) == []
        export = tmp_path / "letters.jsonl"
        learnwire("dead-letters", "export", "bulk-tracker", str(export), "--settled", **settings)
        assert [json.loads(line)["reason"] for line in export.read_text().splitlines()] == ["invalid", "malformed"]
        assert "ann@acme" not in export.read_text()
