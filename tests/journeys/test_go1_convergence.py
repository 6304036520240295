"""The law of convergence as users could see it: the same facts in another order, twice over, give the same answers."""

import random
from pathlib import Path
from typing import Any

from tests.go1_stats_processor import oracle
from tests.go1_stats_processor.client import NAME, Statistics
from tests.go1_stats_processor.random_histories import a_history
from tests.world import World, eventually

HISTORIES = 40
"""Each in a portal of its own; the catalogue is one for all, so that courses are named by portal too."""


def in_portal(history: list[Any], number: int) -> list[Any]:
    """The same history elsewhere, its events with ids of their own."""
    moved: list[Any] = []
    for each in history:
        changes: dict[str, Any] = (
            {"course_id": f"{each.data.course_id}-{number}"} if hasattr(each.data, "course_id") else {}
        )
        if hasattr(each.data, "portal_id"):
            changes["portal_id"] = f"p{number}"
        data = each.data.model_copy(update=changes)
        moved.append(type(each)(id=f"{number} {each.id}", source=each.source, time=each.time, data=data))
    return moved


async def held(service: Statistics) -> dict[str, Any]:
    """All that can be asked, without versions."""
    attempts: dict[Any, Any] = {}
    cursor = ""
    while True:
        page = await service.ask("attempts", limit="200", cursor=cursor)
        for each in page["items"]:
            each.pop("version")
            attempts[each["portal_id"], each["learner_id"], each["course_id"], each["attempt_id"]] = each
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    parked = {
        (each["portal_id"], each["go1_enrollment_id"]): each
        for each in (await service.ask("parked", limit="200"))["items"]
    }
    for each in parked.values():
        each.pop("age_seconds")
    return {"attempts": attempts, "parked": parked}


async def test_two_services_that_read_the_same_facts_in_other_orders_answer_alike(
    kafka: str, mongo_uri: str, topic_prefix: str, tmp_path: Path
) -> None:
    chance = random.Random(20261122)
    histories = [in_portal(a_history(chance), number) for number in range(HISTORIES)]
    facts = [each for history in histories for each in history]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        World(kafka, mongo_uri, f"{topic_prefix}a.", tmp_path / "a") as first,
        World(kafka, mongo_uri, f"{topic_prefix}b.", tmp_path / "b") as second,
    ):
        services: list[Statistics] = []
        for world in (first, second):
            again = facts + chance.choices(facts, k=len(facts) // 2)
            chance.shuffle(again)
            await world.publish(*again)
            services.append(Statistics(world, world.service(NAME)))
        one, other = services
        await first.ready(one.process)
        await second.ready(other.process)
        wanted = oracle.expected(facts)

        async def both() -> tuple[dict[str, Any], dict[str, Any]]:
            return await held(one), await held(other)

        def is_there(found: tuple[dict[str, Any], dict[str, Any]]) -> bool:
            return all(
                each["attempts"].keys() == wanted["attempts"].keys()
                and each["parked"].keys() == wanted["parked"].keys()
                for each in found
            )

        await eventually(both, "both to have read all", until=is_there, seconds=60)
        here, there = await eventually(both, "both to agree", until=lambda found: found[0] == found[1], seconds=60)
        assert here == there
        for key, attempt in wanted["attempts"].items():
            for name in (
                "status",
                "progress_percent",
                "result",
                "time_spent_seconds",
                "time_spent_basis",
                "go1_enrollment_id",
            ):
                assert here["attempts"][key][name] == attempt[name], (key, name)
        for process in (one.process, other.process):
            assert process.terminate() == 0
