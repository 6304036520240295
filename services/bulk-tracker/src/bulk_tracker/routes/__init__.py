"""HTTP in: what requesters ask. View only."""

from collections.abc import Sequence

from fastapi import APIRouter

from bulk_tracker.routes import actions, reports, stream
from bulk_tracker.store.stores import Stores
from shared.http import Auth


def routers(stores: Stores, auth: Auth) -> Sequence[APIRouter]:
    """Return the routes of the API."""
    return (reports.router(stores, auth), actions.router(stores, auth), stream.router(stores, auth))
