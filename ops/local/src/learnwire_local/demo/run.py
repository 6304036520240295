"""The demo from beginning to end."""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

from learnwire_local.demo import comparing, files, looking, salesforce, showing
from learnwire_local.demo.stage import BIN, Stage, set_stage, wait_for_standin
from learnwire_local.processes import say

WAIT_SECONDS = 120.0
TELL_SECONDS = 10.0
WIDTH = 160


def run_demo(*, once: bool) -> int:
    """Set up, publish, wait for the end state, show it; 0 if it came out as expected."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="learnwire-demo-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(say, "demo: everything ended")
        stage = set_stage(folder, stack)
        wrong = _play(stage, began)
        if not once:
            _stay(stage)
        return 1 if wrong else 0


def _play(stage: Stage, began: float) -> list[str]:
    expected = json.loads((files.FOLDER / "expected.json").read_text())
    wait_for_standin(stage)
    ids = salesforce.create_people(stage, json.loads((files.FOLDER / "records.json").read_text()))
    now = datetime.now(UTC)
    names = files.names()
    for name in names:
        if name == files.LATER:
            say("demo: the week has been published; waiting for the log before Sunday's events take things back")
            _wait(stage, partial(_compare_log, stage, expected["log"]["rows_before_sunday"]))
        lines = files.read(name, ids, now)
        asyncio.run(files.publish(stage.kafka, lines))
        say(f"demo: published {len(lines):3} records of {name}.jsonl")
    seen = looking.Seen()

    def compare() -> list[str]:
        nonlocal seen
        seen = looking.look(stage, ids)
        return comparing.differences(seen, expected)

    say("demo: waiting for the end state")
    wrong = _wait(stage, compare)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    showing.show(console, stage, seen)
    seconds = time.monotonic() - began
    if wrong:
        console.print(f"[bold red]Not as expected[/] after {seconds:.0f} s: {len(wrong)} differences")
        for line in wrong:
            console.print(f"  {line}", markup=False)
    else:
        console.print(f"[bold green]All as expected[/] after {seconds:.0f} s.")
    return wrong


def _compare_log(stage: Stage, rows: int) -> list[str]:
    there = len(looking.log_rows(stage))
    return [] if there >= rows else [f"log rows: {there}, must be {rows}"]


def _wait(stage: Stage, compare: Callable[[], list[str]]) -> list[str]:
    """Look until nothing differs any more; what still differs when the time is up."""
    began = told = time.monotonic()
    while True:
        try:
            wrong = compare()
        except httpx.HTTPError as error:  # a service that is still starting
            wrong = [f"{type(error).__name__}: {error}"]
        now = time.monotonic()
        if not wrong or now - began > WAIT_SECONDS:
            return wrong
        stage.check_alive()
        if now - told > TELL_SECONDS:
            say(f"demo: {len(wrong)} things to come, such as {wrong[0][:200]}")
            told = now
        time.sleep(0.3)


def _stay(stage: Stage) -> None:
    """Say how to look further; until Ctrl-C."""
    console = Console(soft_wrap=True)
    console.print("\n[bold]Look further[/] (until Ctrl-C)")
    for name, url in (*stage.urls.items(), ("Salesforce stand-in", stage.salesforce)):
        console.print(f"  {name:20} {url}")
    console.print(f"  {'Kafka':20} {stage.kafka}\n  {'MongoDB':20} {stage.mongo}\n  {'logs':20} {stage.folder}/*.log")
    console.print("\n  Settings for the learnwire command (paste them into another terminal):")
    for name, value in stage.environment().items():
        console.print(f"    export {name}='{value}'", markup=False)
    console.print("\n  With them, for example:")
    console.print(f"    {BIN}/learnwire token bulk-tracker --role admin --subject A-1 --portal acme", markup=False)
    console.print(f"    {BIN}/learnwire dead-letters list action-logger", markup=False)
    console.print("\n  A token that sees everything in go1-stats-processor, for an hour:")
    console.print(f"    TOKEN={looking.token(stage, 'go1-stats-processor')}")
    url = stage.urls["go1-stats-processor"]
    console.print(f"    curl -H \"Authorization: Bearer $TOKEN\" '{url}/v1/attempts/S-02?portal_id=acme'", markup=False)
    console.print("\n  The pages, as one of their users:")
    for name in ("bulk-tracker", "go1-stats-processor", "action-logger"):
        console.print(f"    {stage.urls[name]}/dev/login")
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
