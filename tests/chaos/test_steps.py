"""A process ended at each step that others see: before and after each write, publication, commit, call and mail."""

import asyncio
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.failpoints import EXIT, Armed, armed_by
from tests.chaos.loads import LOADS
from tests.chaos.loads.load import Load
from tests.chaos.storm import Fault, Storm, seed
from tests.world import World

A_PHASE = 60
"""Events that wait for the process which is to end."""
REACHED_SECONDS = 25
QUIET_JOBS = 12
"""Seconds in which jobs (seals, sweeps) come by once."""
FROM_THE_BEGINNING = 300
"""Events that lead through all steps."""
FEWEST = 0.9
"""Steps of slow jobs do not come every time; at least this share of all must."""


def ended_at(storm: Storm, service: str, step: str, missed: list[str]) -> Fault:
    """A fault: the service is started, ends itself at that step, and is started again."""

    async def fault() -> None:
        process = storm.processes[service]
        kept = process.environment
        process.environment = kept | {"FAILPOINT": step, "LEARNWIRE_DEVELOPMENT": "true"}
        process.start()
        process.environment = kept
        assert process.popen is not None
        try:
            code = await asyncio.to_thread(process.popen.wait, REACHED_SECONDS)
            assert code == EXIT, f"{service} ended with {code} instead of at {step}"
        except subprocess.TimeoutExpired:
            missed.append(step)
            process.kill()
        process.start()

    return fault


async def steps_of(load: Load, kafka: str, mongo_uri: str, prefix: str, folder: Path) -> Sequence[str]:
    """All steps that a service's process goes through under its load."""
    seen = folder / "steps"
    seen.touch()
    more = {"LEARNWIRE_DEVELOPMENT": "true", "FAILPOINTS_SEEN": str(seen)}
    rng = random.Random(1)
    async with World(kafka, mongo_uri, prefix, folder, more=more) as world, Storm(world, (load,), rng, folder) as storm:
        await storm.blow(FROM_THE_BEGINNING, [], seconds=1)
        assert await storm.wrong() == []
        await asyncio.sleep(QUIET_JOBS)
    return sorted(set(seen.read_text().splitlines()))


@pytest.mark.long
@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.service)
async def test_a_process_that_ends_at_any_step_loses_nothing_and_doubles_nothing(
    load: Load, kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    rng = random.Random(seed())
    for each in ("first", "second"):
        (tmp_path / each).mkdir()
    steps = await steps_of(load, kafka, mongo_uri, f"{topic_prefix}a.", tmp_path / "first")
    missed: list[str] = []
    folder = tmp_path / "second"
    async with (
        World(kafka, mongo_uri, f"{topic_prefix}b.", folder) as world,
        Storm(world, (load,), rng, folder) as storm,
    ):
        faults = [ended_at(storm, load.service, each, missed) for each in steps]
        await storm.waiting(A_PHASE * len(steps), faults)
        assert await storm.wrong() == []
    left: list[str] = []
    for number, step in enumerate(missed):  # what comes at the beginning alone, such as a first document of its kind
        folder = tmp_path / f"again{number}"
        folder.mkdir()
        async with (
            World(kafka, mongo_uri, f"{topic_prefix}c{number}.", folder) as world,
            Storm(world, (load,), rng, folder) as storm,
        ):
            await storm.waiting(FROM_THE_BEGINNING, [ended_at(storm, load.service, step, left)])
            assert await storm.wrong() == []
    print(f"{load.service}: {len(steps)} steps, ended at {len(steps) - len(left)}; not reached: {left}")  # noqa: T201
    assert len(steps) - len(left) >= FEWEST * len(steps)
    assert any(each.startswith("kafka commit") for each in steps)


def test_failpoints_are_off_outside_of_development(tmp_path: Path) -> None:
    asked = {"FAILPOINT": "x before", "FAILPOINTS_SEEN": str(tmp_path / "seen")}
    assert armed_by(asked) is None
    assert armed_by(asked | {"LEARNWIRE_DEVELOPMENT": "false"}) is None
    assert armed_by({"LEARNWIRE_DEVELOPMENT": "true"}) is None
    armed = armed_by({"FAILPOINTS_SEEN": asked["FAILPOINTS_SEEN"], "LEARNWIRE_DEVELOPMENT": "true"})
    assert isinstance(armed, Armed)
    for name in ("a before", "a after", "a before"):
        armed.reach(name)
    assert (tmp_path / "seen").read_text() == "a before\na after\n"


OUTSIDE = ("AIOKafkaProducer(", "AsyncIOMotorClient(", ".commit(offsets", "self._http.request(", "mail.send(")
"""How our code reaches what others see."""


def test_no_step_lacks_a_failpoint() -> None:
    root = Path(__file__).parents[2]
    found: set[str] = set()
    for path in [*root.glob("shared/src/**/*.py"), *root.glob("services/*/src/**/*.py")]:
        text = path.read_text()
        ways = {each for each in OUTSIDE if each in text}
        found |= ways
        assert not ways or "failpoints" in text, f"{path.name} does {ways} where no test can end the process"
    assert found == {*OUTSIDE}
