"""Signing in to a page: a signed one-time token, posted by the platform, becomes a session that the server keeps.

`POST /launch` (form field `token`), `POST /logout`, and `/dev/login` in development on loopback. A page asks
`Sessions.read(request)`; `auth.read_session = sessions.read` lets the page's script GET the API.
"""

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from shared.http.auth import LEEWAY_SECONDS, Auth, BadToken, Principal, principal_of
from shared.http.problems import Problem
from shared.mongo import ASCENDING, Database, Document, DuplicateKeyError
from shared.settings import Settings

log = structlog.stdlib.get_logger()

LAUNCH_SECONDS = 120
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
SEEN_EVERY = timedelta(seconds=30)
"""How often a session's last use is written; what is written less often is exact enough for half an hour."""
MOST_JTI = 256
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PASSIVE = "x-passive"
"""Request header of what a page fetches by itself: it does not keep a session from becoming idle."""

Page = Callable[[Request, Principal | None], Awaitable[Response]]
DemoUsers = Callable[[], Awaitable[Sequence[Principal]]]


@dataclass(frozen=True, slots=True)
class Cookie:
    """How the session's cookie is called, and whether browsers must keep it to TLS."""

    name: str
    secure: bool

    @classmethod
    def of(cls, service: str, *, development: bool) -> "Cookie":
        """Return the cookie of a service; browsers share cookies among the ports of a host, so each has its own."""
        return cls(f"{service}-session", secure=False) if development else cls(f"__Host-{service}-session", secure=True)


def in_development(settings: Settings) -> bool:
    """Whether the demo sign-in and the weaker cookie are allowed: by the setting, and only on loopback."""
    return settings.development and settings.http_host in LOOPBACK


class Sessions:
    """The sessions of one service's page, kept in its database under a hash of what the cookie says."""

    def __init__(
        self, *, service: str, settings: Settings, database: Database, auth: Auth, clock: Callable[[], datetime]
    ) -> None:
        self.development = in_development(settings)
        self.cookie = Cookie.of(service, development=self.development)
        self._audience = f"{service}-launch"
        self._sessions = database["sessions"]
        self._launches = database["launches"]
        self._auth = auth
        self._clock = clock

    async def prepare(self) -> None:
        """Make the indexes by which the database tidies up; what is over is refused before that."""
        for each in (self._sessions, self._launches):
            await each.create_index([("ends_at", ASCENDING)], name="ends", expireAfterSeconds=3_600)

    async def launch(self, token: str) -> Principal:
        """Return whom a launch token names; it works once. Raises `BadToken`."""
        claims = self._auth.claims(token, audience=self._audience, longest_seconds=LAUNCH_SECONDS)
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= MOST_JTI:
            raise BadToken
        principal = principal_of(claims)
        ends_at = self._clock() + timedelta(seconds=LAUNCH_SECONDS + 2 * LEEWAY_SECONDS)
        try:
            await self._launches.insert_one({"_id": _hash(jti), "ends_at": ends_at})
        except DuplicateKeyError as error:
            raise BadToken from error
        return principal

    async def open(self, principal: Principal, response: Response) -> None:
        """Begin a session and give its cookie to the browser."""
        name = secrets.token_urlsafe(32)
        now = self._clock()
        session = {"_id": _hash(name), "principal": _stored(principal), "seen_at": now, "ends_at": now + LONGEST}
        await self._sessions.insert_one(session)
        response.set_cookie(self.cookie.name, name, path="/", secure=self.cookie.secure, httponly=True, samesite="lax")

    async def read(self, request: Request) -> Principal | None:
        """Return whose session the request belongs to; None where there is none, or it is over."""
        name = request.cookies.get(self.cookie.name)
        if not name:
            return None
        now = self._clock()
        found = await self._sessions.find_one({"_id": _hash(name)})
        if found is None or now >= found["ends_at"] or now - found["seen_at"] >= IDLE:
            return None
        if not _is_passive(request) and now - found["seen_at"] >= SEEN_EVERY:
            await self._sessions.update_one({"_id": found["_id"]}, {"$max": {"seen_at": now}})
        return _principal(found["principal"])

    async def close(self, request: Request, response: Response) -> None:
        """End the request's session. Without one nothing happens: another site cannot make a browser forget it."""
        name = request.cookies.get(self.cookie.name)
        if name:
            await self._sessions.delete_one({"_id": _hash(name)})
            response.delete_cookie(self.cookie.name, path="/", secure=self.cookie.secure, httponly=True, samesite="lax")


