"""The law of convergence: what is held follows from the set of facts, whatever their order and repetitions."""

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.envelope import Envelope
from tests.go1_stats_processor import oracle
from tests.go1_stats_processor.histories import arrivals, histories
from tests.go1_stats_processor.pure import Pure
from tests.go1_stats_processor.random_histories import a_history, an_arrival, an_erased_history

MANY = settings(max_examples=600, deadline=None)
ALL = settings(max_examples=50_000, deadline=None)
VERY_MANY = settings(max_examples=2000, deadline=None)


def held(batches: list[list[Envelope[Any]]]) -> Pure:
    service = Pure()
    for batch in batches:
        service.take(batch)
    return service


def plain(shown: dict[str, Any]) -> dict[str, Any]:
    for attempt in shown["attempts"].values():
        entry = attempt["entry_point"]
        attempt["entry_point"] = entry if entry is None or isinstance(entry, dict) else entry.model_dump()
    return shown


@VERY_MANY
@given(st.integers(0, 2**64))
def test_the_service_holds_what_the_oracle_works_out_from_the_whole_set(seed: int) -> None:
    chance = random.Random(seed)
    history = a_history(chance)
    assert plain(held(an_arrival(history, chance)).shown()) == plain(oracle.expected(history))


@pytest.mark.long
@ALL
@given(st.integers(0, 2**64))
def test_fifty_thousand_histories_end_as_the_oracle_says(seed: int) -> None:
    chance = random.Random(seed)
    history = an_erased_history(chance) if seed % 3 == 0 else a_history(chance)
    assert plain(held(an_arrival(history, chance)).shown()) == plain(oracle.expected(history))


@MANY
@given(st.data(), histories())
def test_order_and_repetition_of_arrival_change_nothing(data: st.DataObject, history: list[Envelope[Any]]) -> None:
    one, other = held([history]), held(data.draw(arrivals(history)))
    assert one.shown() == other.shown()
    assert one.why() == other.why()


@MANY
@given(st.integers(0, 2**64))
@example(3049357)  # an address of before the erasure, named after it by a launch that another saying of it supersedes
def test_an_erasure_ends_the_same_whenever_it_comes(seed: int) -> None:
    chance = random.Random(seed)
    history = an_erased_history(chance)
    assert plain(held(an_arrival(history, chance)).shown()) == plain(oracle.expected(history))
