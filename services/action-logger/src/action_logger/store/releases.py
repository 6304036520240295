"""Releases: after retention took rows, the addresses of persons whom no row names any more go too.

It is an erasure without a tombstone, and keeps out of the batches' way as erasures do (`store.people`): pseudonyms are put
in doubt, then the number of erasures is raised, then rows are looked for again, then what is still unused is taken. A batch
that stores a row meanwhile sees that the number has moved, and takes its pseudonym back.
"""

from collections.abc import Sequence

from action_logger.domain.people import clear, doubt, is_being_erased
from action_logger.store.memory import Known
from action_logger.store.people import People
from shared.mongo import Collection, Database

AT_ONCE = 1_000


class Releases:
    """The collection `people`, beside `log`: for who prunes."""

    def __init__(self, database: Database, people: People) -> None:
        self._people = people
        self._log: Collection = database["log"]

    async def release(self) -> int:
        """Take the addresses of all persons without a row; how many that was. Safe to repeat."""
        released = 0
        async for some in self._people.holders(AT_ONCE):
            released += await self._release([each for each in some if not is_being_erased(each.person)])
        return released

    async def _release(self, some: Sequence[Known]) -> int:
        unused = await self._unused(some)
        doubted = [
            Known.of(each.address_hash, doubt(each.person, unused), each.revision + 1)
            for each in some
            if any(one.id in unused for one in each.person.pseudonyms)
            and await self._people.replace(each, doubt(each.person, unused))
        ]
        if not doubted:
            return 0
        await self._people.count_erasure()
        still_unused = await self._unused(doubted)
        released = 0
        for each in doubted:
            spared = [one.id for one in each.person.pseudonyms if one.id not in still_unused]
            left = clear(each.person, spared)
            released += await self._people.replace(each, left) and left.email is None
        return released

    async def _unused(self, some: Sequence[Known]) -> set[str]:
        """Return the pseudonyms of these that no row bears."""
        wanted = {one.id for each in some for one in each.person.pseudonyms}
        used = self._log.aggregate(
            [{"$match": {"person": {"$in": list(wanted)}}}, {"$sort": {"person": 1}}, {"$group": {"_id": "$person"}}]
        )
        return wanted - {each["_id"] for each in await used.to_list(None)}
