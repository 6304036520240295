"""Rounds: every variant once a round, in an order that is shuffled anew, each in a process of its own."""

import asyncio
import json
import random
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench import load
from bench.race import COLLECTION, Heat
from contracts.catalog import CONTENT_ACTIONS

HEAT_SECONDS = 120
REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Result:
    """What one heat has measured; `trouble` says what was wrong with the end state."""

    round: int
    variant: str
    events: int
    seconds: float
    cpu_seconds: float
    trouble: str | None

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


@dataclass(frozen=True, slots=True)
class Course:
    """Where the race takes place."""

    kafka: str
    mongo_uri: str
    prefix: str
    folder: Path
    events: int
    people: int

    @staticmethod
    def at(kafka: str, mongo_uri: str, folder: Path, *, events: int, people: int) -> "Course":
        return Course(kafka, mongo_uri, f"bench{secrets.token_hex(3)}.", folder, events, people)


def race(course: Course, variants: Sequence[str], *, rounds: int, seed: int) -> list[Result]:
    """Fill the topic, run all rounds, remove what was made."""
    rng = random.Random(seed)
    print(f"{course.events} events of {course.people} people, {rounds} rounds, seed {seed}")
    size = asyncio.run(load.fill(course.kafka, course.prefix, course.events, people=course.people, seed=seed))
    print(f"{size / course.events:.0f} bytes an event")
    results: list[Result] = []
    try:
        for number in range(1, rounds + 1):
            order = rng.sample(list(variants), len(variants))
            for variant in order:
                result = heat(course, variant, number=number)
                results.append(result)
                print(f"round {number}: {variant:<15} {result.rate:>9.0f} events/s {result.trouble or ''}", flush=True)
    finally:
        asyncio.run(load.remove(course.kafka, course.prefix))
    return results


def heat(course: Course, variant: str, *, number: int, profile: bool = False) -> Result:
    """Run a variant once, and look afterwards whether all events are there and committed."""
    name = f"{course.prefix}{variant}-{secrets.token_hex(3)}"
    heat = Heat(
        kafka=course.kafka,
        mongo_uri=course.mongo_uri,
        topic_prefix=course.prefix,
        topic=load.PLAIN if variant == "FastStream" else CONTENT_ACTIONS,
        group=name,
        database=name.replace(".", "_"),
        events=course.events,
        result=course.folder / f"{name}.json",
        folder=course.folder,
        profile=profile,
    )
    with (course.folder / f"{name}.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", variant, heat.as_json()], cwd=REPOSITORY, stdout=log, stderr=log
        )
        try:
            code = worker.wait(HEAT_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            code = worker.wait()
    if not heat.result.exists():
        text = (course.folder / f"{name}.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{variant} ended with {code} and without a result:\n{text}")
    measured = json.loads(heat.result.read_text())
    trouble = _trouble(course, heat, code=code)
    return Result(number, variant, course.events, measured["seconds"], measured["cpu_seconds"], trouble)


def _trouble(course: Course, heat: Heat, *, code: int) -> str | None:
    with MongoClient[dict[str, Any]](heat.mongo_uri) as client:
        written = client[heat.database][COLLECTION].count_documents({})
        client.drop_database(heat.database)
    committed = asyncio.run(load.committed(course.kafka, heat.topic_name, heat.group))
    wrong = [
        f"{what} {found}, not {wanted}"
        for what, found, wanted in (
            ("exit code", code, 0),
            ("documents", written, course.events),
            ("committed", committed, course.events),
        )
        if found != wanted
    ]
    return "; ".join(wrong) or None
