"""Wires salesforce-syncer; nobody imports it."""

from datetime import timedelta
from functools import partial

from salesforce_syncer.handlers import handlers
from salesforce_syncer.jobs.brakes import Brakes
from salesforce_syncer.jobs.commands import COMMANDS
from salesforce_syncer.jobs.deleting import Deleting
from salesforce_syncer.jobs.mirroring import Mirroring
from salesforce_syncer.jobs.nightly import LEASE_SECONDS as PROOF_LEASE_SECONDS
from salesforce_syncer.jobs.nightly import Nightly
from salesforce_syncer.jobs.preflight import Preflight
from salesforce_syncer.jobs.proving import Proving
from salesforce_syncer.jobs.resolving import Resolving
from salesforce_syncer.jobs.resyncing import Resyncing
from salesforce_syncer.jobs.sending import Sending
from salesforce_syncer.jobs.spending import Spending
from salesforce_syncer.jobs.telling import Telling
from salesforce_syncer.jobs.writer import LEASE_SECONDS, Writer
from salesforce_syncer.jobs.writing import Writing
from salesforce_syncer.routes import router
from salesforce_syncer.salesforce.client import Client
from salesforce_syncer.settings import Settings
from salesforce_syncer.store.facts import FactStore
from salesforce_syncer.store.orgs import OrgStore
from salesforce_syncer.store.proofs import ProofStore
from salesforce_syncer.store.reading import ReadingStore
from salesforce_syncer.store.records import RecordStore
from salesforce_syncer.store.resyncs import Resyncs
from salesforce_syncer.store.rows import Derivation
from salesforce_syncer.store.tables import Tables
from salesforce_syncer.store.writing import WritingStore
from shared import service
from shared.leases import Lease
from shared.service import Parts, Shell

NAME = "salesforce-syncer"


def build(shell: Shell[Settings]) -> Parts:
    """Put the parts together; nothing connects yet."""
    settings = shell.settings
    tables = Tables.of(shell.database)
    derivation = Derivation(
        tables,
        mirror_go1=settings.salesforce_mirror_go1,
        accessed_every=timedelta(seconds=settings.salesforce_accessed_seconds),
    )
    facts = FactStore(tables, derivation, shell.sender, shell.clock)
    resyncs = Resyncs(tables)
    client = Client(settings, clock=shell.clock)
    store, orgs, brakes = WritingStore(tables), OrgStore(tables), Brakes(shell.clock)
    sending = Sending(client, store, orgs, shell.clock)
    preflight = Preflight(settings, client, orgs, brakes, shell.clock)
    spending = Spending(settings, client, orgs, brakes, shell.clock)
    reading = ReadingStore(tables, settings)
    telling = Telling(shell.instance, client, orgs, reading, brakes, spending, shell.clock)
    writing = Writing(
        settings=settings,
        store=store,
        sending=sending,
        resolving=Resolving(client, RecordStore(tables), facts, sending),
        deleting=Deleting(settings, client, store, orgs, sending, brakes, shell.clock),
        preflight=preflight,
        spending=spending,
        brakes=brakes,
        clock=shell.clock,
    )
    resyncing = Resyncing(settings, resyncs, facts, store, shell.sender, shell.source, shell.clock)
    lease = Lease(shell.database, "writer", holder=shell.instance, seconds=LEASE_SECONDS)
    mirroring = Mirroring(facts, orgs, settings.salesforce_mirror_go1)
    chores = {"mirror": mirroring.run, "tell": telling.run, "resync": resyncing.run}
    writer = Writer(lease, writing, sending.under_way, chores)
    proofs = ProofStore(tables)
    nightly = Nightly(
        Lease(shell.database, "proof", holder=shell.instance, seconds=PROOF_LEASE_SECONDS),
        partial(Proving(settings, client, proofs, store, shell.clock).run, portal_id=None, repair=False),
        proofs,
        brakes,
        settings.salesforce_proof_hour,
        shell.clock,
    )
    return Parts(
        handlers=handlers(facts, resyncs),
        routers=[router(shell, reading, orgs)],
        jobs={
            "writer": writer.run,
            "proof": nightly.run,
            **{f"sweep-{name}": each.sweep for name, each in facts.outboxes.items()},
        },
        prepare=facts.prepare,
        readiness=lambda: preflight.reasons() if writer.holds else (),
    )


def main() -> None:
    """Run the console script."""
    service.main(NAME, Settings, build, COMMANDS)
