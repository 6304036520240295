"""A process that dies between two writes: what it had not told yet is told, by the sweep or by the facts that come again."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from go1_stats_processor.domain.enrollments import Answers
from go1_stats_processor.store.flow import Flow
from go1_stats_processor.store.groups import TOLD_AT_ONCE
from shared.mongo import Database
from tests.go1_stats_processor import events
from tests.go1_stats_processor.stores import AT_ONCE, a_flow, intake, rows, told
from tests.world import World


@pytest.fixture
async def flow(world: World, database: Database) -> AsyncGenerator[Flow]:
    async with a_flow(world, database) as made:
        yield made


async def test_what_was_written_and_not_told_is_told_by_the_sweep_once(
    world: World, flow: Flow, database: Database
) -> None:
    some = intake(events.launched("2026-02-01 09:00"), events.launched("2026-02-01 10:00", "L2", learner_id="bob"))
    await flow.groups.take(some.groups, titles={"C1": "Title"}, causes=some.group_causes)
    assert (await rows(database), await told(world)) == ([], [])
    assert await flow.groups.debts.outbox.sweep_once(older_than=AT_ONCE) == 1
    assert await rows(database) == [("L1", "in_progress"), ("L2", "in_progress")]
    expected = [("L1", "opened", 1, "activity.launched"), ("L2", "opened", 1, "activity.launched")]
    assert sorted(await told(world)) == expected
    assert await flow.groups.debts.outbox.sweep_once(older_than=AT_ONCE) == 0
    assert sorted(await told(world)) == expected


async def test_a_debt_tells_no_attempt_that_changed_before_it(world: World, flow: Flow) -> None:
    await flow.take(intake(events.course(), events.launched("2026-02-01 09:00")))
    more = intake(events.launched("2026-02-02 09:00", "L2"))
    await flow.groups.take(more.groups, titles={}, causes={})
    await flow.groups.debts.outbox.sweep_once(older_than=AT_ONCE)
    assert [each[:3] for each in await told(world)] == [("L1", "opened", 1), ("L2", "opened", 1)]


async def test_a_completion_whose_group_was_not_written_is_played_when_its_fact_comes_again(
    world: World, flow: Flow, database: Database
) -> None:
    known = intake(events.course(), events.learner())
    done = intake(events.completed("2026-02-01 10:00"))
    await flow.take(known)
    holders = (await flow.learners.known((), done.addresses)).holders(done.addresses)
    answers = Answers(holders, await flow.courses.catalogue(["C1"]))
    await flow.enrollments.fold(done.enrollments, answers, done.enrollment_causes, owing=False)
    assert await rows(database) == []
    await flow.take(done)
    await flow.take(done)
    assert await rows(database) == [("go1:E1", "completed")]
    assert [each[:3] for each in await told(world)] == [("go1:E1", "completed", 1)]


async def test_a_learner_whom_nobody_was_told_of_is_found_when_his_launch_comes_again(
    flow: Flow, database: Database
) -> None:
    await flow.take(intake(events.course(), events.completed("2026-02-01 10:00")))
    launch = intake(events.launched("2026-02-02 09:00"))
    await flow.learners.take(launch.learners)
    assert await flow.enrollments.count_parked() == {"learner_unknown": 1}
    await flow.take(launch)
    assert await flow.enrollments.count_parked() == {}
    assert await rows(database) == [("L1", "in_progress"), ("go1:E1", "completed")]


async def test_groups_of_the_first_shape_are_read_told_and_written_anew(
    world: World, flow: Flow, database: Database
) -> None:
    await flow.take(intake(events.course(), events.launched("2026-02-01 09:00")))
    group = await database["groups"].find_one({}) or {}
    await database["groups"].replace_one({"_id": group["_id"]}, as_first_shape(group))
    assert await flow.groups.first_shape.sweep_once(older_than=AT_ONCE) == 1
    assert [each[:3] for each in await told(world)] == [("L1", "opened", 1)] * 2
    row = await flow.rows.of_attempt("acme", "L1") or {}
    published = await flow.groups.published(row) or {}
    assert [(each["version"], each["change"]) for each in published["history"]] == [(1, "opened")]
    await flow.take(intake(events.completed("2026-02-01 10:00")))
    assert await rows(database) == [("L1", "completed")]
    after = await database["groups"].find_one({}) or {}
    assert (after["shape"], "why" in after["attempts"][0], "owes" in after) == (2, False, False)


def as_first_shape(group: dict[str, Any]) -> dict[str, Any]:
    """As the release before wrote it: names in every fact, `why` kept, the debt in the group itself."""
    names = ("launch_id", "launched_at", "channel", "email", "entry_kind", "entry_id", "event", "recorded_at")
    history = ("version", "change", "changed_at", "status", "legacy", "progress_percent", "result")
    history = (*history, "last_activity_at", "time_spent_seconds", "time_spent_basis")
    (attempt,) = group["attempts"]
    old: dict[str, Any] = {
        **attempt,
        "why": [{"rule": "attempt.launched", "inputs": {}, "events": []}],
        "history": [dict(zip(history, each, strict=True)) for each in attempt["history"]],
    }
    launches: Sequence[Sequence[Any]] = group["launches"]
    return {
        **{name: value for name, value in group.items() if name not in {"rules", "superseded"}},
        "shape": 1,
        "attempts": [old],
        "launches": [dict(zip(names, each, strict=True)) for each in launches],
        "owes": ["L1"],
        "owed_since": attempt["changed_at"],
    }


async def test_a_debt_of_many_groups_is_told_some_at_a_time(world: World, flow: Flow, database: Database) -> None:
    count = TOLD_AT_ONCE + 1
    many = intake(*[events.launched("2026-02-01 09:00", f"L{each}", learner_id=f"l{each}") for each in range(count)])
    await flow.groups.take(many.groups, titles={}, causes={})
    await flow.groups.debts.outbox.sweep_once(older_than=AT_ONCE)
    assert await database["attempts"].count_documents({}) == len(await told(world)) == count
