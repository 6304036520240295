"""Wiring: what the service is made of."""

from typing import NoReturn

from action_logger import handlers
from action_logger.jobs import refused
from action_logger.jobs.commands import prune_command, verify_command
from action_logger.jobs.sealing import Sealer
from action_logger.pages import page
from action_logger.routes import access, export, report
from action_logger.settings import Settings
from action_logger.store import indexes, keyfile
from action_logger.store.log import Log
from action_logger.store.people import People
from action_logger.store.publishers import Publishers
from action_logger.store.records import Records
from action_logger.store.report import Report
from action_logger.store.seals import Seals
from shared import service
from shared.http.sessions import Sessions
from shared.leases import Lease
from shared.service import Parts, Shell
from shared.settings import refuse

NAME = "action-logger"
BATCHES_IN_FLIGHT = 4
"""Rows are inserted in any order, but for those with one identity."""
LEASE_SECONDS = 30


def build(shell: Shell[Settings]) -> Parts:
    records = Records(shell.keys)
    people = People(shell.database, records)
    log = Log(shell.database, people, shell.keys)
    rows = Report(shell.database, records)
    publishers = Publishers(shell.database)
    lease = Lease(shell.database, "sealing", holder=shell.instance, seconds=LEASE_SECONDS)
    seals = Seals(shell.database, shell.keys)
    sealer = Sealer(seals, lease)

    sessions = Sessions(
        service=NAME, settings=shell.settings, database=shell.database, auth=shell.auth, clock=shell.clock
    )
    shell.auth.read_session = sessions.read

    async def prepare() -> None:
        wrong = await keyfile.trouble(shell.database, records, seals)
        if wrong is not None:
            refuse([wrong])
        await indexes.make(shell.database)
        await publishers.prepare()
        await sessions.prepare()

    return Parts(
        handlers=handlers.handlers(log, people, shell.clock),
        routers=[
            report.router(rows, shell.auth, shell.clock),
            export.router(rows, shell.auth, shell.keys),
            access.router(rows, publishers, shell.auth, shell.clock),
            *page.routers(rows, sessions, shell.clock),
        ],
        jobs={"sealing": sealer.run, "publishers": refused.counting(shell.settings, shell.name, publishers)},
        prepare=prepare,
        window=BATCHES_IN_FLIGHT,
        in_order=handlers.FIRST_STAYS,
    )


def main() -> NoReturn:
    service.main(NAME, Settings, build, {"verify": verify_command, "prune": prune_command})
