"""HTTP out: attempts, exports, statistics, parked completions, what-if."""

from fastapi import APIRouter

from go1_stats_processor.domain.rules import Rules
from go1_stats_processor.routes import attempts, exports, parked, statistics, whatif
from go1_stats_processor.store.flow import Flow
from shared.http import Auth


def routers(flow: Flow, auth: Auth, rules: Rules) -> list[APIRouter]:
    """Return all routes; the export before the attempt whose id would be `export`."""
    return [
        exports.router(flow, auth),
        attempts.router(flow, auth),
        statistics.router(flow, auth),
        parked.router(flow, auth),
        whatif.router(flow, auth, rules),
    ]