def router(
    sessions: Sessions, *, roles: Collection[str], refused: Page | None = None, demo_users: DemoUsers | None = None
) -> APIRouter:
    """Return the routes to sign in and out.

    `refused(request, None)` makes the page for a token that is not good (it is answered 401 whatever is wrong with
    it). `demo_users` are offered at `/dev/login`, where that is allowed.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.post("/launch")
    async def launch(request: Request) -> Response:
        try:
            principal = await sessions.launch(_text(await request.form(), "token"))
        except BadToken:
            log.info("launch.refused")
            return await _refused(request, refused)
        if not principal.roles & frozenset(roles):
            raise Problem(403, detail=f"One of these roles is needed: {', '.join(sorted(roles))}.")
        return await _signed_in(sessions, principal)

    @routes.post("/logout")
    async def logout(request: Request) -> Response:
        response = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
        await sessions.close(request, response)
        return response

    _ = launch, logout
    if sessions.development and demo_users is not None:
        _offer_demo_users(routes, sessions, demo_users)
    return routes


async def _refused(request: Request, page: Page | None) -> Response:
    if page is None:
        raise Problem(401, detail="Sign in again from the platform.")
    response = await page(request, None)
    response.status_code = 401
    return response


async def _signed_in(sessions: Sessions, principal: Principal) -> Response:
    response = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
    await sessions.open(principal, response)
    log.info("session.opened", roles=sorted(principal.roles))
    return response


def _offer_demo_users(routes: APIRouter, sessions: Sessions, demo_users: DemoUsers) -> None:
    @routes.get("/dev/login")
    async def choose() -> Response:
        choices = "".join(
            f'<li><button name="user" value="{number}">{_escaped(_described(each))}</button></li>'
            for number, each in enumerate(await demo_users())
        )
        body = choices or "<li>There is nobody yet: publish some events first.</li>"
        return Response(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo sign-in</title><style>{_STYLE}</style>'
            f'<main><h1>Who do you want to be?</h1><form method="post"><ul>{body}</ul></form></main></html>',
            media_type="text/html",
            headers={"Content-Security-Policy": _policy(), "Cache-Control": "no-store"},
        )

    @routes.post("/dev/login")
    async def take(request: Request) -> Response:
        users = await demo_users()
        number = _text(await request.form(), "user")
        if not number.isdecimal() or int(number) >= len(users):
            raise Problem(404)
        return await _signed_in(sessions, users[int(number)])

    _ = choose, take


_STYLE = "body{font:16px/1.5 system-ui;margin:48px auto;max-width:480px;padding:0 16px;color-scheme:light dark}ul{list-style:none;padding:0}button{font:inherit;padding:8px 16px;margin:6px 0;width:100%;text-align:left}"


def _policy() -> str:
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _described(principal: Principal) -> str:
    return f"{principal.name or principal.subject} ({', '.join(sorted(principal.roles))}{', ' + principal.portal_id if principal.portal_id else ''})"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _is_passive(request: Request) -> bool:
    return PASSIVE in request.headers or "text/event-stream" in request.headers.get("accept", "")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _stored(principal: Principal) -> Document:
    return {
        "subject": principal.subject,
        "roles": sorted(principal.roles),
        "portals": None if principal.portals is None else sorted(principal.portals),
        "panoramas": None if principal.panoramas is None else sorted(principal.panoramas),
        "portal_id": principal.portal_id,
        "name": principal.name,
    }


def _principal(stored: Any) -> Principal:
    portals, panoramas = stored["portals"], stored["panoramas"]
    return Principal(
        subject=stored["subject"],
        roles=frozenset(stored["roles"]),
        portals=None if portals is None else frozenset(portals),
        panoramas=None if panoramas is None else frozenset(panoramas),
        portal_id=stored["portal_id"],
        name=stored["name"],
    )
