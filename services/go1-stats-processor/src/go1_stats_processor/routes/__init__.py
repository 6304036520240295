"""HTTP out: attempts, statistics, parked completions, what-if."""

from fastapi import APIRouter

from go1_stats_processor.routes import attempts
from go1_stats_processor.store.flow import Flow
from shared.http import Auth


def routers(flow: Flow, auth: Auth) -> list[APIRouter]:
    return [attempts.router(flow, auth)]
