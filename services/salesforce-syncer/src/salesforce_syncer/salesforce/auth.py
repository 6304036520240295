"""Tokens in: client credentials or JWT bearer; kept in memory, renewed one at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import jwt
import structlog

from salesforce_syncer import metrics
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.settings import LOOPBACK, Settings
from shared.settings import read_secret

log = structlog.stdlib.get_logger()

ASSERTION_SECONDS = 180
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """What the token endpoint gave. `org_id` tells orgs behind the same settings apart."""

    access_token: str
    instance_url: str
    org_id: str


Ask = Callable[[str, Mapping[str, str]], Awaitable[Mapping[str, object]]]
"""Posts a form to a URL and returns the answer's object; raises `Refused`."""


class Tokens:
    """The current token. However many requests find it expired, one asks for the next."""

    def __init__(self, settings: Settings, ask: Ask, *, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._ask = ask
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self.expected_org: str | None = None
        """The org that rows were written to before; another one behind the same address is refused."""

    async def current(self) -> Token:
        """Return the token, asking for one if there is none."""
        return self._token or await self.renewed(None)

    async def renewed(self, stale: Token | None) -> Token:
        """Return a token other than the stale one."""
        async with self._lock:
            if self._token is not None and self._token is not stale:
                return self._token
            self._token = None
            self._token = await self._fetched()
            return self._token

    def forget(self) -> None:
        self._token = None

    async def _fetched(self) -> Token:
        outcome = "refused"
        try:
            answer = await self._ask(f"{self._settings.salesforce_login_url}/services/oauth2/token", self._form())
            outcome = "granted"
        finally:
            metrics.reauthentications.labels(outcome).inc()
        token = read_token(answer)
        if self.expected_org is not None and token.org_id != self.expected_org:
            raise Refused(
                Action.STOP_ORG,
                "ANOTHER_ORG",
                sentence="another org than before; salesforce-syncer accept-org takes it",
            )
        log.info("token.granted", org_id=token.org_id)
        return token

    def _form(self) -> dict[str, str]:
        if self._settings.salesforce_client_secret_file is not None:
            return {
                "grant_type": "client_credentials",
                "client_id": self._settings.salesforce_client_id,
                "client_secret": read_secret(self._settings.salesforce_client_secret_file),
            }
        return {"grant_type": JWT_BEARER, "assertion": self._assertion()}

    def _assertion(self) -> str:
        if self._settings.salesforce_private_key_file is None:
            raise ValueError("no private key")
        claims = {
            "iss": self._settings.salesforce_client_id,
            "sub": self._settings.salesforce_username,
            "aud": self._settings.audience(),
            "exp": int(self._clock().timestamp()) + ASSERTION_SECONDS,
        }
        return jwt.encode(claims, read_secret(self._settings.salesforce_private_key_file), algorithm="RS256")


def read_token(answer: Mapping[str, object]) -> Token:
    """Read the token endpoint's answer. `id` ends with the org's and the user's id; `instance_url` is where data live."""
    token, instance_url, identity = (str(answer.get(name) or "") for name in ("access_token", "instance_url", "id"))
    parts = urlsplit(instance_url)
    if not token or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
        raise ValueError("the token endpoint's answer has no token, or an instance_url that is not https")
    path = urlsplit(identity).path.rstrip("/").split("/")
    return Token(token, instance_url.rstrip("/"), path[-2] if len(path) > 1 else "")
