"""Who asks: bearer tokens (JWT). The algorithm is the key's, never the token's."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from fastapi import Request
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.http.problems import Problem
from shared.http.rates import Rates
from shared.settings import MIN_SECRET_BYTES, Settings, read_bytes

LEEWAY_SECONDS = 60
LONGEST_SECONDS = 3_600
REQUIRED = ["iss", "aud", "sub", "exp", "iat"]
MOST_TOKEN = 8_192
WHO_ASKS = "learnwire.principal"
"""Where a request's scope keeps whom its token names, once that is known: tokens are judged once."""
GATE = "learnwire_gate"
"""Marks the dependencies that `require` returns, so that a route can judge the token before anything else."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a token names and what he may see; None for `portals` and `panoramas` means all."""

    subject: str
    roles: frozenset[str]
    portals: frozenset[str] | None = frozenset()
    panoramas: frozenset[str] | None = frozenset()
    portal_id: str | None = None
    name: str | None = None

    def sees_portal(self, portal_id: str) -> bool:
        """Whether things of this portal are his to see."""
        return self.portals is None or portal_id in self.portals


class BadToken(Exception):  # noqa: N818  it is told apart from other failures only here
    """The token is not one of ours, or not for us, or too old; nobody is told which."""


@dataclass(frozen=True, slots=True)
class _Key:
    algorithm: str
    key: Any


class Auth:
    """Verifies tokens with the one kind of key that the settings give."""

    def __init__(self, settings: Settings, *, audience: str, read_session: "SessionReader | None" = None) -> None:
        self._issuer = settings.jwt_issuer
        self._audience = audience
        self._keys = _keys(settings)
        self._rates = Rates()
        self.read_session = read_session

    def claims(
        self, token: str, *, audience: str | None = None, longest_seconds: int = LONGEST_SECONDS
    ) -> dict[str, Any]:
        """Return a token's claims, checked. Raises `BadToken`."""
        if len(token) > MOST_TOKEN:
            raise BadToken
        key = self._key_of(token)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=audience or self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED, "strict_aud": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise BadToken from error
        _check_times(claims, longest_seconds)
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise BadToken
        return claims

    def require(self, *roles: str) -> Callable[[Request], Any]:
        """Return the dependency for a route: 401 without a good token, 403 without one of these roles."""

        async def principal(request: Request) -> Principal:
            found: Principal | None = request.scope.get(WHO_ASKS)
            if found is None:
                found = await self._principal(request)
                self._rates.count(found.subject)
                request.scope[WHO_ASKS] = found
            if not found.roles & frozenset(roles):
                raise Problem(403, "Forbidden", f"One of these roles is needed: {', '.join(roles)}.")
            return found

        setattr(principal, GATE, True)
        return principal

    async def still(self, request: Request) -> bool:
        """Whether he for whom a request began may go on: for answers that last, as `require` judges a request once."""
        try:
            return await self._principal(request) == request.scope[WHO_ASKS]
        except Problem:
            return False

    async def _principal(self, request: Request) -> Principal:
        header = request.headers.get("authorization")
        if header is None and self.read_session is not None and request.method in {"GET", "HEAD"}:
            found = await self.read_session(request)
            if found is not None:
                return found
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized()
        try:
            return principal_of(self.claims(token.strip()))
        except BadToken as error:
            raise unauthorized() from error

    def _key_of(self, token: str) -> _Key:
        if set(self._keys) == {None}:
            return self._keys[None]
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise BadToken from error
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if not isinstance(kid, str) or kid not in self._keys:
            raise BadToken
        return self._keys[kid]


SessionReader = Callable[[Request], Any]
"""Returns (awaitable) the principal of a page's session, or None."""


def unauthorized() -> Problem:
    """Return the one answer to every missing or bad token."""
    return Problem(401, "Unauthorized", "A valid bearer token is needed.", headers={"WWW-Authenticate": "Bearer"})


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Return whom these claims name. Raises `BadToken` where a claim is of another kind than it should be."""
    portal_id, name = claims.get("portal_id"), claims.get("name")
    if not isinstance(portal_id, str | None) or not isinstance(name, str | None):
        raise BadToken
    return Principal(
        subject=claims["sub"],
        roles=_texts(claims.get("roles", [])) or frozenset(),
        portals=_scope(claims.get("portals", [])),
        panoramas=_scope(claims.get("panoramas", [])),
        portal_id=portal_id,
        name=name,
    )


def _scope(claim: Any) -> frozenset[str] | None:
    return None if claim == "*" else _texts(claim)


def _texts(claim: Any) -> frozenset[str]:
    if not isinstance(claim, list) or not all(isinstance(each, str) for each in claim):  # pyright: ignore[reportUnknownVariableType]  a claim may hold anything
        raise BadToken
    return frozenset(claim)  # pyright: ignore[reportUnknownArgumentType]  all strings, checked above


def _check_times(claims: Mapping[str, Any], longest_seconds: int) -> None:
    exp, iat = claims["exp"], claims["iat"]
    for each in (exp, iat):
        if isinstance(each, bool) or not isinstance(each, int | float):
            raise BadToken
    if not 0 < exp - iat <= longest_seconds or iat > time.time() + LEEWAY_SECONDS:
        raise BadToken


def _keys(settings: Settings) -> dict[str | None, _Key]:
    if settings.jwt_secret_file is not None:
        secret = read_bytes(settings.jwt_secret_file)
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError("the JWT secret is too short")
        return {None: _Key("HS256", secret)}
    if settings.jwt_jwks_file is None:
        raise ValueError("no JWT key")
    return _public_keys(settings.jwt_jwks_file)


def _public_keys(path: Path) -> dict[str | None, _Key]:
    keys: dict[str | None, _Key] = {}
    for each in json.loads(path.read_text())["keys"]:
        match each:
            case {"kty": "RSA"} if "d" not in each:
                key = _Key("RS256", RSAAlgorithm.from_jwk(each))
            case {"kty": "EC", "crv": "P-256"} if "d" not in each:
                key = _Key("ES256", ECAlgorithm.from_jwk(each))
            case _:
                raise ValueError("the JWKS file must hold public RSA or P-256 keys only")
        keys[each.get("kid")] = key
    if not keys:
        raise ValueError("the JWKS file holds no key")
    return keys
