"""`make bench`: the product beside what others would write, in one run, interleaved."""

import argparse
import asyncio
import os
import random
import shlex
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import load, plots
from bench.report import goals, write
from bench.rounds import Course, heat, race
from bench.table import table
from bench.variants import OURS, VARIANTS
from learnwire_local.both import start_both

EVENTS_OF_A_PERSON = 20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--people", type=int, help=f"whose events they are; {EVENTS_OF_A_PERSON} each unless said")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--write", type=Path, help="put the table into this page, such as docs/performance.md")
    parser.add_argument("--profile", choices=["A", "A_pipe", "B", OURS], help="run this once under cProfile instead")
    chosen = parser.parse_args(arguments)
    people = chosen.people or max(1, chosen.events // EVENTS_OF_A_PERSON)
    with _servers() as (kafka, mongo_uri), tempfile.TemporaryDirectory(prefix="learnwire-bench-") as folder:
        course = Course.at(kafka, mongo_uri, Path(folder), events=chosen.events, people=people)
        if chosen.profile:
            return _profile(course, chosen.profile)
        outcome = race(course, chosen.variants, rounds=chosen.rounds, seed=chosen.seed)
    text = table(outcome.results, outcome.absent)
    print(f"\n{text}", *goals(outcome.results), sep="\n")
    trouble = [f"{each.variant}, round {each.round}: {each.trouble}" for each in outcome.results if each.trouble]
    print(*trouble, sep="\n")
    if chosen.write and not trouble:
        command = shlex.join(["python", "-m", "bench", *(arguments or sys.argv[1:]), "--seed", str(chosen.seed)])
        write(chosen.write, text, outcome, people=people, command=command)
        plots.keep(outcome.results)
        plots.draw(outcome.results)
    return 1 if trouble else 0


@contextmanager
def _servers() -> Generator[tuple[str, str]]:
    """Those that the environment names, else own ones."""
    kafka, mongo = os.environ.get("LEARNWIRE_TEST_KAFKA"), os.environ.get("LEARNWIRE_TEST_MONGO")
    if kafka and mongo:
        yield kafka, mongo
        return
    local_kafka, local_mongo = start_both(None)
    with local_kafka, local_mongo:
        yield local_kafka.bootstrap, local_mongo.uri


def _profile(course: Course, variant: str) -> int:
    asyncio.run(load.fill(course.kafka, course.prefix, course.events, people=course.people, seed=1))
    result = heat(course, variant, number=1, profile=True)
    print((course.folder / f"{variant}.profile.txt").read_text())
    print(result)
    asyncio.run(load.remove(course.kafka, course.prefix))
    return 0


if __name__ == "__main__":
    sys.exit(main())
