"""Proof of sync: what Salesforce holds, read back and compared with the desired rows."""

import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog

from salesforce_syncer import metrics
from salesforce_syncer.domain.objects import (
    ACCESSED,
    FIELDS,
    KEY_FIELDS,
    PORTAL,
    PROFILE_ACCESSED,
    PROFILES,
    RELATIONSHIPS,
    row_id,
)
from salesforce_syncer.jobs.sending import fields
from salesforce_syncer.salesforce import soql
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.salesforce.schema import Schema, describe
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.proofs import Extra, ProofStore
from salesforce_syncer.store.writing import WritingStore
from shared.mongo import Document

log = structlog.stdlib.get_logger()

AT_ONCE = 1_000
MOST_LISTED = 10_000
"""Differences that are named one by one; all are counted."""
LOOKUPS = {lookup: (relation, key) for relation, (lookup, key) in RELATIONSHIPS.items()}


@dataclass(frozen=True, slots=True)
class Drift:
    """One row that is not in Salesforce as it should be."""

    object: str
    key: str
    drift: str
    """missing, extra or different."""
    fields: tuple[str, ...] = ()


@dataclass
class Proof:
    """What was compared, and how it differed."""

    rows: int = 0
    counts: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    drift: list[Drift] = field(default_factory=list[Drift])

    def add(self, drift: Drift) -> None:
        at = (drift.object, drift.drift)
        self.counts[at] = self.counts.get(at, 0) + 1
        if len(self.drift) < MOST_LISTED:
            self.drift.append(drift)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass
class Proving:
    """Compares; repairs where asked to, by making rows dirty."""

    settings: Settings
    client: Client
    proofs: ProofStore
    store: WritingStore
    clock: Callable[[], datetime]

    async def run(self, *, portal_id: str | None, repair: bool) -> Proof:
        """Read back all rows (of one portal) and compare. Rows that are still to be written are no drift."""
        proof = Proof()
        portals = [each for each in await self.store.known_portals() if self._written(each, portal_id)]
        for object_name in KEY_FIELDS:
            await self._object(object_name, portals, proof, repair=repair)
        if portal_id is None:
            for object_name in PROFILES:
                await self._profiles(object_name, proof, repair=repair)
        for object_name in (*KEY_FIELDS, *PROFILES):
            for kind in ("missing", "extra", "different"):
                metrics.drift_rows.labels(object_name, kind).set(proof.counts.get((object_name, kind), 0))
        await self.proofs.remember(rows=proof.rows, drift=proof.total, portal_id=portal_id, now=self.clock())
        log.info("proof.finished", rows=proof.rows, drift=proof.total, repaired=repair)
        if proof.total:
            log.warning(
                "drift.found",
                rows=proof.total,
                repaired=repair,
                next_step="salesforce-syncer proof lists the rows; with --repair they are written anew",
            )
        return proof

    def _written(self, portal_id: str, only: str | None) -> bool:
        if only is not None and portal_id != only:
            return False
        return self.settings.serves(portal_id) and not self.settings.dry_run(portal_id)

    async def _object(self, object_name: str, portals: Sequence[str], proof: Proof, *, repair: bool) -> None:
        schema = await describe(self.client, object_name)
        begun = await self.proofs.now()
        seen: set[bytes] = set()
        async for page in _paged(self._asked(object_name, portals)):
            found = {each[KEY_FIELDS[object_name]]: each for each in page}
            rows = await self.proofs.rows([row_id(object_name, key) for key in found])
            proof.rows += len(found)
            drift: list[Drift] = []
            for key, record in found.items():
                seen.add(_short(key))
                one = compare(object_name, key, rows.get(row_id(object_name, key)), record, schema, begun=begun)
                if one is not None:
                    drift.append(one)
            await self._found(drift, proof, repair=repair)
            await self._doom([each for each in drift if each.drift == "extra"], found, rows, repair=repair)
        async for some in self.proofs.held(object_name, portals, AT_ONCE, before=begun):
            missing = [Drift(object_name, each["key"], "missing") for each in some if _short(each["key"]) not in seen]
            await self._found(missing, proof, repair=repair)

    async def _found(self, drift: Sequence[Drift], proof: Proof, *, repair: bool) -> None:
        for each in drift:
            proof.add(each)
        if repair and drift:
            wanted = [row_id(each.object, each.key) for each in drift if each.drift != "extra"]
            await self.store.force(wanted, self.clock())

    async def _doom(
        self,
        extra: Sequence[Drift],
        found: Mapping[str, Mapping[str, Any]],
        rows: Mapping[str, Document],
        *,
        repair: bool,
    ) -> None:
        if not repair or not extra:
            return
        read = [(each, rows.get(row_id(each.object, each.key))) for each in extra]
        await self.proofs.doom(
            [
                Extra(each.object, each.key, found[each.key]["Id"], row["version"] if row else None)
                for each, row in read
            ],
            self.clock(),
        )

    async def _asked(self, object_name: str, portals: Sequence[str]) -> AsyncGenerator[dict[str, Any]]:
        names = self.client.names
        key_field = names.out(KEY_FIELDS[object_name])
        columns = ["Id", key_field, *(_column(self.client, each) for each in FIELDS[object_name])]
        question = f"SELECT {', '.join(columns)} FROM {names.out(object_name)}"  # noqa: S608  our own names
        if len(portals) == 1:
            question += f" WHERE {key_field} {_of_portal(object_name, portals[0])}"
        known = frozenset(portals)
        async for each in soql.query(self.client, question):
            key: str | None = each[KEY_FIELDS[object_name]]
            if key is not None and key.partition(":")[0] in known:
                yield each

    async def _profiles(self, object_name: str, proof: Proof, *, repair: bool) -> None:
        columns = ", ".join(["Id", *(self.client.names.out(each) for each in FIELDS[object_name])])
        async for some in self.proofs.held(object_name, None, soql.IN_LIST, before=await self.proofs.now()):
            keys = [each["key"] for each in some]
            _, values = next(soql.lists(keys))
            question = f"SELECT {columns} FROM {object_name} WHERE Id IN {values}"  # noqa: S608  quoted by soql.lists
            begun = await self.proofs.now()
            found = {each["Id"]: each async for each in soql.query(self.client, question)}
            rows = await self.proofs.rows([row_id(object_name, each) for each in keys])
            proof.rows += len(found)
            drift: list[Drift] = []
            for key, row in ((each["key"], each) for each in rows.values()):
                if key in found:
                    one = compare(object_name, key, row, found[key], None, begun=begun)
                else:
                    one = Drift(object_name, key, "missing") if _stands(row, begun) else None
                drift += [one] if one is not None else []
            await self._found(drift, proof, repair=repair)


