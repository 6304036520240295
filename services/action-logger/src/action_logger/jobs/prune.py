"""Pruning: rows past their time go, whole seals at once, and the chain says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from action_logger.domain.seals import Pruning
from action_logger.store.releases import Releases
from action_logger.store.seals import Seals
from contracts.types import instant_text

log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much went."""

    seals: int
    rows: int
    persons: int


async def prune(seals: Seals, releases: Releases, *, before: datetime, progress: Callable[[int, int], None]) -> Pruned:
    """Remove the rows of seals whose newest timestamp is before an instant, then addresses that no row needs any more.

    Said first, so that it can be taken up again, and so that a `verify` that runs beside knows what it does not find.
    """
    said = await seals.prunings()
    known = {number for each in said for number in each.seals}
    due = [each async for each in seals.due(before)]
    new = tuple(number for number, _ in due if number not in known)
    if new:
        await seals.say_pruned(
            Pruning(
                number=len(said) + 1,
                before=before,
                seals=new,
                rows=sum(count for number, count in due if number not in known),
                at=await seals.server_time(),
            )
        )
    rows = 0
    for done, (number, _) in enumerate(due):
        rows += await seals.prune(number)
        progress(done + 1, len(due))
    persons = await releases.release()
    log.info("log.pruned", before=instant_text(before), seals=len(due), rows=rows, persons=persons)
    return Pruned(len(due), rows, persons)
