"""What the server keeps of who is signed in: sessions, launch tokens that were used, sign-ins that wait for a yes."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response

from shared.http.auth import LEEWAY_SECONDS, Auth, BadToken, Principal, principal_of
from shared.mongo import ASCENDING, Database, Document, DuplicateKeyError
from shared.settings import Settings

LAUNCH_SECONDS = 120
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
SEEN_EVERY = timedelta(seconds=30)
"""How often a session's last use is written; what is written less often is exact enough for half an hour."""
MOST_JTI = 256
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PASSIVE = "x-passive"
"""Request header of what a page fetches by itself: it does not keep a session from becoming idle."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """How a cookie is called, and whether browsers must keep it to TLS."""

    name: str
    secure: bool

    @classmethod
    def of(cls, service: str, *, development: bool, what: str = "session") -> "Cookie":
        """Return a cookie of a service; browsers share cookies among the ports of a host, so each has its own."""
        return cls(f"{service}-{what}", secure=False) if development else cls(f"__Host-{service}-{what}", secure=True)

    def give(self, response: Response, value: str, *, seconds: int | None = None) -> None:
        """Have the browser keep it; until it is closed, where no time is said."""
        response.set_cookie(
            self.name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def take(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")


def in_development(settings: Settings) -> bool:
    """Whether the demo sign-in and the weaker cookie are allowed: by the setting, and only on loopback."""
    return settings.development and settings.http_host in LOOPBACK


class Sessions:
    """The sessions of one service's page, kept in its database under a hash of what the cookie says."""

    def __init__(
        self, *, service: str, settings: Settings, database: Database, auth: Auth, clock: Callable[[], datetime]
    ) -> None:
        self.development = in_development(settings)
        self.service = service
        self.cookie = Cookie.of(service, development=self.development)
        self._waiting = Cookie.of(service, development=self.development, what="launch")
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

    async def open(self, principal: Principal, request: Request, response: Response) -> None:
        """Begin a session and give its cookie to the browser; the one that it had before is over."""
        await self._forget(request)
        name = secrets.token_urlsafe(32)
        now = self._clock()
        session = {"_id": _hash(name), "principal": _stored(principal), "seen_at": now, "ends_at": now + LONGEST}
        await self._sessions.insert_one(session)
        self.cookie.give(response, name)
        self.drop(request, response)

    async def hold(self, principal: Principal, response: Response) -> None:
        """Let a sign-in wait until it is known whose session the browser has already."""
        name = secrets.token_urlsafe(32)
        ends_at = self._clock() + timedelta(seconds=LAUNCH_SECONDS)
        await self._launches.insert_one({"_id": _hash(name), "principal": _stored(principal), "ends_at": ends_at})
        self._waiting.give(response, name, seconds=LAUNCH_SECONDS)

    async def held(self, request: Request, *, once: bool) -> Principal | None:
        """Return who waits to be signed in; with `once` he waits no longer."""
        name = request.cookies.get(self._waiting.name)
        if not name:
            return None
        this = {"_id": _hash(name), "principal": {"$exists": True}}
        found = await (self._launches.find_one_and_delete(this) if once else self._launches.find_one(this))
        return None if found is None or self._clock() >= found["ends_at"] else _principal(found["principal"])

    def drop(self, request: Request, response: Response) -> None:
        """Have the browser forget the sign-in that waited."""
        if self._waiting.name in request.cookies:
            self._waiting.take(response)

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
        if await self._forget(request):
            self.cookie.take(response)

    async def _forget(self, request: Request) -> bool:
        name = request.cookies.get(self.cookie.name)
        if name:
            await self._sessions.delete_one({"_id": _hash(name)})
        return bool(name)


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
