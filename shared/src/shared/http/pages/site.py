"""The routes of an analysts' page: whose session it is, how failures look, and the style sheet."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from shared.http.auth import Principal
from shared.http.pages.looks import Looks
from shared.http.problems import DETAILS, Problem
from shared.http.rates import Rates
from shared.http.sessions import Sessions
from shared.unavailable import as_unavailable

Query = Mapping[str, str]
"""The page's parameters."""
Show = Callable[[Principal, Query], Awaitable[Response]]

_READ = ["GET", "HEAD"]
_TITLES = {404: "Nothing here", 422: "This cannot be read", 429: "A little slower, please"}
_TEXTS = {
    404: "There is no such thing, or it is not yours to see.",
    422: "The address was shortened or changed. Begin again from the start.",
}


class Site:
    """Pages for those with one of these roles; each page is a function of who asks and of the address."""

    def __init__(self, looks: Looks, sessions: Sessions, *, roles: Collection[str]) -> None:
        self.looks = looks
        self.routes = APIRouter(include_in_schema=False)
        self._sessions = sessions
        self._roles = frozenset(roles)
        self._rates = Rates()
        self.routes.add_api_route("/static/{version}/{name}", self._asset, methods=_READ)

    def page(self, path: str, show: Show) -> None:
        """Add a page."""

        async def answer(request: Request) -> Response:
            who = await self._asking(request)
            if who is None:
                return self.looks.signed_out()
            try:
                self._rates.count(who.subject)
                return await show(who, request.query_params)
            except Problem as problem:
                return self._problem(who, problem)
            except Exception as error:
                if as_unavailable(error) is None:
                    raise
                return self._unavailable(who)

        self.routes.add_api_route(path, answer, methods=_READ, response_class=HTMLResponse)

    async def refused(self, _request: Request, _who: Principal | None) -> Response:
        """Return the page for a launch that did not work."""
        return self.looks.launch_failed()

    async def _asking(self, request: Request) -> Principal | None:
        who = await self._sessions.read(request)
        return who if who is not None and who.roles & self._roles else None

    async def _asset(self, version: str, name: str) -> Response:
        del version  # a change of content is a change of address
        return self.looks.asset(name)

    def _problem(self, who: Principal, problem: Problem) -> Response:
        response = self.looks.message(
            who,
            status=problem.status,
            title=_TITLES.get(problem.status, problem.title),
            text=_TEXTS.get(problem.status) or problem.detail or DETAILS.get(problem.status, ""),
        )
        response.headers.update(problem.headers or {})
        return response

    def _unavailable(self, who: Principal) -> Response:
        response = self.looks.message(
            who,
            status=503,
            title="For a moment, nothing can be read",
            text="The database does not answer. Nothing is lost; reload the page in a minute.",
        )
        response.headers["Retry-After"] = "5"
        return response
