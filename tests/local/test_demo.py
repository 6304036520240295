"""The demo's files hold what its stories tell; the demo shows it, leaves nothing behind, and dies as a whole."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.catalog import EVENTS
from contracts.envelope import Envelope
from contracts.event import Event
from contracts.wire import Invalid, Malformed, UnknownType, decode
from learnwire_local.demo import files
from learnwire_local.demo.comparing import differences
from learnwire_local.demo.files import FOLDER, Raw
from learnwire_local.demo.looking import Seen
from learnwire_local.demo.stories import people
from learnwire_local.demo.stories.__main__ import write

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
IDS = {record["record"]: "005000000000001AAA" for record in people.records()} | {
    record["record"]: "003000000000001AAA" for record in people.records() if record["record"].startswith("contact:")
}
OUR_OWN = {"learnwire.attempt.changed.v1", "learnwire.bulk-action.status-changed.v1"}
COMMAND = [str(Path(sys.executable).with_name("learnwire-local")), "demo", "--once"]


def lines() -> Iterator[Envelope[Event] | Raw]:
    for name in files.names():
        yield from files.read(name, IDS, NOW)


def test_the_files_are_what_the_stories_tell(tmp_path: Path) -> None:
    write(tmp_path)

    told = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in {".json", ".jsonl"}}
    assert told == kept


def test_every_type_that_platforms_publish_occurs() -> None:
    assert {each.type for each in lines() if isinstance(each, Envelope)} == EVENTS.keys() - OUR_OWN


def test_the_bad_records_are_bad_or_unknown() -> None:
    outcomes: list[str] = []
    for each in lines():
        if isinstance(each, Raw):
            try:
                read = decode(each.value, [], reads=EVENTS)
            except (Malformed, Invalid) as error:
                outcomes.append(type(error).__name__)
            else:  # an erasure on a topic where nobody may erase is good in itself
                outcomes.append("unknown" if isinstance(read, UnknownType) else read.type)

    assert sorted(outcomes) == ["Invalid"] * 6 + ["Malformed"] * 2 + ["learnwire.learner.erased.v1", "unknown"]


def test_the_week_ends_now_and_the_rules_dates_stay() -> None:
    times = [each.time for each in lines() if isinstance(each, Envelope)]

    assert max(times) <= NOW
    assert min(times).date().isoformat() == "2024-12-01"


def test_an_empty_world_differs_from_the_expected_one_in_every_part() -> None:
    expected = {
        "salesforce": {"User": {"user:mira": {"Score__c": 1}}},
        "attempts": {"S-01": {"status": "completed"}},
        "parked": {"GE-12": "learner_unknown"},
        "log": {"rows": {"enrollment": 1}, "erased": 1},
        "bulk": {"B-01": {"status": "completed"}},
        "reports": {"B-01": [["1"]]},
        "mails": [{"to": "dana@acme.example", "status": "Completed"}],
        "dead_letters": {"bulk-tracker": {"invalid": 1}},
    }

    assert differences(Seen(), expected) == [
        "User user:mira: missing",
        "attempt S-01: missing",
        "parked: is {}, must be {'GE-12': 'learner_unknown'}",
        "log rows: is {}, must be {'enrollment': 1}",
        "erased log rows: is 0, must be 1",
        "bulk action B-01: missing",
        "resyncs: is [], must be [('salesforce_resync', 'completed')]",
        "report B-01: missing",
        "mails: is [], must be ['dana@acme.example: Completed']",
        "dead letters: is {}, must be {'bulk-tracker': {'invalid': 1}}",
    ]


def about(folder: Path) -> list[int]:
    """Processes that were started with something in this folder."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if bytes(folder) in told and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


@pytest.mark.long
def test_the_week_comes_out_as_told_and_nothing_stays_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        COMMAND, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=400
    )

    assert "All as expected" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]
    assert (done.returncode, list(tmp_path.iterdir()), about(tmp_path)) == (0, [], [])


@pytest.mark.long
def test_a_killed_demo_takes_everything_with_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        COMMAND,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stderr
        for line in demo.stderr:
            if line.startswith("demo: published"):
                break
        before = about(tmp_path)
        demo.kill()

    deadline = time.monotonic() + 10
    while (about(tmp_path) or list(tmp_path.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(before) > 6
    assert (about(tmp_path), list(tmp_path.iterdir())) == ([], [])
