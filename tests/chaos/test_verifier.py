"""The verifier itself: it finds what was planted, and nothing where all is well."""

import ast
import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from contracts.catalog import CONTENT_ACTIONS, LEARNERS, SERVICES
from contracts.event import Event
from contracts.learners import LearnerErased, LearnerLinked
from tests.chaos.ledger import Entry, Ledger, Published
from tests.chaos.loads import LOADS
from tests.chaos.loads.load import SHADOWED, Load, entries
from tests.chaos.poison import refusal
from tests.chaos.verifier import (
    ALL_ACCOUNTED,
    Finding,
    Seen,
    Things,
    Verdict,
    compare,
    compare_dead_letters,
    compare_publications,
)

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)

SERVICE = "action-logger"

Letter = ConsumerRecord[bytes | None, bytes | None]


def facts_of(load: Load, rng: random.Random, count: int = 400) -> list[dict[str, Any]]:
    return [each.event for each in entries(load, rng, count, NOW) if each.refused is None]


def seen_as(things: Things) -> list[tuple[str, Any]]:
    return list(things.items())


def one_dropped(seen: list[tuple[str, Any]], rng: random.Random) -> Seen:
    del seen[rng.randrange(len(seen))]
    return seen


def one_doubled(seen: list[tuple[str, Any]], rng: random.Random) -> Seen:
    return [*seen, rng.choice(seen)]


def two_swapped(seen: list[tuple[str, Any]], rng: random.Random) -> Seen:
    one, other = rng.sample(range(len(seen)), 2)
    (name, content), (another, its) = seen[one], seen[other]
    seen[one], seen[other] = (name, its), (another, content)
    return seen


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.service)
def test_an_end_state_as_it_must_be_is_accounted_for(load: Load) -> None:
    expected = load.expected(facts_of(load, random.Random(1)))
    verdict = compare(expected, seen_as(expected))
    assert verdict == Verdict(len(expected), ())
    assert verdict.line() == f"{ALL_ACCOUNTED} ({len(expected)} things)"


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.service)
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [(one_dropped, {"lost": 1}), (one_doubled, {"doubled": 1}), (two_swapped, {"swapped": 2})],
)
def test_a_thing_that_is_dropped_doubled_or_swapped_is_found(
    load: Load, fault: Callable[[list[tuple[str, Any]], random.Random], Seen], kinds: dict[str, int]
) -> None:
    rng = random.Random(2)
    expected = load.expected(facts_of(load, rng))
    for _ in range(50):
        verdict = compare(expected, fault(seen_as(expected), rng))
        assert verdict.kinds() == kinds


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.service)
def test_every_single_event_shows_in_the_end_state(load: Load) -> None:
    """Otherwise its loss could not be seen."""
    facts = facts_of(load, random.Random(3), 100)
    ids = [each["id"] for each in facts]
    whole = load.expected(facts)
    for at, fact in enumerate(facts):
        if ids.count(fact["id"]) == 1 and fact.get("correlationid") != SHADOWED:
            without = load.expected(facts[:at] + facts[at + 1 :])
            assert compare(whole, seen_as(without)).findings, f"{fact['type']} leaves no trace"


def poison(number: int, *, place: str | None = None) -> Published:
    entry = Entry(SERVICE, CONTENT_ACTIONS, b"key", f"poison {number}".encode(), (("h", b"\xff"),), "malformed")
    return Published(entry, place or f"{CONTENT_ACTIONS}/0/{number}")


def letter_of(published: Published, **other: bytes) -> Letter:
    topic, partition, offset = (published.place or "").split("/")
    dlq = {"dlq-reason": b"malformed", "dlq-topic": topic.encode()}
    dlq |= {"dlq-partition": partition.encode(), "dlq-offset": offset.encode()}
    headers = [("h", b"\xff"), *(dlq | {name.replace("_", "-"): each for name, each in other.items()}).items()]
    return ConsumerRecord("dead", 0, 0, 0, 0, published.entry.key, published.entry.value, None, 0, 0, headers)


