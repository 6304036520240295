"""Only the contiguous written prefix is committed."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.consumer.offsets import Progress


def test_a_later_slice_waits_for_an_earlier_one() -> None:
    progress = Progress()
    first, second = progress.take(0, 10), progress.take(10, 20)
    assert (progress.finish(second), progress.written) == (False, None)
    assert (progress.finish(first), progress.written) == (True, 20)


def test_a_slice_that_is_cut_short_ends_where_it_was_cut() -> None:
    progress = Progress()
    slice_ = progress.take(0, 10)
    progress.finish(slice_, end=7)
    assert progress.written == 7


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_nothing_behind_a_cut_is_committed_in_whatever_order_batches_finish(order: tuple[int, ...]) -> None:
    """Two batches in flight both trip the breaker, a third one does not: what is between their cuts was not handled."""
    progress = Progress()
    slices = [progress.take(0, 2000), progress.take(2000, 4000), progress.take(4000, 6000)]
    cuts = {0: 6, 1: 2005}
    for number in order:
        progress.finish(slices[number], end=cuts.get(number))
        assert progress.written in {None, 6}
    assert (progress.written, progress.idle) == (6, True)


def test_a_batch_before_the_one_that_tripped_is_committed_and_what_is_behind_is_not() -> None:
    progress = Progress()
    first, tripped, behind = progress.take(0, 10), progress.take(10, 20), progress.take(20, 30)
    assert not progress.finish(behind)
    assert not progress.finish(tripped, end=13)
    assert (progress.finish(first), progress.written, progress.idle) == (True, 13, True)


def test_what_is_in_flight_waits_from_its_first_record_on_also_before_anything_was_written() -> None:
    progress = Progress()
    assert progress.unwritten is None
    first, second = progress.take(5, 10), progress.take(10, 20)
    assert (progress.written, progress.unwritten) == (None, 5)
    progress.finish(second)
    assert progress.unwritten == 5
    progress.finish(first)
    assert (progress.written, progress.unwritten) == (20, None)


@given(st.permutations(range(8)))
def test_whatever_the_order_of_finishing_the_prefix_is_what_is_written(order: list[int]) -> None:
    progress = Progress()
    slices = [progress.take(10 * number, 10 * (number + 1)) for number in range(8)]
    done: set[int] = set()
    for number in order:
        progress.finish(slices[number])
        done.add(number)
        prefix = next((each for each in range(8) if each not in done), 8)
        assert (progress.written or 0) == 10 * prefix
    assert progress.idle
