"""Rounds: every variant once a round, in an order that is shuffled anew, each in a process of its own."""

import asyncio
import json
import random
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from action_logger.store import indexes
from bench import load
from bench.environments import InstallError
from bench.heat import COLLECTION, Heat
from bench.variants import VARIANTS

HEAT_SECONDS = 180
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
    peak_mib: float = 0.0
    sealed: float | None = None
    """How many rows were sealed when the clock stopped."""

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """A race's results, and who could not take part, with the reason."""

    results: list[Result] = field(default_factory=list[Result])
    absent: dict[str, str] = field(default_factory=dict[str, str])


class HeatError(Exception):
    """A heat ended without a result."""


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


def race(course: Course, variants: Sequence[str], *, rounds: int, seed: int) -> Outcome:
    """Fill the topic, run all rounds, remove what was made. A peer that fails is left out from then on."""
    rng = random.Random(seed)
    outcome = Outcome()
    pythons = _pythons(variants, outcome.absent)
    print(f"{course.events} events of {course.people} people, {rounds} rounds, seed {seed}")
    size = asyncio.run(load.fill(course.kafka, course.prefix, course.events, people=course.people, seed=seed))
    print(f"{size / course.events:.0f} bytes an event")
    try:
        for number in range(1, rounds + 1):
            present = [each for each in pythons if each not in outcome.absent]
            for variant in rng.sample(present, len(present)):
                _take_part(course, variant, pythons[variant], number, outcome)
    finally:
        asyncio.run(load.remove(course.kafka, course.prefix))
    return outcome


def _pythons(variants: Sequence[str], absent: dict[str, str]) -> Mapping[str, Path]:
    found: dict[str, Path] = {}
    for each in variants:
        try:
            found[each] = VARIANTS[each].python(sys.executable)
        except InstallError as reason:
            absent[each] = f"not installed: {reason}"
    return found


def _take_part(course: Course, variant: str, python: Path, number: int, outcome: Outcome) -> None:
    try:
        result = heat(course, variant, python=python, number=number)
    except HeatError as error:
        if not VARIANTS[variant].peer:
            raise
        outcome.absent[variant] = f"did not finish round {number}"
        print(f"round {number}: {variant:<18} {error}", flush=True)
        return
    outcome.results.append(result)
    print(f"round {number}: {variant:<18} {result.rate:>9.0f} events/s {result.trouble or ''}", flush=True)


def heat(
    course: Course, variant: str, *, number: int, python: Path = Path(sys.executable), profile: bool = False
) -> Result:
    """Run a variant once, and look afterwards whether all events are there and committed."""
    chosen = VARIANTS[variant]
    name = f"{course.prefix}{variant}-{secrets.token_hex(3)}"
    heat = Heat(
        kafka=course.kafka,
        mongo_uri=course.mongo_uri,
        topic_prefix=course.prefix,
        topic=chosen.topic,
        group=name,
        database=name.replace(".", "_"),
        events=min(course.events, load.FEW_EVENTS) if chosen.few else course.events,
        result=course.folder / f"{name}.json",
        folder=course.folder,
        profile=profile,
    )
    with MongoClient[dict[str, Any]](heat.mongo_uri) as client:
        client[heat.database][COLLECTION].create_indexes([*indexes.LOG])
    code = _run(heat, [str(python), "-m", chosen.module, variant, heat.as_json()], course.folder / f"{name}.log")
    measured = json.loads(heat.result.read_text())
    return Result(number, variant, heat.events, trouble=_trouble(heat, code=code), **measured)


def _run(heat: Heat, command: Sequence[str], log: Path) -> int:
    with log.open("wb") as output:
        worker = subprocess.Popen(command, cwd=REPOSITORY, stdout=output, stderr=output)
        try:
            code = worker.wait(HEAT_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            code = worker.wait()
    if not heat.result.exists():
        raise HeatError(f"ended with {code} and without a result:\n{log.read_text(errors='replace')[-2000:]}")
    return code


def _trouble(heat: Heat, *, code: int) -> str | None:
    with MongoClient[dict[str, Any]](heat.mongo_uri) as client:
        written = client[heat.database][COLLECTION].count_documents({})
        client.drop_database(heat.database)
    committed = asyncio.run(load.committed(heat.kafka, heat.topic_name, heat.group))
    wrong = [
        f"{what} {found}, not {wanted}"
        for what, found, wanted in (
            ("exit code", code, 0),
            ("documents", written, heat.events),
            ("committed", committed, heat.events),
        )
        if found != wanted
    ]
    return "; ".join(wrong) or None