def test_poison_is_accounted_for_byte_by_byte_and_once() -> None:
    published = [poison(number) for number in range(3)]
    good = Published(Entry(SERVICE, CONTENT_ACTIONS, b"key", b"{}"), None)
    letters = [letter_of(each) for each in published]
    kinds: list[tuple[Sequence[Letter], dict[str, int]]] = [
        (letters, {}),
        (letters[1:], {"lost": 1}),
        ([*letters, letters[0]], {"doubled": 1}),
        ([letter_of(poison(7, place=f"{CONTENT_ACTIONS}/0/0")), *letters[1:]], {"different": 1}),
        (
            [
                letter_of(poison(1, place=f"{CONTENT_ACTIONS}/0/0")),
                letter_of(poison(0, place=f"{CONTENT_ACTIONS}/0/1")),
                letters[2],
            ],
            {"swapped": 2},
        ),
        ([letter_of(published[0], dlq_reason=b"invalid"), *letters[1:]], {"different": 1}),
        ([*letters, letter_of(poison(9))], {"unexpected": 1}),
    ]
    for some, found in kinds:
        assert compare_dead_letters(SERVICE, [*published, good], some).kinds() == found


def test_a_reader_of_the_topic_refuses_what_it_knows_and_skips_the_rest() -> None:
    def refusals(kind: type[Event], refused: str) -> set[str]:
        entry = Entry("x", LEARNERS, b"k", json.dumps({"type": kind.TYPE}).encode(), (), refused)
        return {each for each in SERVICES if refusal(entry, each) == refused}

    assert refusals(LearnerErased, "invalid") == {*SERVICES}
    assert refusals(LearnerLinked, "invalid") == {"salesforce-syncer", "go1-stats-processor"}
    assert refusals(LearnerLinked, "malformed") == {*SERVICES}


def test_poison_may_be_there_twice_after_a_kill_if_it_comes_from_one_place() -> None:
    published = [poison(number) for number in range(3)]
    letters = [letter_of(each) for each in (*published, published[1])]
    assert compare_dead_letters(SERVICE, published, letters, twice=True).clean
    changed = [*letters, letter_of(published[0], dlq_reason=b"invalid")]
    assert compare_dead_letters(SERVICE, published, changed, twice=True).kinds() == {"doubled": 1}


def told(event_id: str, thing: str, version: int, status: str, **more: str) -> Letter:
    data = {"thing": thing, "version": version, "status": status, **more}
    value = json.dumps({"source": "/s", "id": event_id, "data": data}).encode()
    return ConsumerRecord("told", 0, 0, 0, 0, None, value, None, 0, 0, [("ce_source", b"/s")])


def test_what_was_told_last_is_the_end_state_and_one_id_says_one_thing() -> None:
    expected = {"a": {"thing": "a", "status": "done"}, "b": {"thing": "b", "status": "open"}}

    def findings(*records: Letter) -> tuple[Finding, ...]:
        return compare_publications("/s", records, expected, thing="thing", fields=("thing", "status")).findings

    good = [told("1", "a", 1, "open"), told("2", "a", 2, "done"), told("3", "b", 1, "open"), told("1", "a", 1, "open")]
    assert findings(*good) == ()
    assert findings(*good, told("4", "c", 1, "open"), told("5", "c", 2, "open", change="voided")) == ()
    assert [each.kind for each in findings(*good, told("4", "c", 1, "open"))] == ["unexpected"]
    assert [each.kind for each in findings(*good[:2])] == ["lost"]
    assert [each.kind for each in findings(good[0], good[2])] == ["different"]
    assert [each.kind for each in findings(*good, told("2", "a", 2, "open"))] == ["different"]


def test_the_ledger_knows_what_was_noted_even_if_nobody_said_where_it_landed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    some = [
        Entry("s", "t", None, None, (), "malformed"),
        Entry("s", "t", b"\xff", b"\x00", (("h", b"\xfe"), ("h", b"")), None),
    ]
    for each in some:
        ledger.note(each)
    ledger.landed(1, "t/0/7")
    assert ledger.read() == [Published(some[0], None), Published(some[1], "t/0/7")]
    ledger.close()


def test_neither_ledger_nor_verifier_nor_loads_know_the_services() -> None:
    allowed = {"contracts", "tests", "learnwire_local", "aiokafka", "httpx", "pymongo", "pytest", "aiosmtpd"}
    tries_failpoints = Path(__file__).with_name("test_steps.py")
    for path in {*Path(__file__).parent.rglob("*.py")} - {tries_failpoints}:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            foreign = {name.partition(".")[0] for name in names} & {*PRODUCT}
            assert foreign <= allowed, f"{path.name} imports {foreign}"


PRODUCT = ("shared", "action_logger", "bulk_tracker", "go1_stats_processor", "salesforce_syncer", "salesforce_standin")
