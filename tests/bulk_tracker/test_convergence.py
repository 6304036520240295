"""The law of convergence: any order, any repetition, any pauses give the same state, and the state is the right one."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bulk_tracker.domain.action import Action, ActionFact, Rules
from bulk_tracker.domain.state import join, judge
from contracts.bulk_actions import (
    BulkActionFinished,
    BulkActionProgressed,
    BulkActionRowsReported,
    BulkActionStarted,
    BulkActionSubmitted,
)
from contracts.event import canonical
from tests.bulk_tracker.facts import a_row, at, finished, progressed, rows_reported, started, submitted

RULES = Rules(stalls_after=timedelta(minutes=4))
LAST = 20

minutes = st.integers(0, LAST)
facts = st.one_of(
    st.builds(
        submitted,
        minutes,
        scheduled_for=st.none() | minutes.map(at),
        total_rows=st.none() | st.integers(1, 3),
        stalls_after_seconds=st.none() | st.integers(1, 900),
        notify=st.booleans(),
    ),
    st.builds(started, minutes),
    st.builds(progressed, minutes, st.integers(0, 11), total_rows=st.none() | st.integers(9, 11)),
    st.builds(rows_reported, minutes, st.builds(a_row, st.integers(0, 3), st.sampled_from(["error", "warning"]))),
    st.builds(
        finished,
        minutes,
        st.sampled_from(["completed", "completed_with_errors", "cancelled", "failed"]),
        message=st.none(),
    ),
)


def told_by_all(history: list[ActionFact], now: datetime) -> tuple[object, ...]:
    """Independent of the fold: what the specification says of the whole set of facts."""
    submissions = [fact for fact in history if isinstance(fact, BulkActionSubmitted)]
    if not submissions:
        return (None,)
    submission = max(submissions, key=lambda fact: (fact.submitted_at, canonical(fact)))
    finishes = [fact for fact in history if isinstance(fact, BulkActionFinished)]
    progress = [fact for fact in history if isinstance(fact, BulkActionProgressed)]
    beats = [fact.started_at for fact in history if isinstance(fact, BulkActionStarted)]
    beats += [fact.progressed_at for fact in progress]
    counts = max(progress, key=lambda fact: (fact.progressed_at, canonical(fact)), default=None)
    stall = (
        timedelta(seconds=submission.stalls_after_seconds) if submission.stalls_after_seconds else RULES.stalls_after
    )
    if finishes:
        finish = max(finishes, key=lambda fact: (fact.finished_at, canonical(fact)))
        rows = [row for fact in history if isinstance(fact, BulkActionRowsReported) for row in fact.rows]
        errors = finish.outcome == "completed" and any(row.status == "error" for row in rows)
        return submission, counts, "completed_with_errors" if errors else finish.outcome, finish.finished_at
    if beats:
        silent = max(beats) + stall
        return (submission, counts, "timeout", silent) if silent <= now else (submission, counts, "in_progress", None)
    scheduled = submission.scheduled_for is not None and now < submission.scheduled_for
    return submission, counts, "scheduled" if scheduled else "not_started", None


def end_state(action: Action) -> Action:
    """Without what the law leaves out: versions and histories of what we published, and debts."""
    return replace(action, version=0, history=(), owes=(), mailed=None)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_any_permutation_with_repetitions_of_a_history_gives_the_same_state(data: st.DataObject) -> None:
    history = data.draw(st.lists(facts, min_size=1, max_size=12))
    now = data.draw(st.integers(0, 2 * LAST).map(at))
    chance = data.draw(st.randoms())
    shuffled = [*history, *chance.choices(history, k=chance.randint(0, 6))]
    chance.shuffle(shuffled)
    in_order, in_disorder = Action("a-1"), Action("a-1")
    for fact in history:
        in_order = join(in_order, fact, said_at=at(0), now=at(0), rules=RULES)
    for fact in shuffled:
        clock = at(chance.uniform(0, (now - at(0)).total_seconds() / 60))
        in_disorder = join(in_disorder, fact, said_at=at(0), now=clock, rules=RULES)
        if chance.random() < 1 / 2:
            in_disorder = judge(in_disorder, now=clock, known_until=clock, rules=RULES)
    one = judge(in_order, now=now, known_until=now, rules=RULES)
    two = judge(in_disorder, now=now, known_until=now, rules=RULES)
    assert replace(end_state(one), judged_until=None) == replace(end_state(two), judged_until=None)
    if one.submission is None:
        assert told_by_all(history, now) == (None,)
    else:
        assert (one.submission.data, one.progress, one.status, one.ended_at) == told_by_all(history, now)


@settings(max_examples=200, deadline=None)
@given(st.lists(facts, max_size=15))
def test_each_change_in_the_history_is_a_real_one_and_versions_only_grow(history: list[ActionFact]) -> None:
    action = Action("a-1")
    for fact in history:
        action = join(action, fact, said_at=at(0), now=at(LAST), rules=RULES)
    for before, change in zip((None, *action.history), action.history, strict=False):
        assert change.previous == (before.status if before else None)
        assert change.status != change.previous
        assert before is None or change.version > before.version
