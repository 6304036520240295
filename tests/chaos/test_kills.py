"""Services killed at random moments under load: nothing lost, nothing doubled, all poison set aside byte by byte."""

import random
from pathlib import Path

import pytest

from tests.chaos.loads import LOADS
from tests.chaos.loads.load import Load
from tests.chaos.storm import Storm, seed
from tests.world import World

EVENTS = 4_000
KILLS = 5


@pytest.mark.long
@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.service)
async def test_five_kills_during_4000_events_lose_nothing_and_double_nothing(
    load: Load, kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    rng = random.Random(seed())
    async with World(kafka, mongo_uri, topic_prefix, tmp_path) as world, Storm(world, (load,), rng, tmp_path) as storm:
        await storm.blow(EVENTS, [storm.kill(load.service)] * KILLS, seconds=1)
        assert await storm.wrong() == []
        assert len(storm.cut_off) == KILLS
