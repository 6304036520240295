"""What a process that is no longer the writer says about Salesforce: nothing."""

import re
from typing import Any, cast

import pytest

from salesforce_syncer import metrics
from salesforce_syncer.jobs.under_way import UnderWay
from salesforce_syncer.jobs.writer import Writer
from shared.leases import Lease
from shared.metrics import exposition
from shared.mongo import Database

TOLD_BY_THE_WRITER = r"^learnwire_salesforce_(?:dirty_rows|dirty_rows_oldest_age_seconds|rejected_rows|stopped)\{.*$"


class Breaking:
    """A pass that tells its numbers and comes to an end as a bug would end it."""

    async def begin(self, fence: int) -> None:
        for each in (metrics.dirty_rows, metrics.dirty_oldest, metrics.rejected_rows, metrics.stopped):
            each.labels("User").set(fence)
        metrics.guarded_deletes.set(7)
        raise RuntimeError("ended")


async def test_who_is_not_the_writer_any_more_shows_no_rows_and_no_stops(database: Database) -> None:
    lease = Lease(database, "writer", holder="one", seconds=15)
    writer = Writer(lease, cast("Any", Breaking()), UnderWay(), {})

    with pytest.raises(RuntimeError, match="ended"):
        await writer.run()

    told = exposition().decode()
    assert re.findall(TOLD_BY_THE_WRITER, told, re.MULTILINE) == []
    assert "learnwire_salesforce_guarded_deletes 0.0" in told
    assert writer.holds is False
