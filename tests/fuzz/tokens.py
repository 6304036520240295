"""Every kind of token that somebody may send, and what he may see with it."""

import base64
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.world import ISSUER

OTHER_SECRET = "another-secret-of-32-bytes-or-more"

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of token. `answer`: the status that everything under /v1 must give with it, None where it is a good one.

    `sees`: marks (see `seeds`) that answers may hold.
    """

    name: str
    make: Callable[[int], str | None]
    answer: int | None = 401
    sees: frozenset[str] = field(default=frozenset())


def kinds(service: str, secret: str, good: Sequence[tuple[str, Claims, frozenset[str]]], wrong_role: str) -> list[Kind]:
    """All kinds for one service: bad ones of each sort, one of a wrong role, and these good ones (twice as often as all bad ones)."""

    def claims(number: int, **more: Any) -> Claims:
        now = int(time.time())
        known = {"iss": ISSUER, "aud": service, "sub": f"s{number % 40}", "iat": now, "exp": now + 600}
        return known | {"roles": ["operator", "analyst", "manager"], "portals": "*", "panoramas": "*"} | more

    def signed(key: str = secret, algorithm: str = "HS256", without: str = "", **more: Any) -> Callable[[int], str]:
        def make(number: int) -> str:
            told = {name: value for name, value in claims(number, **more).items() if name != without}
            return jwt.encode(told, key, algorithm=algorithm)

        return make

    def old(number: int) -> str:
        now = int(time.time())
        return jwt.encode(claims(number, iat=now - 700, exp=now - 100), secret, algorithm="HS256")

    def long(number: int) -> str:
        now = int(time.time())
        return jwt.encode(claims(number, exp=now + 7_200), secret, algorithm="HS256")

    def unsigned(number: int) -> str:
        return f"{_part({'alg': 'none'})}.{_part(claims(number))}."

    def with_a_key_inside(number: int) -> str:
        key = {"kty": "oct", "k": base64.urlsafe_b64encode(OTHER_SECRET.encode()).decode().rstrip("=")}
        return jwt.encode(claims(number), OTHER_SECRET, algorithm="HS256", headers={"jwk": key, "jku": "http://x/"})

    bad: dict[str, Callable[[int], str | None]] = {
        "none": lambda _: None,
        "no JWT": lambda number: f"a.b.{number}",
        "expired": old,
        "too long": long,
        "another audience": signed(aud="another-service"),
        "for signing in": signed(aud=f"{service}-launch"),
        "another issuer": signed(iss="https://elsewhere.example"),
        "another secret": signed(OTHER_SECRET),
        "unsigned": unsigned,
        "its own key": with_a_key_inside,
        "HS512": signed(secret * 2, algorithm="HS512"),
        "no subject": signed(without="sub"),
        "no expiry": signed(without="exp"),
        "roles of another type": signed(roles={"operator": True}),
        "portals of another type": signed(portals=[{"$gt": ""}]),
        "panoramas of another type": signed(panoramas=[None]),
        "cut off": lambda number: signed()(number)[:-3],
        "huge": lambda number: "e" * (9_000 + number % 10),
    }
    refused = [Kind(name, make) for name, make in bad.items()]
    refused.append(Kind("wrong role", signed(roles=[wrong_role]), 403))
    refused.append(Kind("no role", signed(without="roles"), 403))
    taken = [Kind(name, signed(**more), None, sees) for name, more, sees in good]
    return [*refused, *taken * (2 * len(refused) // len(taken))]


def _part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
