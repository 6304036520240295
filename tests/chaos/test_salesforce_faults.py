"""All that Salesforce can do to a client, at once: what is desired is what ends up there, and the consumer never waits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contracts.event import Event
from tests.salesforce_syncer.desired import Rows, metric
from tests.salesforce_syncer.lag import watched
from tests.salesforce_syncer.stage import CONTACT_ROWS, USER_PATHS, USER_ROWS, Someone, Stage, staged
from tests.world import eventually

pytestmark = pytest.mark.long

USERS, CONTACTS = 200, 100
COURSES = 5
WAVES = 8
MOST_WAITING = 2 * (USERS + CONTACTS) * COURSES // 3
"""Records that may be published and not committed: what comes within two seconds."""
WRITES = ["collections.upsert", "collections.update"]
CALLS = [*WRITES, "collections.delete", "describe", "query"]
FAULTS: Sequence[dict[str, Any]] = (
    {"kind": "hang_after_write", "calls": WRITES, "share": 0.05, "times": None, "seconds": 3},
    {"kind": "unavailable", "calls": CALLS, "share": 0.1, "times": None},
    {"kind": "lock_rows", "calls": WRITES, "share": 0.2, "times": None},
    {"kind": "duplicate_race", "calls": WRITES, "share": 0.05, "times": None},
    {"kind": "slow", "calls": WRITES, "share": 1, "times": None, "seconds": 0.8},
)


@dataclass
class Crowd:
    """People with their users and contacts; some of whom meet something of their own."""

    people: list[Someone] = field(default_factory=list[Someone])
    records: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def merged(self) -> Someone:
        return self.people[-1]

    @property
    def orphaned(self) -> Someone:
        return self.people[-2]

    @property
    def refused(self) -> str:
        """Key of the row that Salesforce takes for wrong."""
        return self.people[0].key("e0")

    def acts(self) -> Sequence[list[tuple[float, Event]]]:
        """Three times something new of everybody: begun, going on, ended (for some without an end)."""
        begun = [each.enrolled(f"e{n}", 1, "not_started") for n in range(COURSES) for each in self.people]
        begun += [each.on_path("p", 1, done=1) for each in self.people[::4]]
        going_on = [each.enrolled(f"e{n}", 2, "in_progress") for n in range(COURSES) for each in self.people]
        ended = [each.enrolled(f"e{n}", 3, "passed", score=70 + n) for n in range(4) for each in self.people]
        return begun, going_on, ended + [each.removed("e4", 3) for each in self.people[:40]]


async def crowd(stage: Stage) -> Crowd:
    """Everybody linked; the contacts of two are merged and deleted once they are in Salesforce."""
    found = Crowd()
    for number in range(USERS + CONTACTS):
        someone = Someone()
        found.people.append(someone)
        found.records[someone.id] = stage.standin.user() if number < USERS else stage.standin.contact()
    await stage.tell(*(each.linked(1, found.records[each.id]) for each in found.people))
    return found


async def expire_with_four_requests_open(stage: Stage) -> int:
    """Let the token die while four writes are on their way; how many requests were told so."""

    async def open_now() -> int:
        return stage.standin.calls()["open"]

    before = stage.standin.calls()["statuses"].get("401", 0)
    await eventually(open_now, "four requests to be open", until=lambda found: found >= 4, seconds=60)
    stage.standin.admin("POST", "/tokens/expire")
    await asyncio.sleep(2)  # those that were open come back, and go out again with another token
    return stage.standin.calls()["statuses"].get("401", 0) - before


async def test_all_faults_together_leave_the_rows_desired_and_never_hold_the_consumer_up(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    settings = {"SALESFORCE_TIMEOUT_SECONDS": "2", "SALESFORCE_BULK_ROWS": "0"}
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path, **settings) as stage:
        with Rows(stage.world) as rows:
            people = await crowd(stage)
            await rows.written(seconds=60)
            standin = stage.standin
            master = standin.contact()
            losers = [people.records[people.merged.id]]
            standin.admin("POST", "/merge", {"object": "Contact", "master": master, "losers": losers})
            standin.api("DELETE", f"/sobjects/Contact/{people.records[people.orphaned.id]}")
            standin.admin("POST", "/access", {"object": USER_PATHS, "field": "Score__c", "right": "read"})
            too_long = {"code": "STRING_TOO_LONG", "message": "too long", "fields": ["Course_Name__c"]}
            standin.fault("row_error", keys=[people.refused], times=None, **too_long)
            for each in FAULTS:
                standin.admin("POST", "/faults", each)
            standin.zero()
            answered = await metric(stage.syncer, "learnwire_salesforce_rows_total")

            told: list[int] = []
            async with watched(stage) as lag:
                for act in people.acts():
                    size = -(-len(act) // WAVES)
                    dying = asyncio.create_task(expire_with_four_requests_open(stage))
                    for start in range(0, len(act), size):
                        await stage.tell(*act[start : start + size])
                        await asyncio.sleep(0.4)
                    await lag.over(seconds=15)
                    waiting = await rows.count(dirty_since={"$exists": True})
                    assert waiting > size, "all is read long before Salesforce has taken all"
                    told.append(await dying)
                parked = standin.fault("total_requests", calls=CALLS, times=4)["id"]
                await stage.tell(people.people[0].enrolled("last", 1))
                await eventually(lambda: _fired(stage, parked), "the limit to pass", until=lambda n: n == 4, seconds=60)
                stopped = rows.states(object=USER_PATHS)
                standin.admin("POST", "/access", {})
                await rows.written(seconds=150)

            calls = standin.calls()
            assert rows.unlike(standin) == []
            assert lag.most <= MOST_WAITING, f"{lag.most} records waited"
            assert (calls["kinds"]["token"], min(told) > 1) == (len(told), True), (calls["kinds"], told)
            assert stopped == {"dirty": USERS // 4}
            rejected = [(each["object"], each["key"], each["error"]["code"]) for each in rows.all(state="rejected")]
            assert rejected == [(USER_ROWS, people.refused, "STRING_TOO_LONG")]
            gone = {each["learner"] for each in rows.all(state="gone") if each.get("learner")}
            assert gone == {f"acme/{people.orphaned.id}"}
            moved = rows.all(object=CONTACT_ROWS, learner=f"acme/{people.merged.id}", deleted=False)
            assert {each["payload"]["Contact__c"] for each in moved} == {master}
            sent = await metric(stage.syncer, "learnwire_salesforce_rows_total") - answered
            assert sent <= 3 * await rows.count(), f"{sent:.0f} rows were answered for {await rows.count()}"
            print(  # noqa: T201  for the person who runs it
                f"{await rows.count()} rows, {sent:.0f} answers, {calls['total']} calls, {told} requests refused for "
                f"{len(told)} dead tokens, at most {lag.most} records waited"
            )


async def _fired(stage: Stage, number: int) -> int:
    faults: list[dict[str, Any]] = stage.standin.admin("GET", "/faults")["faults"]
    return next(each["fired"] for each in faults if each["id"] == number)
