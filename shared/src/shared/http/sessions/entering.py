"""The routes to sign in and out.

Another site may post a token of its own, so that somebody would look at a stranger's list and take it for his (login
CSRF). So nobody's session is replaced by another person's unasked. Browsers send our cookies (SameSite=Lax) not with a
form that another site posts, but with the redirect that follows: there it is seen who is signed in already.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from shared.http.auth import BadToken, Principal
from shared.http.problems import Problem
from shared.http.sessions import looks
from shared.http.sessions.keeping import Sessions

log = structlog.stdlib.get_logger()

CONFIRM = "/launch/confirm"

Page = Callable[[Request, Principal | None], Awaitable[Response]]
DemoUsers = Callable[[], Awaitable[Sequence[Principal]]]


def router(
    sessions: Sessions, *, roles: Collection[str], refused: Page | None = None, demo_users: DemoUsers | None = None
) -> APIRouter:
    """Return the routes to sign in and out.

    `refused(request, None)` makes the page for a token that is not good (it is answered 401 whatever is wrong with
    it). `demo_users` are offered at `/dev/login`, where that is allowed.
    """
    routes = APIRouter(include_in_schema=False)
    _take_launches(routes, sessions, frozenset(roles), refused)
    _ask_who_it_shall_be(routes, sessions)

    @routes.post("/logout")
    async def logout(request: Request) -> Response:
        response = _away("/")
        await sessions.close(request, response)
        return response

    _ = logout
    if sessions.development and demo_users is not None:
        _offer_demo_users(routes, sessions, demo_users)
    return routes


def _take_launches(routes: APIRouter, sessions: Sessions, roles: frozenset[str], refused: Page | None) -> None:
    @routes.post("/launch")
    async def launch(request: Request) -> Response:
        form = await request.form()
        if confirmed := _text(form, "confirm"):
            return await _decided(sessions, request, sign_in=confirmed == "yes")
        try:
            principal = await sessions.launch(_text(form, "token"))
        except BadToken:
            log.info("launch.refused")
            return await _refused(request, refused)
        if not principal.roles & roles:
            raise Problem(403, detail=f"One of these roles is needed: {', '.join(sorted(roles))}.")
        return await _enter(sessions, request, principal)

    _ = launch


def _ask_who_it_shall_be(routes: APIRouter, sessions: Sessions) -> None:
    @routes.get(CONFIRM)
    async def confirm(request: Request) -> Response:
        waiting = await sessions.held(request, once=False)
        if waiting is None:
            return _away("/")
        present = await sessions.read(request)
        if present is None or _same_person(present, waiting):
            return await _decided(sessions, request, sign_in=True)
        return looks.confirmation(present, waiting)

    _ = confirm


async def _refused(request: Request, page: Page | None) -> Response:
    if page is None:
        raise Problem(401, detail="Sign in again from the platform.")
    response = await page(request, None)
    response.status_code = 401
    return response


async def _enter(sessions: Sessions, request: Request, principal: Principal) -> Response:
    """Sign in, unless the browser may hold another's session: then look first."""
    present = await sessions.read(request)
    unseen = present is None and _from_elsewhere(request)
    if not unseen and (present is None or _same_person(present, principal)):
        return await _signed_in(sessions, request, principal)
    response = _away(CONFIRM)
    await sessions.hold(principal, response)
    return response


async def _decided(sessions: Sessions, request: Request, *, sign_in: bool) -> Response:
    """Carry out what was decided about a sign-in that waited."""
    if request.method == "POST" and _from_elsewhere(request):
        raise Problem(403, detail="This form is sent from the page itself only.")
    waiting = await sessions.held(request, once=True)
    if waiting is not None and sign_in:
        return await _signed_in(sessions, request, waiting)
    response = _away("/")
    sessions.drop(request, response)
    return response


async def _signed_in(sessions: Sessions, request: Request, principal: Principal) -> Response:
    response = _away("/")
    await sessions.open(principal, request, response)
    log.info("session.opened", roles=sorted(principal.roles))
    return response


def _same_person(one: Principal, other: Principal) -> bool:
    return (one.subject, one.portal_id) == (other.subject, other.portal_id)


def _from_elsewhere(request: Request) -> bool:
    """Tell whether a browser says that another site's page has sent this."""
    return request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def _away(path: str) -> Response:
    return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})


def _offer_demo_users(routes: APIRouter, sessions: Sessions, demo_users: DemoUsers) -> None:
    @routes.get("/dev/login")
    async def choose() -> Response:
        return looks.demo_users(await demo_users())

    @routes.post("/dev/login")
    async def take(request: Request) -> Response:
        users = await demo_users()
        number = _text(await request.form(), "user")
        if _from_elsewhere(request) or not number.isdecimal() or int(number) >= len(users):
            raise Problem(404)
        return await _signed_in(sessions, request, users[int(number)])

    _ = choose, take


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
