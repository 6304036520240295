"""The collections, and the indexes that their questions need."""

from dataclasses import dataclass

from shared.mongo import ASCENDING, Collection, Database, IndexModel


@dataclass(frozen=True, slots=True)
class Tables:
    """`learners`, `courses`, `portals`: facts. `rows`: what Salesforce should hold. The rest is the writer's memory."""

    learners: Collection
    courses: Collection
    portals: Collection
    rows: Collection
    records: Collection
    """Contacts that Salesforce merged or deleted."""
    calls: Collection
    """Our calls, by the hour."""
    state: Collection
    """The org, the proof, guards: one small document each."""
    resyncs: Collection

    @classmethod
    def of(cls, database: Database) -> "Tables":
        return cls(
            **{name: database[name] for name in cls.__slots__},
        )

    async def prepare(self) -> None:
        """Make the indexes."""
        await self.learners.create_indexes(
            [IndexModel([("portal_id", ASCENDING), ("courses", ASCENDING)], name="by_course")]
        )
        await self.rows.create_indexes(
            [
                IndexModel([("learner", ASCENDING)], name="learner", sparse=True),
                IndexModel([("contenders", ASCENDING)], name="contenders", sparse=True),
                IndexModel(
                    [("object", ASCENDING), ("deleted", ASCENDING), ("dirty_since", ASCENDING)],
                    name="dirty",
                    partialFilterExpression={"dirty_since": {"$exists": True}},
                ),
                IndexModel([("owes", ASCENDING)], name="owes", sparse=True),
                IndexModel([("accessed_due", ASCENDING)], name="accessed_due", sparse=True),
                IndexModel([("in_doubt", ASCENDING)], name="in_doubt", sparse=True),
                IndexModel([("records", ASCENDING)], name="records", sparse=True),
                IndexModel([("touched", ASCENDING)], name="touched", sparse=True),
                IndexModel([("membership", ASCENDING), ("state", ASCENDING)], name="membership", sparse=True),
                IndexModel([("portal_id", ASCENDING), ("deleted", ASCENDING)], name="portal"),
                IndexModel([("state", ASCENDING), ("_id", ASCENDING)], name="state"),
                IndexModel([("deleted_at", ASCENDING)], name="deleted_at", sparse=True),
                IndexModel([("resync", ASCENDING)], name="resync", sparse=True),
            ]
        )
        await self.records.create_indexes([IndexModel([("master", ASCENDING)], name="master", sparse=True)])
        await self.calls.create_indexes([IndexModel([("hour", ASCENDING)], name="expiry", expireAfterSeconds=172_800)])
        await self.resyncs.create_indexes([IndexModel([("state", ASCENDING)], name="state")])
