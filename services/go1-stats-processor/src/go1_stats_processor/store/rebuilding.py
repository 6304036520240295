"""All attempts anew from the kept facts. Where nothing has changed, nothing is written."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from go1_stats_processor.store.flow import Flow
from shared.mongo import ASCENDING, Collection, Document

AT_ONCE = 500


@dataclass(slots=True)
class Rebuilt:
    """What was looked at, and what differs from what it should be."""

    enrollments: int = 0
    groups: int = 0
    attempts: int = 0
    rows: int = 0


async def rebuild(flow: Flow, *, dry_run: bool, progress: Callable[[Rebuilt, int], None]) -> Rebuilt:
    """Match all completions again, fold all groups again, fill the rows again; publish what changes."""
    found = Rebuilt()
    enrollments, groups = flow.enrollments.collection, flow.groups.collection
    total = await enrollments.estimated_document_count() + await groups.estimated_document_count()
    async for page in _pages(enrollments):
        found.enrollments += len(page)
        if not dry_run:
            await flow.tell_again(page)
        progress(found, total)
    async for page in _pages(groups):
        found.groups += len(page)
        found.attempts += await flow.groups.refold(page, await flow.titles(page), dry_run=dry_run)
        found.rows += await flow.rows.mend(page, dry_run=dry_run)
        progress(found, total)
    return found


async def _pages(collection: Collection) -> AsyncGenerator[list[Document]]:
    """Yield all documents by id; each page is asked for anew, so that a long pause costs no cursor."""
    after = ""
    while True:
        cursor = collection.find({"_id": {"$gt": after}}).sort("_id", ASCENDING).limit(AT_ONCE)
        page = [each async for each in cursor]
        if not page:
            return
        yield page
        after = page[-1]["_id"]
