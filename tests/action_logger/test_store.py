"""Rows and persons in a real MongoDB."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from action_logger.store import keyfile
from action_logger.store.records import Records
from action_logger.store.seals import Seals
from contracts import ContentActionRecorded, Envelope, LearnerErased
from shared.keys import Keys
from shared.mongo import Database
from tests.action_logger.histories import Fact, at, expected, histories, retold
from tests.action_logger.stores import KEYS, Store
from tests.action_logger.test_rows import an_action, an_attempt


def an_event(number: int = 1, *, minute: int = 1, **changes: object) -> Envelope[ContentActionRecorded]:
    return Envelope.of(an_action(**changes), source="/lms/acme", id=f"e{number}", time=at(minute))


def an_erasure(minute: int, *, email: str | None = None, learner_id: str = "ada") -> Envelope[LearnerErased]:
    data = LearnerErased(portal_id="acme", learner_id=learner_id, email=email, erased_at=at(minute))
    return Envelope.of(data, source="/lms/acme", time=at(minute))


async def addresses(store: Store) -> dict[str, str]:
    return {event.id: address for event, (_, address) in (await store.view()).items()}


async def test_an_event_is_one_row_however_often_it_comes(database: Database) -> None:
    store = await Store(database).prepare()
    assert await store.take([an_event(), an_event(email="ADA@example.org")]) == []
    before = await store.documents()
    assert await store.take([an_event(), an_event(2)]) == []
    assert await Store(database).take([an_event(), an_event(2)]) == []
    assert [each["_id"] for each in await store.documents()] == ["/lms/acme\ne1", "/lms/acme\ne2"]
    assert (await store.documents())[:1] == before


async def test_another_content_under_the_same_identity_is_refused_and_the_first_stays(database: Database) -> None:
    store = await Store(database).prepare()
    first, other = an_event(content_title="A"), an_event(content_title="B", email="bob@example.org")
    refusals = await store.take([first, other])
    refusals += await store.take([other])
    refusals += await Store(database).take([other, first, other])
    assert [(each.fact.event, each.reason) for each in refusals] == [(other, "conflict")] * 4
    assert [each["content_title"] for each in await store.documents()] == ["A"]
    assert await addresses(store) == {"e1": "ada@example.org"}


async def test_nobody_else_speaks_for_the_go1_processor(database: Database) -> None:
    store = await Store(database).prepare()
    usurped = Envelope.of(an_action(), source="/learnwire/go1-stats-processor", id="acme:l1:course_started")
    (refusal,) = await store.take([usurped])
    assert (refusal.reason, refusal.fact.event) == ("invalid", usurped)
    assert await store.documents() == []


async def test_later_states_of_an_attempt_add_no_row_and_are_no_conflict(database: Database) -> None:
    store = await Store(database).prepare()
    states = [
        an_attempt(),
        an_attempt(course_title="Renamed", version=2, email="new@example.org"),
        an_attempt(status="completed", go1_enrollment_id="g1", completed_at=at(3), change="completed", version=3),
        an_attempt(status="completed", go1_enrollment_id="g1", completed_at=at(3), change="corrected", version=4),
    ]
    assert await store.take(states) == []
    assert await store.take(states) == []
    assert [(each["_id"], each["content_title"]) for each in await store.documents()] == [
        ("/learnwire/go1-stats-processor\nacme:g1:course_completed", "Safety first"),
        ("/learnwire/go1-stats-processor\nacme:l1:course_started", "Safety first"),
    ]


async def test_rows_hold_no_address_and_persons_hold_it_encrypted(database: Database) -> None:
    store = await Store(database).prepare()
    await store.take([an_event(email="Ada.Lovelace@example.org", learner_id="ada", portal_id="acme")])
    everything = await _everything(database)
    assert "lovelace" not in everything.lower()
    assert KEYS.address_hash("ada.lovelace@example.org") in everything
    assert await addresses(store) == {"e1": "ada.lovelace@example.org"}


async def test_the_people_of_a_batch_cost_one_query_and_those_who_are_known_none(database: Database) -> None:
    store = await Store(database).prepare()
    batch = [
        an_event(number, email=f"p{number % 40}@example.org", portal_id="acme", learner_id=f"p{number % 40}")
        for number in range(200)
    ]
    await store.take(batch)
    before = await _people_queries(database)
    await Store(database).take(batch)  # all people, and the number of erasures before and after
    between = await _people_queries(database)
    await store.take([an_event(1000 + number, email=f"p{number % 40}@example.org") for number in range(200)])
    assert (between - before, await _people_queries(database) - between) == (3, 2)


async def test_erasing_takes_every_address_of_the_learner_and_leaves_the_rows(database: Database) -> None:
    store = await Store(database).prepare()
    await store.take(
        [
            an_event(1, email="ada@example.org", portal_id="acme", learner_id="ada"),
            an_event(2, email="ada@home.example", portal_id="acme", learner_id="ada"),
            an_event(3, email="ada@former.example"),
            an_event(4, email="bob@example.org", portal_id="acme", learner_id="bob"),
        ]
    )
    rows = await store.documents()
    await store.take([an_erasure(5, email="ADA@former.example")])
    assert await addresses(store) == {"e1": "erased", "e2": "erased", "e3": "erased", "e4": "bob@example.org"}
    assert await store.documents() == rows
    assert await database["people"].count_documents({"address": {"$exists": True}}) == 1


async def test_late_rows_of_an_erased_learner_are_kept_as_erased_and_later_ones_start_afresh(
    database: Database,
) -> None:
    store = await Store(database).prepare()
    await store.take([an_event(1, portal_id="acme", learner_id="ada"), an_erasure(5)])
    await store.take(
        [
            an_event(2, minute=5),
            an_event(3, minute=6),
            an_event(4, minute=4, email="ada@other.example", portal_id="acme", learner_id="ada"),
        ]
    )
    assert await addresses(store) == {"e1": "erased", "e2": "erased", "e3": "ada@example.org", "e4": "erased"}
    persons = {each["_id"]: each.get("person") for each in await store.documents()}
    assert persons["/lms/acme\ne1"] != persons["/lms/acme\ne3"]
    assert persons["/lms/acme\ne2"] is persons["/lms/acme\ne4"] is None


async def test_the_least_of_the_forms_of_an_address_is_shown_in_any_order(database: Database) -> None:
    store = await Store(database).prepare()
    await store.take([an_event(1, email="ada@example.org"), an_event(2, email="Ada@Example.org")])
    await Store(database).take([an_event(3, email="adA@example.org")])
    (document,) = [each async for each in database["people"].find({"address": {"$exists": True}})]
    assert store.records.person(document).email == "Ada@Example.org"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
async def test_any_order_and_any_concurrency_show_what_the_facts_say(database: Database, data: st.DataObject) -> None:
    history: list[Fact] = data.draw(histories)
    told = data.draw(retold(history))
    replicas = data.draw(st.lists(st.integers(0, 2), min_size=len(told), max_size=len(told)))
    at_once = data.draw(st.integers(1, 6))
    for name in ("log", "people"):
        await database[name].delete_many({})
    stores = [Store(database) for _ in range(3)]
    await stores[0].prepare()
    for begin in range(0, len(told), at_once):
        group = zip(told[begin : begin + at_once], replicas[begin : begin + at_once], strict=True)
        await asyncio.gather(*(stores[replica].take([fact]) for fact, replica in group))
    assert await stores[0].view() == expected(history)


async def _everything(database: Database) -> str:
    found: list[str] = []
    for name in await database.list_collection_names():
        found += [repr(each) async for each in database[name].find()]
    return "\n".join(found)


async def _people_queries(database: Database) -> int:
    totals = await database.client.admin.command("top")
    return int(totals["totals"][f"{database.name}.people"]["queries"]["count"])


async def test_another_key_than_the_databases_own_is_known_for_it(database: Database) -> None:
    own, other = KEYS, Keys(b"k" * 32)

    async def trouble(keys: Keys) -> str | None:
        return await keyfile.trouble(database, Records(keys), Seals(database, keys, grace_seconds=-60))

    assert [await trouble(own), await trouble(other)] == [None, None]  # an empty database has no key yet
    await (await Store(database).prepare()).take([an_event(1), an_event(2, email="bob@example.org")])
    assert [await trouble(own), await trouble(other)] == [None, keyfile.WRONG]
    await database["people"].update_one({"address": {"$exists": True}}, {"$set": {"address": bytes(40)}})
    assert await trouble(own) is None  # one bad record keeps no service from starting
    seals = Seals(database, KEYS, grace_seconds=-60)
    assert await seals.add([], await seals.server_time()) is not None
    await database["people"].delete_many({})
    assert [await trouble(own), await trouble(other)] == [None, keyfile.WRONG]
