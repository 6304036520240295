"""No service reads a whole collection of things again and again, whatever happens: with a million it would stand still."""

import json
from collections.abc import Mapping
from pathlib import Path

from contracts.catalog import EVENTS, SERVICES
from shared.mongo import connect
from tests.journeys.test_nothing_personal import examples
from tests.journeys.whole import Whole, whole
from tests.world import eventually

GROW = {
    "action-logger": {"log", "people"},
    "bulk-tracker": {"actions", "rows", "mails"},
    "go1-stats-processor": {"learners", "enrollments", "groups", "attempts"},
    "salesforce-syncer": {"learners", "rows", "records"},
}
"""Collections whose size is that of the business; portals, courses, leases and notes of work under way are few."""
PASSES = 3


async def scans(one: Whole) -> Mapping[str, int]:
    """What read a whole collection, and how often."""
    found: dict[str, int] = {}
    async with connect(one.world.mongo_uri, "admin") as admin:
        for service in SERVICES:
            database = admin.client[one.world.database_of(service)]
            async for each in database["system.profile"].find({"planSummary": "COLLSCAN"}):
                name = each["ns"].partition(".")[2]
                if name in GROW[service]:
                    asked = f"{service} {name} {each['op']} {each['command']}"
                    found[asked] = found.get(asked, 0) + 1
    return found


async def test_no_service_reads_a_whole_collection(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    async with whole(kafka, mongo_uri, used_prefixes, tmp_path) as one:
        async with connect(mongo_uri, "admin") as admin:
            for service in SERVICES:
                await admin.client[one.world.database_of(service)].command("profile", 2)
        for event_type, example in examples():
            await one.world.publish_raw(EVENTS[event_type].TOPIC, json.dumps(example).encode(), key=b"k")
        await eventually(one.all_read, "all to be read", seconds=120)

        async def passes() -> int:
            async with connect(mongo_uri, "admin") as admin:
                syncer = admin.client[one.world.database_of("salesforce-syncer")]
                return await syncer["system.profile"].count_documents({"ns": {"$regex": "rows$"}, "op": "query"})

        before = await passes()
        await eventually(passes, "the writer to look some times more", until=lambda now: now > before + 20 * PASSES)
        assert await scans(one) == {}
