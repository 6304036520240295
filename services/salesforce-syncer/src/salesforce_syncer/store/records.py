"""What Salesforce did to contacts: merged into another, or deleted. It outlives the rows that noticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from salesforce_syncer.domain.objects import profile_of, row_id
from salesforce_syncer.store.tables import Tables
from shared.mongo import UpdateMany, UpdateOne


@dataclass(frozen=True, slots=True)
class RecordStore:
    """Contacts that are no longer themselves."""

    tables: Tables

    async def remember(self, fates: Mapping[str, str | None]) -> None:
        """Keep what became of contacts: the one that each was merged into, None where it is gone."""
        writes: list[UpdateOne | UpdateMany] = []
        for record, master in fates.items():
            change = (
                {"$set": {"gone": True}} if master is None else {"$set": {"master": master}, "$unset": {"gone": ""}}
            )
            writes.append(UpdateOne({"_id": record}, change, upsert=True))
            # Those merged into it earlier follow.
            writes.append(UpdateMany({"master": record}, change))
        await self.tables.records.bulk_write(writes, ordered=True)
        profiles = [row_id(profile_of(each), each) for each in fates]
        await self.tables.rows.update_many(
            {"_id": {"$in": profiles}},
            {"$set": {"state": "gone"}, "$unset": {"dirty_since": "", "in_doubt": "", "accessed_due": ""}},
        )

    async def learners_of(self, records: Sequence[str]) -> list[str]:
        """Return the learners that ever belonged to one of these records, as keys."""
        asked = {"facts": {"$elemMatch": {"kind": "touched", "id": {"$in": await self._with_losers(records)}}}}
        return [each["_id"] async for each in self.tables.learners.find(asked, {"_id": 1})]

    async def _with_losers(self, records: Sequence[str]) -> list[str]:
        losers = [
            each["_id"] async for each in self.tables.records.find({"master": {"$in": list(records)}}, {"_id": 1})
        ]
        return [*records, *losers]
