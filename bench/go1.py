"""`python -m bench.go1`: go1-stats-processor beside bare loops that keep state too, in one run, interleaved."""

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from pymongo import MongoClient

from bench import go1_bare, go1_framework, go1_load, go1_product, load
from bench.environments import InstallError
from bench.race import Clock, Heat
from bench.report import head
from bench.rounds import REPOSITORY, HeatError, Result
from bench.table import ratios, spread
from bench.variants import Variant
from contracts.catalog import GO1
from learnwire_local.both import start_both

RUNS: Mapping[str, Callable[[Heat, Clock], Awaitable[None]]] = {
    "A": go1_bare.insert,
    "F": go1_bare.change,
    "F_pub": go1_bare.change_and_publish,
    "FastStream-F": go1_framework.change,
    "FastStream-F_pub": go1_framework.change_and_publish,
    "go1 unpublished": go1_product.serve_silently,
    "go1": go1_product.serve,
}
VARIANTS: Mapping[str, Variant] = {
    "A": Variant("A: bare loop, `json.loads`, one insert a fact"),
    "F": Variant("F: bare read-modify-write, one document a pair"),
    "F_pub": Variant("F_pub: F, and one event a changed document, acknowledged"),
    "FastStream-F": Variant("FastStream, batches, F", peer=True),
    "FastStream-F_pub": Variant("FastStream, batches, F, and one event a changed document", peer=True),
    "quixstreams-F": Variant("quixstreams, a batching sink that does F", "bench.peers.quix", "quixstreams", peer=True),
    "faust-F": Variant("faust-streaming, `take` and F", "bench.peers.fauststream", "faust", peer=True),
    "arroyo-F": Variant("sentry-arroyo, `BatchStep` and F", "bench.peers.arroyos", "arroyo", peer=True),
    "go1 unpublished": Variant("go1-stats-processor whole, its events thrown away"),
    "go1": Variant("**go1-stats-processor**, the whole service"),
}
GOALS = (("go1 unpublished", 0.4), ("go1", 0.27))
HEAT_SECONDS = 600
PEER_SECONDS = 180
BEGIN, END = "<!-- bench go1: begin -->", "<!-- bench go1: end -->"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.go1", description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000, help="of learner and course; five facts each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--write", type=Path, help="put the table into this page, such as docs/performance.md")
    parser.add_argument("--profile", choices=list(RUNS), help="run this variant once under cProfile instead")
    parser.add_argument("--heat", nargs=2, metavar=("VARIANT", "HEAT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.heat:
        return _run(chosen.heat[0], Heat.read(chosen.heat[1]))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnwire-bench-")))
        kafka, mongo_uri = servers(stack)
        prefix = f"bench{secrets.token_hex(3)}."
        size = asyncio.run(go1_load.fill(kafka, prefix, chosen.pairs, seed=chosen.seed))
        events = chosen.pairs * go1_load.FACTS_OF_A_PAIR
        print(f"{events} facts of {chosen.pairs} pairs, {size / events:.0f} bytes each, seed {chosen.seed}", flush=True)
        stack.callback(lambda: asyncio.run(load.remove(kafka, prefix)))
        race = _Race(kafka, mongo_uri, prefix, folder, chosen.pairs)
        if chosen.profile:
            print(race.heat(chosen.profile, 1, profile=True))
            return 0
        results = race.run(chosen.variants, rounds=chosen.rounds, rng=random.Random(chosen.seed))
    text = table(results, race.absent)
    print(f"\n{text}")
    trouble = [f"{each.variant}, round {each.round}: {each.trouble}" for each in results if each.trouble]
    print(*trouble, sep="\n")
    if chosen.write and not trouble:
        said = f"{events:,} facts of {chosen.pairs:,} pairs, {chosen.rounds} rounds."
        write(chosen.write, (BEGIN, END), f"{head('bench.go1', arguments, chosen.seed)} {said}\n\n{text}")
    return 1 if trouble else 0


def servers(stack: ExitStack) -> tuple[str, str]:
    """Kafka and MongoDB: those that the environment names, else own ones."""
    kafka, mongo = os.environ.get("LEARNWIRE_TEST_KAFKA"), os.environ.get("LEARNWIRE_TEST_MONGO")
    if kafka and mongo:
        return kafka, mongo
    local_kafka, local_mongo = start_both(None)
    stack.enter_context(local_kafka)
    stack.enter_context(local_mongo)
    return local_kafka.bootstrap, local_mongo.uri


def write(page: Path, marks: tuple[str, str], text: str) -> None:
    """Replace what is between the marks; the text around it stays."""
    before, _, rest = page.read_text().partition(marks[0])
    _, _, after = rest.partition(marks[1])
    page.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}")


class _Race:
    """Where the variants run: every heat has a database and a group of its own."""

    def __init__(self, kafka: str, mongo_uri: str, prefix: str, folder: Path, pairs: int) -> None:
        self._kafka, self._mongo_uri, self._prefix, self._folder, self._pairs = kafka, mongo_uri, prefix, folder, pairs
        self.absent: dict[str, str] = {}

    def run(self, variants: Sequence[str], *, rounds: int, rng: random.Random) -> list[Result]:
        results: list[Result] = []
        for number in range(1, rounds + 1):
            for variant in rng.sample(list(variants), len(variants)):
                if variant in self.absent:
                    continue
                try:
                    result = self.heat(variant, number)
                except (InstallError, HeatError, subprocess.TimeoutExpired) as error:
                    if not VARIANTS[variant].peer:
                        raise
                    self.absent[variant] = f"did not finish round {number}"
                    print(f"round {number}: {variant:<16} {error}", flush=True)
                    continue
                results.append(result)
                print(f"round {number}: {variant:<16} {result.rate:>8.0f} facts/s {result.trouble or ''}", flush=True)
        return results

    def heat(self, variant: str, number: int, *, profile: bool = False) -> Result:
        chosen = VARIANTS[variant]
        name = f"{self._prefix}{variant.replace(' ', '-')}-{secrets.token_hex(3)}"
        heat = Heat(
            kafka=self._kafka,
            mongo_uri=self._mongo_uri,
            topic_prefix=self._prefix,
            topic=go1_load.PLAIN if variant.startswith("FastStream") else GO1,
            group=name,
            database=name.replace(".", "_"),
            events=self._pairs * go1_load.FACTS_OF_A_PAIR,
            result=self._folder / f"{name}.json",
            folder=self._folder,
            profile=profile,
        )
        command = [sys.executable, "-m", "bench.go1", "--heat", variant, heat.as_json()]
        if chosen.environment is not None:
            command = [str(chosen.python(sys.executable)), "-m", chosen.module, variant, heat.as_json()]
            asyncio.run(go1_bare.prepare(heat))
        log = self._folder / f"{name}.log"
        with log.open("wb") as out:
            code = subprocess.run(
                command,
                cwd=REPOSITORY,
                stdout=out,
                stderr=out,
                timeout=PEER_SECONDS if chosen.peer else HEAT_SECONDS,
                check=False,
            ).returncode
        if profile:
            print((self._folder / f"{variant}.profile.txt").read_text())
        if not heat.result.exists():
            raise HeatError(f"{variant} ended with {code} and without a result:\n{log.read_text()[-3000:]}")
        measured = json.loads(heat.result.read_text())
        return Result(
            number,
            variant,
            heat.events,
            measured["seconds"],
            measured["cpu_seconds"],
            self._trouble(variant, heat, code),
        )

    def _trouble(self, variant: str, heat: Heat, code: int) -> str | None:
        """What is wrong with the end state, if anything."""
        with MongoClient[dict[str, Any]](heat.mongo_uri) as client:
            database = client[heat.database]
            found = {"exit code": (code, 0)}
            rows = heat.events if variant == "A" else self._pairs
            found["rows"] = (database["attempts"].count_documents({}), rows)
            if variant != "A":
                done = database["attempts"].count_documents({"status": "completed"})
                found["completed"] = (done, self._pairs)
            if variant.startswith("go1"):
                found["passed"] = (database["attempts"].count_documents({"result": "success"}), self._pairs)
                for each in ("learners", "enrollments", "groups"):
                    found[f"{each} that owe"] = (database[each].count_documents({"owes": {"$exists": True}}), 0)
            client.drop_database(heat.database)
        committed = asyncio.run(load.committed(heat.kafka, heat.topic_name, heat.group))
        found["committed"] = (committed, heat.events)
        return (
            "; ".join(f"{what} {is_}, not {wanted}" for what, (is_, wanted) in found.items() if is_ != wanted) or None
        )


def _run(variant: str, heat: Heat) -> int:
    work = RUNS[variant](heat, Clock(heat))
    if not heat.profile:
        asyncio.run(_awaited(work))
        return 0
    profile = cProfile.Profile()
    profile.runcall(asyncio.run, _awaited(work))
    with (heat.folder / f"{variant}.profile.txt").open("w") as out:
        for order, lines in (("tottime", 60), ("cumulative", 110)):
            pstats.Stats(profile, stream=out).strip_dirs().sort_stats(order).print_stats(lines)
    return 0


async def _awaited(work: Awaitable[None]) -> None:
    await work


def table(results: Sequence[Result], absent: Mapping[str, str]) -> str:
    """Medians, and ratios taken within a round with their ranges, as Markdown; the goals below."""
    heads = ("variant", "facts/s, median", "÷ A, same round: median (range)", "go1 unpublished ÷ it", "go1 ÷ it")
    lines = [f"| {' | '.join(heads)} | client CPU, µs/fact |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for variant, each in VARIANTS.items():
        if variant in absent:
            lines.append(f"| {each.title} | {absent[variant]} | | | | |")
            continue
        mine = [result for result in results if result.variant == variant]
        if mine:
            to = (
                ratios(results, variant, "A"),
                *(ratios(results, ours, variant) for ours in ("go1 unpublished", "go1")),
            )
            cpu = median(result.cpu_seconds / result.events * 1e6 for result in mine)
            rate = median(result.rate for result in mine)
            lines.append(f"| {each.title} | {rate:,.0f} | {' | '.join(map(spread, to))} | {cpu:.0f} |")
    lines.append("")
    for variant, least in GOALS:
        found = ratios(results, variant, "A")
        if found:
            reached = "reached" if median(found) >= least else "**not reached**"
            lines.append(f"- Goal ≥ {least} x A, {VARIANTS[variant].title}: {spread(found)}, {reached}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
