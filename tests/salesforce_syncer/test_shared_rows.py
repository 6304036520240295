"""An enrollment that several learners' facts ask for: whose row it is, and that nothing ever waits for ever."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest

from salesforce_syncer.domain.claims import MOST_CONTENDERS
from salesforce_syncer.domain.objects import USER_ENROLLMENT
from salesforce_syncer.store.proofs import Extra, ProofStore
from salesforce_syncer.store.tables import Tables
from shared.mongo import Database
from tests.salesforce_syncer.facts import (
    OTHER_USER,
    USER,
    Fact,
    attempt,
    enrolled,
    erased,
    linked,
    renamed,
    unenrolled,
    unlinked,
)
from tests.salesforce_syncer.sharing import NOW, Replica, of

ROW = f"{USER_ENROLLMENT}:acme:e-1"
GO1_ROW = f"{USER_ENROLLMENT}:acme:go1:a-1"
THIRD_USER = "005000000000003AAA"


@pytest.fixture
async def syncer(database: Database, tmp_path: Path) -> Replica:
    replica = Replica(database, tmp_path)
    await replica.store.prepare()
    await replica.take(of("ann", linked(1, USER)), of("bob", linked(1, OTHER_USER)))
    return replica


async def test_a_go1_completion_that_moves_to_another_learner_takes_its_row_along(syncer: Replica) -> None:
    await syncer.take(of("ann", attempt(1, "completed", result="success")))
    await syncer.take(of("ann", attempt(2, "voided")))
    assert await syncer.has(GO1_ROW) == ("ann", False)
    await syncer.take(of("bob", attempt(1, "completed", result="success")))
    row = await syncer.row(GO1_ROW)
    assert row is not None
    assert (row["learner"], row["deleted"], row["payload"]["User__c"]) == ("acme/bob", False, OTHER_USER)
    assert row["payload"]["Membership__r"] == {"Membership_Key__c": "acme:bob"}
    assert row["owes"] == [f"counters:{USER}", f"counters:{OTHER_USER}"]


async def test_it_does_so_too_where_the_new_learner_is_heard_of_before_the_old_one_has_lost_it(syncer: Replica) -> None:
    await syncer.take(of("ann", attempt(1, "completed", result="success")))
    await syncer.take(of("bob", attempt(1, "completed", result="success")))
    await syncer.take(of("ann", attempt(2, "voided")))
    assert await syncer.has(GO1_ROW) == ("bob", True)
    assert "contenders" not in (await syncer.row(GO1_ROW) or {})


async def test_of_two_learners_with_one_enrollment_the_greater_version_has_the_row_whatever_came_first(
    syncer: Replica,
) -> None:
    facts = (of("ann", enrolled(2)), of("bob", enrolled(3)))
    for first, second in (facts, facts[::-1]):
        await syncer.tables.rows.delete_many({})
        await syncer.tables.learners.delete_many({})
        await syncer.take(of("ann", linked(1, USER)), of("bob", linked(1, OTHER_USER)))
        await syncer.take(first)
        await syncer.take(second)
        assert await syncer.has(ROW) == ("bob", True)
        assert (await syncer.row(ROW) or {})["contenders"] == ["acme/ann"]
    await syncer.take(of("ann", enrolled(4, "passed")))
    assert await syncer.has(ROW) == ("ann", True)


@pytest.mark.parametrize("end", [unenrolled(4), unlinked(9), erased(9)], ids=["unenrolled", "unlinked", "erased"])
async def test_when_the_learner_who_has_the_row_gives_it_up_it_is_his_who_asked_in_vain(
    syncer: Replica, end: Fact
) -> None:
    await syncer.take(of("ann", enrolled(2)), of("bob", enrolled(3)))
    await syncer.take(of("bob", end))
    row = await syncer.row(ROW) or {}
    assert (row["learner"], row["deleted"], row.get("contenders")) == ("acme/ann", False, None)
    await syncer.take(of("ann", end))
    row = await syncer.row(ROW) or {}
    assert (row["deleted"], row.get("contenders")) == (True, None)


async def test_a_contender_who_is_erased_is_named_nowhere_in_the_rows(syncer: Replica) -> None:
    await syncer.take(of("ann", enrolled(2)), of("bob", enrolled(3)))
    await syncer.take(of("ann", erased(9)))
    assert (await syncer.row(ROW) or {}).get("contenders") is None
    assert await syncer.has(ROW) == ("bob", True)


async def test_an_enrollment_with_the_id_of_a_mirrored_attempt_is_one_row_of_the_greater_version(
    syncer: Replica,
) -> None:
    await syncer.take(of("ann", attempt(2)), of("ann", enrolled(3, "passed", id="go1:a-1")))
    assert (await syncer.row(GO1_ROW) or {})["payload"]["Status__c"] == "passed"
    await syncer.take(of("ann", attempt(4)))
    assert (await syncer.row(GO1_ROW) or {})["payload"]["Status__c"] == "in_progress"


async def test_an_enrollment_may_have_the_id_of_a_row_that_a_proof_had_deleted(syncer: Replica) -> None:
    await ProofStore(Tables.of(syncer.database)).doom([Extra(USER_ENROLLMENT, "acme:e-1", "a01", None)], NOW)
    await syncer.take(of("bob", enrolled(1)))
    assert await syncer.has(ROW) == ("bob", True)


async def test_an_id_that_a_whole_portal_shares_keeps_nobody_waiting_and_names_only_some(syncer: Replica) -> None:
    crowd = [f"l{number}" for number in range(3 * MOST_CONTENDERS)]
    links = [of(each, linked(1, THIRD_USER)) for each in crowd]
    await syncer.take(*links, *(of(each, enrolled(number + 1)) for number, each in enumerate(crowd)))
    await asyncio.gather(*(syncer.take(of(each, enrolled(number + 100))) for number, each in enumerate(crowd[:30])))
    row = await syncer.row(ROW) or {}
    assert (row["learner"], len(row["contenders"])) == ("acme/l29", MOST_CONTENDERS)
    await syncer.take(of("l29", unenrolled(200)))
    assert await syncer.has(ROW) == ("l28", True)


def history(luck: random.Random) -> list[Fact]:
    """Three learners who have, lose and get two enrollments, an attempt and a course's name."""
    facts: list[Fact] = []
    for _ in range(luck.randint(6, 18)):
        learner, version = luck.choice(["ann", "bob", "cleo"]), luck.randint(1, 6)
        facts.append(
            luck.choice(
                [
                    of(
                        learner,
                        enrolled(version, luck.choice(["in_progress", "passed"]), id=luck.choice(["e-1", "e-2"])),
                    ),
                    of(learner, unenrolled(version, id=luck.choice(["e-1", "e-2"]))),
                    of(learner, attempt(version, luck.choice(["in_progress", "voided"]))),
                    of(learner, enrolled(version, id="go1:a-1")),
                    of(learner, luck.choice([unlinked(version), linked(version + 0.5, THIRD_USER), erased(2)])),
                    renamed(version, luck.choice(["X", "Y"])),
                ]
            )
        )
    return [of("ann", linked(3, USER)), of("bob", linked(3, OTHER_USER)), of("cleo", linked(3, USER)), *facts]


@pytest.mark.parametrize("seed", range(8))
async def test_shuffled_repeated_taken_by_two_at_once_and_killed_it_ends_with_the_same_rows(
    database: Database, tmp_path: Path, seed: int
) -> None:
    luck = random.Random(seed)
    facts = history(luck)
    alone = Replica(database, tmp_path)
    await alone.store.prepare()
    for each in facts:
        await alone.take(each)
    expected = await alone.rows()
    for name in ("rows", "learners", "courses"):
        await database[name].delete_many({})
    two = [Replica(database, tmp_path, deaths=0.3, luck=luck) for _ in range(2)]
    again = [*facts, *luck.choices(facts, k=5)]
    luck.shuffle(again)
    await asyncio.gather(*(luck.choice(two).take(each) for each in again))
    assert await alone.rows() == expected
    assert await alone.tables.rows.count_documents({"deleted": True, "contenders": {"$exists": True}}) == 0
    # What a process that died owed to the last is settled by the sweep.
    for each in alone.store.outboxes.values():
        await each.sweep_once(older_than=timedelta(0))
    assert await alone.rows() == expected
