"""The writer killed while it writes: Salesforce ends with the rows desired, each once, and nothing older over newer."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.event import Event
from tests.chaos.storm import seed
from tests.salesforce_syncer.desired import Rows
from tests.salesforce_syncer.lag import watched
from tests.salesforce_syncer.stage import USER_ROWS, Someone, Stage, counters, shown, staged
from tests.world import eventually

KILLS = 20
PEOPLE = 160
COURSES = 5
NO_GUARD = {"SALESFORCE_DELETE_GUARD_ROWS": "1000000", "SALESFORCE_DELETE_GUARD_PERCENT": "100"}


def histories(people: Sequence[Someone]) -> list[list[tuple[float, Event]]]:
    """What becomes of everybody's courses, in twenty parts: each part changes rows that are there already."""
    parts: list[list[tuple[float, Event]]] = []
    for version in range(1, KILLS // 4 + 1):
        statuses = ("in_progress", "pending_review", "passed", "failed")
        parts += [
            [
                each.enrolled(f"e{n}", version, statuses[(version + number + n) % 4], score=version)
                for n in range(COURSES)
                for number, each in enumerate(people)
                if number % 4 == part
            ]
            for part in range(4)
        ]
    parts[-1] += [each.removed("e0", 99) for each in people]
    parts[-1] += [people[0].erased(100)]
    return parts


async def _writing(stage: Stage) -> int:
    """How many writes are on their way at this moment."""

    async def open_now() -> int:
        return stage.standin.calls()["open"]

    return await eventually(open_now, "a write to be on its way", seconds=60)


@pytest.mark.long
@pytest.mark.parametrize("bulk_rows", ["0", "150"], ids=["collections", "bulk jobs"])
async def test_twenty_kills_while_it_writes_leave_the_rows_desired_each_once(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path, bulk_rows: str
) -> None:
    rng = random.Random(seed())
    settings = NO_GUARD | {"SALESFORCE_BULK_ROWS": bulk_rows}
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path, **settings) as stage:
        standin = stage.standin
        people = [Someone() for _ in range(PEOPLE)]
        users = [standin.user() if number % 4 else standin.contact() for number in range(PEOPLE)]
        calls = ["collections.upsert", "collections.update", "collections.delete"]
        calls += ["bulk.ingest", "bulk.ingest.upload", "bulk.ingest.close", "bulk.ingest.poll", "bulk.ingest.results"]
        standin.fault("slow", calls=calls, seconds=0.2, share=1, times=None)
        standin.fault("bulk_slow", seconds=1, share=0.5, times=None)
        await stage.tell(*(each.linked(1, record) for each, record in zip(people, users, strict=True)))
        hit: list[int] = []
        for number, part in enumerate(histories(people)):
            await stage.tell(*part)
            await _writing(stage)
            await asyncio.sleep(rng.uniform(0, 0.5) * (number % 2))  # every other one in the midst of a write
            hit.append(standin.calls()["open"] + len({"UploadComplete", "InProgress"} & {*await _jobs(stage)}))
            stage.syncer.kill()
            stage.syncer.start()
        standin.heal()
        await stage.world.ready(stage.syncer)
        async with watched(stage) as lag:
            await lag.over(seconds=60)
        with Rows(stage.world) as rows:
            await rows.written(seconds=120)
            assert rows.unlike(standin) == []
            assert rows.states(deleted=False).keys() == {"written"}
        assert not [key for key in standin.rows(USER_ROWS) if key.startswith(people[0].key(""))]
        assert len(hit) == KILLS
        assert sum(map(bool, hit)) >= KILLS // 2, f"writes on their way when it was killed: {hit}"
        print(f"{KILLS} kills, with {hit} writes on their way")  # noqa: T201  for the person who runs it


async def test_a_bulk_job_whose_writer_was_killed_is_ended_before_its_rows_are_written_anew(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path, SALESFORCE_BULK_ROWS="5") as stage:
        standin = stage.standin
        people, users = [Someone() for _ in range(4)], [standin.user() for _ in range(4)]
        await stage.tell(*(each.linked(1, user) for each, user in zip(people, users, strict=True)))
        await stage.shows(lambda: [counters(standin, "User", each) for each in users], [(0,) * 6] * 4, seconds=60)
        standin.fault("bulk_slow", seconds=60)  # longer than the next writer takes to begin; it ends when it is aborted
        await stage.tell(*(each.enrolled(f"e{n}", 1) for each in people for n in range(6)))
        await eventually(lambda: _jobs(stage), "a job to begin", until=lambda states: "InProgress" in states)
        stage.syncer.kill()
        await stage.tell(*(each.enrolled(f"e{n}", 2, "passed") for each in people for n in range(6)))
        stage.syncer.start()
        await stage.shows(
            lambda: [counters(standin, "User", each) for each in users], [(6, 6, 6, 0, 0, 0)] * 4, seconds=120
        )
        # A profile counts what rows shall show: one that changes between the two is written in the next pass.
        await stage.shows(
            lambda: [shown(standin, USER_ROWS, each.key(f"e{n}"), "Status__c") for each in people for n in range(6)],
            [("passed",)] * 24,
        )
        states = await _jobs(stage)
        assert states.count("Aborted") == 1
        assert "InProgress" not in states


async def _jobs(stage: Stage) -> list[str]:
    return [each["state"] for each in stage.standin.api("GET", "/jobs/ingest")["records"]]
