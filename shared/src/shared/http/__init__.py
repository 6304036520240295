"""HTTP in: who asks, what is refused and how, lists in pages, tables as CSV."""

from shared.http.auth import Auth, Principal
from shared.http.problems import Problem
from shared.http.routing import api_router

__all__ = ["Auth", "Principal", "Problem", "api_router"]
