"""Faults planted between the ledger and Kafka, with a real service behind: all of the way is looked at."""

import json
import random
from dataclasses import replace
from pathlib import Path

from tests.chaos.ledger import Entry
from tests.chaos.loads.content_actions import ContentActions
from tests.chaos.storm import Storm
from tests.world import World


def under(entry: Entry, event_id: str) -> Entry:
    """The same content under another identity."""
    return replace(entry, value=json.dumps(entry.event | {"id": event_id}).encode())


def tampered(entries: list[Entry]) -> list[Entry]:
    """One event dropped, one sent once more as another, two with their identities exchanged; one poison dropped too."""
    ids = [each.event["id"] for each in entries if each.refused is None]
    lone = [at for at, each in enumerate(entries) if each.refused is None and ids.count(each.event["id"]) == 1]
    dropped, doubled, one, other = lone[:4]
    poison = next(at for at, each in enumerate(entries) if each.refused == "malformed")
    changed = list(entries)
    changed[one] = under(entries[one], entries[other].event["id"])
    changed[other] = under(entries[other], entries[one].event["id"])
    changed.append(under(entries[doubled], "another-identity"))
    return [each for at, each in enumerate(changed) if at not in {dropped, poison}]


async def test_what_is_dropped_doubled_or_swapped_on_the_way_to_a_real_service_is_found(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    load = ContentActions()
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world:
        storm = Storm(world, (load,), random.Random(11), tmp_path, settled_seconds=0)
        async with storm:
            await storm.blow(300, [], seconds=0.2, tamper=tampered)
            assert len(await storm.wrong()) == 1
    assert storm.verdicts[load.service].kinds() == {"lost": 2, "unexpected": 1, "swapped": 2}
