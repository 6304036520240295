"""The nightly proof: once a night, by one replica, whatever was proven by day; told by a clock of the test's own."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from salesforce_syncer.jobs.brakes import ORG, Brakes
from salesforce_syncer.jobs.nightly import Nightly
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.store.proofs import ProofStore
from salesforce_syncer.store.tables import Tables
from shared.leases import Lease
from shared.mongo import Database


@dataclass
class Night:
    """A replica with its clock; `proofs` says at which hours of which days it proved."""

    database: Database
    holder: str = "one"
    hour: int = 2
    refuses: bool = False
    now: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    proofs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def __post_init__(self) -> None:
        self.brakes = Brakes(lambda: self.now)
        self.nightly = Nightly(
            Lease(self.database, "proof", holder=self.holder, seconds=60),
            self.prove,
            ProofStore(Tables.of(self.database)),
            self.brakes,
            self.hour,
            lambda: self.now,
        )

    async def prove(self) -> None:
        if self.refuses:
            raise Refused(Action.RETRY, "SERVER_UNAVAILABLE")
        self.proofs.append((self.now.day, self.now.hour))

    async def look(self, day: int, hour: int, minute: int = 0) -> None:
        self.now = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        await self.nightly.look()


async def test_it_proves_once_in_its_hour_of_every_night(database: Database) -> None:
    night = Night(database)
    for day in (22, 23):
        for hour, minute in ((1, 59), (2, 0), (2, 1), (2, 59), (3, 0), (14, 0)):
            await night.look(day, hour, minute)
    assert night.proofs == [(22, 2), (23, 2)]


async def test_a_proof_asked_for_by_day_does_not_take_the_nights_place(database: Database) -> None:
    night = Night(database)
    asked_at = datetime(2026, 11, 21, 23, tzinfo=UTC)
    await ProofStore(Tables.of(database)).remember(rows=1, drift=0, portal_id="acme", now=asked_at)
    await night.look(22, 2)
    assert night.proofs == [(22, 2)]


async def test_two_replicas_prove_once(database: Database) -> None:
    one, other = Night(database), Night(database, holder="other")
    await one.look(22, 2)
    await other.look(22, 2, 1)
    held = Lease(database, "proof", holder="a third", seconds=60)
    assert await held.acquire() is not None
    await other.look(23, 2)
    assert (one.proofs, other.proofs) == ([(22, 2)], [])


async def test_a_proof_that_salesforce_does_not_let_finish_is_tried_again_within_the_hour(database: Database) -> None:
    night = Night(database, refuses=True)
    await night.look(22, 2)
    night.refuses = False
    await night.look(22, 2, 1)
    assert night.proofs == [(22, 2)]


async def test_it_waits_while_the_org_is_not_written_and_can_be_switched_off(database: Database) -> None:
    night, off = Night(database), Night(database, hour=-1)
    night.brakes.stop(ORG, "REQUEST_LIMIT_EXCEEDED", again_in=night.now - night.now, next_step="none")
    await night.look(22, 2)
    await off.look(22, 2)
    assert (night.proofs, off.proofs) == ([], [])
