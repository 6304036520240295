"""Wiring: what the service is made of."""

from typing import NoReturn

from go1_stats_processor import handlers, routes
from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.settings import Settings
from go1_stats_processor.store.flow import Flow
from shared import service
from shared.service import Parts, Shell

NAME = "go1-stats-processor"


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
    return Parts(
        handlers=handlers.handlers(flow, handlers.address_of(shell.keys)),
        routers=routes.routers(flow, shell.auth),
        jobs=flow.sweeps,
        prepare=flow.prepare,
    )


def main() -> NoReturn:
    service.main(NAME, Settings, build)
