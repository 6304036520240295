"""One at a time."""

import asyncio

from shared.leases import Lease
from shared.mongo import Database


async def test_one_holds_it_until_it_gives_it_up_and_the_fence_grows(database: Database) -> None:
    first, second = (Lease(database, "job", holder=name, seconds=60) for name in ("a", "b"))
    assert await first.acquire() == 1
    assert await second.acquire() is None
    assert await first.acquire() == 1
    await first.release()
    assert await second.acquire() == 2


async def test_a_lease_that_ran_out_is_taken_by_the_next(database: Database) -> None:
    first, second = Lease(database, "job", holder="a", seconds=0), Lease(database, "job", holder="b", seconds=60)
    assert await first.acquire() == 1
    assert await second.acquire() == 2
    assert await first.acquire() is None


async def test_of_many_at_once_one_gets_it(database: Database) -> None:
    fences = await asyncio.gather(*(Lease(database, "job", holder=str(n), seconds=60).acquire() for n in range(10)))
    assert sorted(each for each in fences if each is not None) == [1]