def compare(
    object_name: str,
    key: str,
    row: Document | None,
    record: Mapping[str, Any],
    schema: Schema | None,
    *,
    begun: datetime,
) -> Drift | None:
    """Return how what Salesforce holds differs from what it should.

    What waits to be written does not differ; nor does what was acknowledged only after the question was asked (`begun`): the
    answer, which takes minutes to be read, does not show it.
    """
    if row is None or (row["deleted"] and row["state"] == "deleted"):
        late = row is not None and "deleted_at" in row and row["deleted_at"] >= begun
        return None if late else Drift(object_name, key, "extra")
    if not _stands(row, begun):
        return None
    unlike = tuple(
        sorted(name for name, value in _expected(row, schema).items() if not same(value, _held(record, name)))
    )
    return Drift(object_name, key, "different", unlike) if unlike else None


def _stands(row: Document, begun: datetime) -> bool:
    """Whether Salesforce had acknowledged the row as it is before an instant."""
    return row["state"] == "written" and "dirty_since" not in row and row["written"]["at"] < begun


def _expected(row: Document, schema: Schema | None) -> dict[str, Any]:
    """Return the fields as they were sent last: a newer access that is held back is no drift."""
    sent = fields(row, schema, quiet=True)
    expected = {name: value for name, value in sent.items() if name not in {"id", KEY_FIELDS.get(row["object"])}}
    for name in (ACCESSED, PROFILE_ACCESSED):
        if name in expected:
            expected[name] = row["written"]["accessed"]
    return expected


def _held(record: Mapping[str, Any], name: str) -> Any:
    if name not in RELATIONSHIPS:
        return record.get(name)
    parent: Mapping[str, Any] | None = record.get(name)
    key = RELATIONSHIPS[name][1]
    return {key: parent.get(key)} if parent else None


def same(wanted: Any, held: Any) -> bool:
    """Compare as Salesforce keeps: instants to the second, numbers by value, texts without outer white space."""
    if isinstance(wanted, str) and isinstance(held, str):
        if wanted.strip() == held.strip():
            return True
        first, second = _instant(wanted), _instant(held)
        return first is not None and first == second
    if isinstance(wanted, int | float) and isinstance(held, int | float):
        return Decimal(str(wanted)) == Decimal(str(held))
    return wanted == held


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        return None


def _column(client: Client, name: str) -> str:
    if name in LOOKUPS:
        relation, key = LOOKUPS[name]
        return f"{client.names.out(relation)}.{client.names.out(key)}"
    return client.names.out(name)


def _of_portal(object_name: str, portal_id: str) -> str:
    if object_name == PORTAL:
        return f"= {soql.quoted(portal_id)}"
    escaped = soql.quoted(portal_id + ":").replace("_", "\\_").replace("%", "\\%")
    return f"LIKE {escaped[:-1]}%'"


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=12).digest()


async def _paged(records: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[Sequence[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    async for each in records:
        some.append(each)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def listed(drift: Iterable[Drift]) -> list[dict[str, Any]]:
    return [
        {"object": each.object, "key": each.key, "drift": each.drift, "fields": list(each.fields)} for each in drift
    ]
