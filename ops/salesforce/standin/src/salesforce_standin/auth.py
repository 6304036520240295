"""Who may call: both OAuth flows without a person, and the tokens they give out."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from salesforce_standin.org import Org

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
_SESSION_SECONDS = 7200
_LONGEST_LIFE_SECONDS = 600  # of an assertion; Salesforce says three minutes and forgives clocks
_MILLISECONDS = 10_000_000_000  # an `exp` above this counts milliseconds, as the sf command line writes it


@dataclass(frozen=True, slots=True)
class Refused(Exception):  # noqa: N818  what happened to the request
    """The token endpoint said no."""

    error: str
    description: str

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


@dataclass(slots=True)
class Gatekeeper:
    """Gives out tokens and knows which are good. Without a secret or a key that flow is closed."""

    org: Org
    client_id: str
    client_secret: str | None
    public_key: str | None
    audiences: tuple[str, ...] = LOGIN_HOSTS
    tokens: dict[str, str] = field(default_factory=dict[str, str])  # token, user id

    def user_of(self, token: str) -> str | None:
        return self.tokens.get(token)

    def introspect(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Whether a token is good and how long still; only for who knows the secret."""
        self._by_secret(form)
        user_id = self.tokens.get(form.get("token", ""))
        if user_id is None:
            return {"active": False}
        now = int(self.org.now().timestamp())
        username = (self.org.database.get("User", user_id) or {}).get("Username")
        return {
            "active": True, "scope": "api", "client_id": self.client_id, "username": username, "sub": user_id,
            "token_type": "access_token", "iat": now, "nbf": now, "exp": now + _SESSION_SECONDS,
        }  # fmt: skip

    def revoke(self, form: Mapping[str, str]) -> None:
        if self.tokens.pop(form.get("token", ""), None) is None:
            raise Refused("unsupported_token_type", "this token type is not supported")

    def expire(self) -> int:
        """All tokens die at once; how many there were."""
        count = len(self.tokens)
        self.tokens.clear()
        return count

    def grant(self, form: Mapping[str, str], base: str) -> dict[str, str]:
        """The answer of the token endpoint; raises Refused."""
        match form.get("grant_type"):
            case "client_credentials":
                user_id = self._by_secret(form)
            case grant if grant == JWT_BEARER:
                user_id = self._by_assertion(form.get("assertion", ""), base)
            case _:
                raise Refused("unsupported_grant_type", "grant type not supported")
        return self._token(user_id, base, client_credentials=form["grant_type"] == "client_credentials")

    def _by_secret(self, form: Mapping[str, str]) -> str:
        if form.get("client_id") != self.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if self.client_secret is None:
            raise Refused("invalid_grant", "no client credentials user enabled")
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self.client_secret.encode()):
            raise Refused("invalid_client", "invalid client credentials")
        return self.org.user_id

    def _by_assertion(self, assertion: str, base: str) -> str:
        if self.public_key is None:
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        claims = self._verified(assertion)
        if claims.get("iss") != self.client_id:
            raise Refused("invalid_client_id", "client identifier invalid")
        if str(claims.get("aud", "")).rstrip("/") not in {*self.audiences, base}:
            raise Refused("invalid_grant", "audience is invalid")
        self._check_expiry(claims.get("exp"))
        return self._user_named(str(claims.get("sub", "")))

    def _verified(self, assertion: str) -> dict[str, Any]:
        # Audience and expiry are ours to judge: the sf command line writes milliseconds and the instance as audience.
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            return jwt.decode(assertion, self.public_key or "", algorithms=["RS256"], options=options)
        except jwt.PyJWTError as error:
            raise Refused("invalid_grant", "invalid assertion") from error

    def _check_expiry(self, expires: object) -> None:
        if not isinstance(expires, int | float):
            raise Refused("invalid_grant", "invalid assertion")
        seconds = expires / 1000 if expires > _MILLISECONDS else expires
        left = seconds - self.org.now().timestamp()
        if left <= 0:
            raise Refused("invalid_grant", "expired authorization code")
        if left > _LONGEST_LIFE_SECONDS:
            raise Refused("invalid_grant", "invalid assertion")

    def _user_named(self, username: str) -> str:
        users = self.org.full_schema.objects["User"]
        found = self.org.database.find("User", users.fields["Username"], username)
        row = self.org.database.get("User", found[0]) if found else None
        if row is None:
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        if not row.get("IsActive"):
            raise Refused("inactive_user", "user is inactive")
        return str(row["Id"])

    def _token(self, user_id: str, base: str, *, client_credentials: bool) -> dict[str, str]:
        organization = self.org.organization_id
        token = f"{organization[:15]}!AQ{secrets.token_urlsafe(72)}"
        self.tokens[token] = user_id
        issued = str(int(self.org.now().timestamp() * 1000))
        identity = f"{base}/id/{organization}/{user_id}"
        signature = hmac.new(
            (self.client_secret or self.client_id).encode(), (identity + issued).encode(), hashlib.sha256
        )
        answer = {
            "access_token": token, "scope": "api", "instance_url": base, "id": identity, "token_type": "Bearer",
            "issued_at": issued, "signature": signature.hexdigest(),
        }  # fmt: skip
        return answer | {"api_instance_url": base} if client_credentials else answer
