"""Wiring: what the service is made of."""

import asyncio
from typing import NoReturn

from go1_stats_processor import handlers, routes
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.jobs import commands, upkeep
from go1_stats_processor.pages import site
from go1_stats_processor.settings import Settings
from go1_stats_processor.store.flow import Flow
from shared import service
from shared.http.sessions import Sessions
from shared.service import Given, Parts, Shell

NAME = "go1-stats-processor"
BATCHES_AT_ONCE = 3
"""One is matched, one goes into its groups, one is told; the order of facts makes no difference."""


def rules_of(settings: Settings) -> Rules:
    return Rules(
        default_progress=settings.go1_default_progress,
        web_updated_at=settings.go1_web_updated_at,
        mobile_updated_at=settings.go1_mobile_updated_at,
        time_cutover=settings.go1_time_cutover,
    )


def flow_of(shell: Shell[Settings]) -> Flow:
    return Flow(
        shell.database,
        shell.sender,
        source=shell.source,
        rules=rules_of(shell.settings),
        address_of=handlers.address_of(shell.keys),
        erased_key=shell.keys.derive("go1 lines of erased attempts"),
        clock=shell.clock,
    )


def build(shell: Shell[Settings]) -> Parts:
    flow = flow_of(shell)
    sessions = Sessions(
        service=NAME, settings=shell.settings, database=shell.database, auth=shell.auth, clock=shell.clock
    )
    shell.auth.read_session = sessions.read

    async def prepare() -> None:
        await flow.prepare()
        await sessions.prepare()

    return Parts(
        handlers=handlers.handlers(flow, handlers.address_of(shell.keys)),
        routers=[
            *routes.routers(flow, shell.auth, rules_of(shell.settings)),
            *site.routers(flow, sessions, shell.clock),
        ],
        jobs={
            **flow.sweeps,
            "parked counts": lambda: upkeep.count_parked(flow),
            "erasures": lambda: upkeep.erase_again(flow),
        },
        prepare=prepare,
        window=BATCHES_AT_ONCE,
    )


def explain_rules(settings: Given[Settings], arguments: list[str]) -> int:
    commands.explaining().parse_args(arguments)
    return commands.explain_rules(rules_of(settings()))


def rebuild(settings: Given[Settings], arguments: list[str]) -> int:
    asked = commands.rebuilding().parse_args(arguments)
    return asyncio.run(_rebuild(settings(), dry_run=asked.dry_run))


async def _rebuild(settings: Settings, *, dry_run: bool) -> int:
    async with service.opened(NAME, settings) as shell:
        return await commands.run_rebuild(flow_of(shell), dry_run=dry_run)


def main() -> NoReturn:
    service.main(NAME, Settings, build, {"explain-rules": explain_rules, "rebuild": rebuild})
