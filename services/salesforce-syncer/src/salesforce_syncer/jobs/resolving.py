"""Rows whose user or contact Salesforce does not have any more: followed to the record it was merged into, or gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from salesforce_syncer.domain.objects import CONTACT
from salesforce_syncer.jobs.sending import Sending
from salesforce_syncer.salesforce import soql
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.salesforce.rows import Outcome
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.records import RecordStore
from shared.mongo import Document

log = structlog.stdlib.get_logger()

LONGEST_CHAIN = 5
"""A merged into B merged into C …: more than this is a loop, or a mistake."""


@dataclass(frozen=True, slots=True)
class Resolving:
    """Finds out what became of records, and lets the rows follow."""

    client: Client
    records: RecordStore
    facts: FactStore
    sending: Sending

    async def rows(self, unresolved: Sequence[tuple[Document, Outcome]]) -> None:
        """Settle rows that were refused because of the record they point to."""
        contacts = sorted({each for row, _ in unresolved for each in pointed_to(row) if each.startswith("003")})
        fates = await self._fates(contacts)
        changed = {contact: fate for contact, fate in fates.items() if fate != contact}
        if changed:
            await self.records.remember(changed)
            await self.facts.rederive(await self.records.learners_of(sorted(changed)))
            merged = sum(fate is not None for fate in changed.values())
            log.warning(
                "contacts.moved",
                merged=merged,
                gone=len(changed) - merged,
                reason="merged or deleted in Salesforce",
                next_step="none for merged ones; deleted ones are synced again once they are linked anew",
            )
        await self.sending.reject([(row, each) for row, each in unresolved if not set(pointed_to(row)) & set(changed)])

    async def _fates(self, contacts: Sequence[str]) -> Mapping[str, str | None]:
        """Return for each contact the one that stands for it now (itself, where it is still there), None if it is gone."""
        known: dict[str, dict[str, Any]] = {}
        asked = list(contacts)
        for _ in range(LONGEST_CHAIN):
            if not asked:
                break
            for _, values in soql.lists(asked):
                question = f"SELECT Id, IsDeleted, MasterRecordId FROM {CONTACT} WHERE Id IN {values}"  # noqa: S608  quoted by soql.lists
                async for each in soql.query(self.client, question, deleted_too=True):
                    known[each["Id"]] = each
            masters = {each["MasterRecordId"] for each in known.values() if each.get("MasterRecordId")}
            asked = sorted(masters - known.keys())
        return {each: _end(each, known) for each in contacts if each in known}


def _end(contact: str, known: Mapping[str, Mapping[str, Any]]) -> str | None:
    for _ in range(LONGEST_CHAIN + 1):
        found = known.get(contact)
        if found is None or (found["IsDeleted"] and not found.get("MasterRecordId")):
            return None
        if not found["IsDeleted"]:
            return contact
        contact = found["MasterRecordId"]
    return None


def pointed_to(row: Document) -> Sequence[str]:
    """Return the users and contacts that a row points to."""
    return row["records"] or ([row["key"]] if row["portal_id"] is None else [])
