"""`python -m bench.salesforce`: time per row of the syncer's writer beside two clients, into the same stand-in."""

import argparse
import json
import random
import secrets
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from pymongo import MongoClient

from bench.go1 import servers, write
from bench.report import machine
from bench.rounds import REPOSITORY
from bench.salesforce_writers import CLIENT_ID, COURSES, OBJECT, SECRET, WRITERS, Heat
from bench.table import spread

NAMES: Mapping[str, str] = {
    "simple-salesforce": "simple-salesforce, an upsert a row",
    "aio-sf": "aio-sf, collections, five in flight",
    "syncer": "**salesforce-syncer**, collections",
    "syncer-bulk": "**salesforce-syncer**, Bulk API 2.0 (its own choice above 2,000 rows)",
}
BEGIN, END = "<!-- bench salesforce: begin -->", "<!-- bench salesforce: end -->"
HEAT_SECONDS = 600
DATA = "/services/data/v66.0"


@dataclass(frozen=True, slots=True)
class Result:
    """What one heat has measured."""

    round: int
    writer: str
    rows: int
    seconds: float
    cpu_seconds: float
    calls: int
    trouble: str | None

    @property
    def microseconds(self) -> float:
        """Time per row."""
        return self.seconds / self.rows * 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.salesforce", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="a tenth of them for the writer row by row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--writers", nargs="+", choices=list(WRITERS), default=list(WRITERS))
    parser.add_argument("--write", type=Path, help="put the table into this page, such as docs/performance.md")
    chosen = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="learnwire-bench-")))
        kafka, mongo_uri = servers(stack)
        results = race(folder, kafka, mongo_uri, chosen.writers, chosen.rows, chosen.rounds, chosen.seed)
    text = table(results)
    trouble = [f"{each.writer}, round {each.round}: {each.trouble}" for each in results if each.trouble]
    print(f"\n{text}", *trouble, sep="\n")
    if chosen.write and not trouble:
        given = [*(arguments or sys.argv[1:])]
        again = shlex.join(["python", "-m", "bench.salesforce", *given])
        libraries = ", ".join(f"{each} {version(each)}" for each in ("simple-salesforce", "aio-sf"))
        head = f"{chosen.rows:,} rows, {chosen.rounds} rounds: `{again}`, seed {chosen.seed}\n\nMachine: {machine()}."
        write(chosen.write, (BEGIN, END), f"{head} {libraries}.\n\n{text}")
    return 1 if trouble else 0


def race(  # noqa: PLR0917  where, who, how much
    folder: Path, kafka: str, mongo_uri: str, writers: Sequence[str], rows: int, rounds: int, seed: int
) -> list[Result]:
    """All writers once a round, in an order that is shuffled anew."""
    rng, results = random.Random(seed), list[Result]()
    for number in range(1, rounds + 1):
        for writer in rng.sample(list(writers), len(writers)):
            some = max(COURSES, rows // 10) if writer == "simple-salesforce" else rows
            result = heat(folder, kafka, mongo_uri, writer, some, number)
            results.append(result)
            print(f"round {number}: {writer:<18} {result.microseconds:>7.0f} µs/row {result.trouble or ''}", flush=True)
    return results


def heat(  # noqa: PLR0917  as above
    folder: Path, kafka: str, mongo_uri: str, writer: str, rows: int, number: int
) -> Result:
    """One writer, an org of its own."""
    own = folder / f"{writer}-{number}"
    own.mkdir()
    with standin(own) as http, (own / "log").open("wb") as log:
        user = found(http, rows // COURSES, only_user=writer.startswith("syncer"))
        database = f"bench{secrets.token_hex(4)}"
        given = Heat(str(http.base_url).rstrip("/"), user, rows, mongo_uri, kafka, database, str(own))
        http.delete("/standin/calls")
        command = [sys.executable, "-m", "bench.salesforce_writers", writer, given.as_json()]
        code = subprocess.run(
            command, cwd=REPOSITORY, stdout=log, stderr=log, timeout=HEAT_SECONDS, check=False
        ).returncode
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            client.drop_database(database)
        if code:
            raise RuntimeError(f"{writer} ended with {code}:\n{(own / 'log').read_text()[-3000:]}")
        measured = json.loads((own / "result.json").read_text())
        calls: dict[str, Any] = http.get("/standin/calls").json()
        there = http.get(f"/standin/rows/{OBJECT}").json()["total"]
    trouble = None if there == rows else f"{there} rows, not {rows}"
    return Result(number, writer, rows, measured["seconds"], measured["cpu_seconds"], calls["total"], trouble)


@contextmanager
def standin(folder: Path) -> Generator[httpx.Client]:
    """A stand-in of the heat's own."""
    (folder / "client-secret").write_text(SECRET)
    command = [Path(sys.executable).with_name("salesforce-standin"), "--port", "0", "--client-id", CLIENT_ID]
    command += ["--client-secret-file", folder / "client-secret"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = (process.stdout or sys.stdin).readline().strip().rpartition(" ")[2]
        with httpx.Client(base_url=url, timeout=60) as http:
            yield http
    finally:
        process.terminate()
        process.communicate()


def found(http: httpx.Client, learners: int, *, only_user: bool) -> str:
    """Make the user, and the memberships that rows hang on (the syncer makes them itself, before its clock runs)."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
    token = http.post("/services/oauth2/token", data=form).json()["access_token"]
    own = {"Authorization": f"Bearer {token}"}
    person = {"Username": "ann@example.com", "LastName": "Ann", "Email": "ann@example.com"}
    user: str = http.post(f"{DATA}/sobjects/User", json=person, headers=own).json()["id"]
    name = "LearnUpon_Portal_Membership__c"
    for start in range(0, 0 if only_user else learners, 200):
        keys = [f"acme:l{number}" for number in range(start, min(learners, start + 200))]
        rows = [{"attributes": {"type": name}, "Membership_Key__c": each} for each in keys]
        body = {"allOrNone": True, "records": rows}
        http.patch(f"{DATA}/composite/sobjects/{name}/Membership_Key__c", json=body, headers=own).raise_for_status()
    return user


def table(results: Sequence[Result]) -> str:
    """As Markdown; ratios within a round."""
    lines = [
        "| writer | µs/row, median | time of aio-sf ÷ its, same round: median (range) | client CPU, µs/row | calls for 1,000 rows |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for writer, title in NAMES.items():
        mine = [each for each in results if each.writer == writer]
        if not mine:
            continue
        cells = (
            f"{median(each.microseconds for each in mine):,.0f}",
            spread(ratios(results, writer, "aio-sf")),
            f"{median(each.cpu_seconds / each.rows * 1e6 for each in mine):,.0f}",
            f"{median(each.calls / each.rows * 1000 for each in mine):,.1f}",
        )
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def ratios(results: Sequence[Result], writer: str, base: str) -> list[float]:
    """How many times as fast as the base, one ratio for each round."""
    by_round: dict[int, dict[str, Result]] = {}
    for each in results:
        by_round.setdefault(each.round, {})[each.writer] = each
    both = [some for some in by_round.values() if writer in some and base in some]
    return [some[base].microseconds / some[writer].microseconds for some in both]


if __name__ == "__main__":
    sys.exit(main())
