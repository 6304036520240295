"""Erasure: rows of live reports, the requester's name and address; whatever comes first."""

import itertools

import pytest

from contracts.event import Event
from contracts.learners import LearnerErased
from tests.bulk_tracker.conftest import Tracker
from tests.bulk_tracker.facts import a_row, ada, at, finished, rows_reported, submitted

ANN = "ann@acme.example"
ROWS = rows_reported(
    1,
    a_row(2, identifier="u-ann"),
    a_row(3, identifier="Ann@Acme.Example"),
    a_row(4, identifier="u-bob", issue=f"Manager {ANN} is unknown", resolution=f"Invite <{ANN}>"),
    a_row(5, identifier="u-ANN", issue="Nothing of hers"),
)
ERASED = LearnerErased(portal_id="acme", learner_id="u-ann", email=ANN, erased_at=at(30))
ORDERS = list(itertools.permutations([submitted(), ROWS, ERASED, finished(4)]))
LINES = [
    "2,Error,erased,Unknown group,Create the group first",
    "3,Error,erased,Unknown group,Create the group first",
    "4,Error,u-bob,Manager erased is unknown,Invite <erased>",
    "5,Error,u-ANN,Nothing of hers,Create the group first",
]


async def lines_of(tracker: Tracker, action_id: str = "a-1", **who: str) -> list[str]:
    answer = await tracker.get(f"/v1/actions/{action_id}/error-report", **who)
    return answer.content.decode("utf-8-sig").splitlines()[1:]


async def test_rows_that_name_an_erased_learner_show_erased_in_any_order_of_events(tracker: Tracker) -> None:
    for number, order in enumerate(ORDERS):
        events = [_on_portal(event, f"p{number}") for event in order]
        one_by_one, at_once = ([_of_action(event, f"{way}-{number}") for event in events] for way in ("one", "all"))
        for event in one_by_one:
            await tracker.told(event)
        await tracker.told(_of_action(ROWS, f"one-{number}"))
        await tracker.told(*at_once)
        for way in ("one", "all"):
            assert await lines_of(tracker, f"{way}-{number}", portal_id=f"p{number}") == LINES, order


def _on_portal(event: Event, portal_id: str) -> Event:
    return event.model_copy(update={"portal_id": portal_id}) if hasattr(event, "portal_id") else event


def _of_action(event: Event, action_id: str) -> Event:
    return event.model_copy(update={"action_id": action_id}) if hasattr(event, "action_id") else event


async def test_rows_of_other_portals_and_rows_said_later_stay(tracker: Tracker) -> None:
    await tracker.told(submitted(portal_id="other"), ROWS, finished(4), ERASED)
    assert (await lines_of(tracker, portal_id="other"))[0].startswith("2,Error,u-ann")
    await tracker.told(submitted(action_id="b"), finished(4, action_id="b"))
    await tracker.told(rows_reported(40, a_row(2, identifier="u-ann"), action_id="b"), said_at=at(31))
    assert (await lines_of(tracker, "b"))[0].startswith("2,Error,u-ann")


async def test_a_row_said_again_after_the_erasure_starts_afresh(tracker: Tracker) -> None:
    await tracker.told(submitted(), ROWS, finished(4), ERASED)
    await tracker.told(ROWS, said_at=at(31))
    assert (await lines_of(tracker))[0].startswith("2,Error,u-ann")


@pytest.mark.parametrize("erased_first", [True, False])
@pytest.mark.parametrize("by", [{"learner_id": "u-ada"}, {"learner_id": "x", "former_emails": ("ADA@acme.example",)}])
async def test_a_requesters_name_and_address_go_and_the_action_stays(
    tracker: Tracker, by: dict[str, str], *, erased_first: bool
) -> None:
    erased = LearnerErased(portal_id="acme", erased_at=at(30), **by)  # pyright: ignore[reportArgumentType]  either id or address
    events: list[Event] = [submitted(), finished(4)]
    await tracker.told(*([erased, *events] if not erased_first else []))
    if erased_first:
        await tracker.told(erased)
        await tracker.told(*events)
    item = (await tracker.get("/v1/actions/a-1")).json()
    assert (item["requester"], item["status"]) == ({"id": "u-ada", "name": None}, "completed")
    stored = str(await tracker.database["actions"].find_one({}))
    assert "Ada" not in stored
    assert "ada@" not in stored.casefold()


@pytest.mark.parametrize("erased_first", [True, False])
async def test_an_address_seen_with_the_id_is_erased_too(tracker: Tracker, *, erased_first: bool) -> None:
    erased = LearnerErased(portal_id="acme", learner_id="u-ada", erased_at=at(30))
    named = rows_reported(1, a_row(2, identifier="ada@acme.example"), action_id="b")
    other = submitted(action_id="b", requester=ada(id="u-bob", name="Bob", email=None))
    before = [submitted(), other, named, finished(4, action_id="b")]
    for event in [erased, *before] if erased_first else [*before, erased]:
        await tracker.told(event)
    assert (await lines_of(tracker, "b", subject="u-bob"))[0].startswith("2,Error,erased")


async def test_a_submission_said_after_the_erasure_keeps_its_name(tracker: Tracker) -> None:
    await tracker.told(LearnerErased(portal_id="acme", learner_id="u-ada", erased_at=at(30)))
    await tracker.told(submitted(), said_at=at(31))
    assert (await tracker.get("/v1/actions/a-1")).json()["requester"]["name"] == "Ada Example"
    await tracker.told(submitted())
    assert (await tracker.get("/v1/actions/a-1")).json()["requester"]["name"] == "Ada Example"


async def test_nothing_of_an_erased_person_is_left_in_the_database(tracker: Tracker) -> None:
    await tracker.told(submitted(), ROWS, finished(4), ERASED)
    await tracker.told(LearnerErased(portal_id="acme", learner_id="u-ada", erased_at=at(30)))
    everything = ""
    for name in await tracker.database.list_collection_names():
        everything += str([each async for each in tracker.database[name].find()])
    assert "ann@" not in everything.casefold()
    assert "ada example" not in everything.casefold()
