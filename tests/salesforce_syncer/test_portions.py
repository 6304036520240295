"""Learners are derived so many at a time that memory has room for their facts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from salesforce_syncer.store.rows import AT_ONCE, FACTS_AT_ONCE, portions


@given(st.lists(st.integers(0, FACTS_AT_ONCE * 2), max_size=3 * AT_ONCE))
def test_portions_keep_the_order_and_are_as_large_as_memory_has_room_for(counts: list[int]) -> None:
    facts = {f"acme/{at}": count for at, count in enumerate(counts)}
    cut = portions(list(facts), facts)
    assert [key for some in cut for key in some] == list(facts)
    held = [sum(facts[each] for each in some) for some in cut]
    assert all(
        len(some) == 1 or (len(some) <= AT_ONCE and most <= FACTS_AT_ONCE) for some, most in zip(cut, held, strict=True)
    )
    for (some, most), (following, _) in pairwise(zip(cut, held, strict=True)):
        assert len(some) == AT_ONCE or most + facts[following[0]] > FACTS_AT_ONCE


def test_learners_of_whom_nothing_is_stored_count_for_nothing() -> None:
    assert portions(["acme/1", "acme/2"], {}) == [["acme/1", "acme/2"]]
