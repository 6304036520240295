"""The pure judgements of the writer: quota, delete guard, chunks, texts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from salesforce_syncer.domain import chunks, guard, quota
from salesforce_syncer.domain.objects import utf16_length
from salesforce_syncer.domain.quota import Pace
from salesforce_syncer.salesforce.schema import cut

HOUR = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = HOUR + timedelta(minutes=30)


def pace(own: int, *, used: int | None = 0, limit: int | None = 1_000) -> Pace:
    return quota.decide({HOUR: own}, used=used, limit=limit, share_percent=50, now=NOW).pace


def test_the_pace_follows_our_share_and_the_orgs_limit() -> None:
    assert [pace(0), pace(399), pace(400), pace(499), pace(500)] == [
        Pace.FREE,
        Pace.FREE,
        Pace.ESSENTIAL,
        Pace.ESSENTIAL,
        Pace.PAUSED,
    ]
    assert [pace(0, used=899), pace(0, used=900), pace(0, used=949), pace(0, used=950)] == [
        Pace.FREE,
        Pace.ESSENTIAL,
        Pace.ESSENTIAL,
        Pace.PAUSED,
    ]
    assert pace(10_000, used=None, limit=None) is Pace.FREE


def test_a_used_up_share_says_when_it_is_free_again() -> None:
    calls = {HOUR - timedelta(hours=20): 300, HOUR: 200}
    found = quota.decide(calls, used=0, limit=1_000, share_percent=50, now=NOW)
    assert (found.pace, found.until) == (Pace.PAUSED, HOUR + timedelta(hours=5))


def test_the_forecast_says_when_the_share_is_used_up() -> None:
    at = quota.reached_at({HOUR: 90}, share=500, own=90, now=NOW)
    assert at == NOW + timedelta(minutes=410)
    assert quota.reached_at({}, share=500, own=0, now=NOW) is None


def test_the_guard_holds_many_deletes_and_a_large_share_of_a_portal() -> None:
    def holds(deletes: int, rows: int) -> bool:
        return guard.holds(deletes=deletes, rows=rows, most_rows=500, most_percent=20)

    assert [holds(500, 10_000), holds(501, 10_000), holds(49, 49), holds(50, 250), holds(51, 250)] == [
        False,
        True,
        False,
        False,
        True,
    ]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), max_size=60), st.integers(1, 7))
def test_chunks_under_way_together_never_share_a_membership(ids: list[tuple[int, int]], size: int) -> None:
    rows: list[dict[str, Any]] = [{"membership": f"m{parent}", "key": f"k{parent}-{child}"} for parent, child in ids]
    waiting = chunks.cut("X__c", rows, size)
    assert sum(len(each.rows) for each in waiting) == len(rows)
    assert all(len(each.rows) <= size for each in waiting)
    under_way: list[chunks.Chunk] = []
    while (free := chunks.next_free(waiting, under_way)) is not None and len(under_way) < 4:
        waiting.remove(free)
        assert not any(free.parents & each.parents for each in under_way)
        under_way.append(free)


@given(st.text(alphabet=st.sampled_from("aä\U0001d4b3"), max_size=40), st.integers(1, 20))
def test_texts_are_cut_to_utf16_units_between_code_points_and_no_shorter_than_needed(text: str, length: int) -> None:
    shown = cut(text, length)
    assert text.startswith(shown)
    assert utf16_length(shown) <= length
    if shown != text:
        assert utf16_length(text[: len(shown) + 1]) > length
