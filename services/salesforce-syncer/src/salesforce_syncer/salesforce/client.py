"""One request to Salesforce: authorised, timed, counted; retried where its kind of failure allows."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import structlog

from salesforce_syncer import metrics
from salesforce_syncer.salesforce import errors
from salesforce_syncer.salesforce.auth import Token, Tokens
from salesforce_syncer.salesforce.errors import Action, Refused
from salesforce_syncer.salesforce.names import Names
from salesforce_syncer.settings import Settings
from shared import failpoints

log = structlog.stdlib.get_logger()

IN_FLIGHT = 4
"""Far below the 25 (5 on a Developer org) long requests that Salesforce lets run at once."""
TRIES = {Action.RETRY: 5, Action.SLOW_DOWN: 5, Action.TWICE: 3}
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0
LOGIN_REFUSED = "the login was refused"
CALL_OPTIONS = "client=learnwire/1"
DUPLICATE_RULES = "allowSave=true; includeRecordDetails=false; runAsCurrentUser=false"


@dataclass(slots=True)
class Usage:
    """The org's calls within 24 hours, by anyone, as Salesforce last said; and ours since the last look."""

    used: int | None = None
    limit: int | None = None
    own: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its status and body (JSON where it is, else text)."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the data API; `path` is below /services/data/vXX.X, or whole where it begins with /services."""

    kind: str
    method: str
    path: str
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None
    content_type: str | None = None
    retries: bool = True


class Client:
    """Talks to one org."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.salesforce_timeout_seconds),
            limits=httpx.Limits(max_connections=IN_FLIGHT * 2),
            follow_redirects=False,
            headers={"Sforce-Call-Options": CALL_OPTIONS, "Sforce-Duplicate-Rule-Header": DUPLICATE_RULES},
        )
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self.tokens = Tokens(settings, self._ask_token, clock=clock)
        self.names = Names(settings.salesforce_namespace)
        self.usage = Usage()
        self.bulk_seconds = settings.salesforce_bulk_seconds

    async def close(self) -> None:
        await self._http.aclose()

    async def call(self, request: Request) -> Answer:
        """Send a request and return its answer. Raises `Refused`, after all retries that its failure allows."""
        tries, reauthenticated = 0, False
        while True:
            token = await self.tokens.current()
            try:
                return await self._once(request, token)
            except Refused as error:
                tries += 1
                if error.action is Action.REAUTHENTICATE and not reauthenticated:
                    reauthenticated = True
                    await self.tokens.renewed(token)
                    continue
                if error.action is Action.REAUTHENTICATE:
                    raise Refused(Action.STOP_ORG, error.code, status=error.status, sentence=error.sentence) from error
                reauthenticated = False  # the new token was taken; if it dies in its turn, that is another expiry
                if not request.retries or tries >= TRIES.get(error.action, 1):
                    raise
                await self._wait(error, tries)

    async def _wait(self, error: Refused, tries: int) -> None:
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (tries - 1))
        if error.action is not Action.SLOW_DOWN:
            await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311  jitter is no secret
            return
        async with self._slots:  # keeps a place empty while it waits: fewer requests at once
            await asyncio.sleep(random.uniform(longest, longest * 2))  # noqa: S311  as above

    async def _once(self, request: Request, token: Token) -> Answer:
        path = request.path
        if not path.startswith("/services"):
            path = f"/services/data/v{self._settings.salesforce_api_version}{path}"
        headers = {"Authorization": f"Bearer {token.access_token}"}
        if request.content_type is not None:
            headers["Content-Type"] = request.content_type
        async with self._slots:
            response = await self._sent(
                request.kind,
                request.method,
                token.instance_url + path,
                params=request.params or None,
                json=request.json,
                content=request.content,
                headers=headers,
            )
        self._note_usage(response.headers.get("Sforce-Limit-Info", ""))
        if response.is_success:
            return Answer(response.status_code, _body(response))
        raise _refused(response)

    async def _sent(self, kind: str, method: str, url: str, **options: Any) -> httpx.Response:
        self.usage.own += 1
        status = 0
        try:
            failpoints.reach(f"salesforce {kind} before")
            response = await self._http.request(method, url, **options)
            status = response.status_code
            failpoints.reach(f"salesforce {kind} after")
        except httpx.HTTPError as error:
            raise Refused(Action.RETRY, type(error).__name__, sentence="no answer") from error
        finally:
            metrics.calls.labels(kind, str(status)).inc()
        return response

    async def _ask_token(self, url: str, form: Mapping[str, str]) -> Mapping[str, object]:
        """Ask for a token; what the endpoint refuses is not asked again here (too many failed logins lock a user out)."""
        tries = 0
        while True:
            try:
                response = await self._sent("token", "POST", url, data=dict(form))
                if response.is_success:
                    return response.json()
                raise _token_refused(response)
            except Refused as error:
                tries += 1
                if tries >= TRIES.get(error.action, 1):
                    raise
                await self._wait(error, tries)

    def _note_usage(self, header: str) -> None:
        """Read `api-usage=18/5000` (other entries may follow)."""
        for part in header.replace(",", ";").split(";"):
            name, _, numbers = part.strip().partition("=")
            used, _, limit = numbers.partition("/")
            if name == "api-usage" and used.isdigit() and limit.isdigit():
                self.usage.used, self.usage.limit = int(used), int(limit)
                metrics.api_used.set(self.usage.used)
                metrics.api_limit.set(self.usage.limit)


def _body(response: httpx.Response) -> Any:
    if "json" not in response.headers.get("Content-Type", ""):
        return response.text
    try:
        return response.json()
    except ValueError as error:
        raise Refused(
            Action.RETRY, "NOT_JSON", status=response.status_code, sentence="an answer that is no JSON"
        ) from error


def _refused(response: httpx.Response) -> Refused:
    """Read what Salesforce says of a failed request: `[{"message", "errorCode"}]`, or a page of HTML in an outage."""
    code, message = "", ""
    try:
        found = response.json()
        first = found[0] if isinstance(found, list) else found  # pyright: ignore[reportUnknownVariableType]  may be anything
        code, message = str(first["errorCode"]), str(first.get("message", ""))  # pyright: ignore[reportUnknownArgumentType]  as above
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        code = f"HTTP_{response.status_code}"
    action = errors.of_request(response.status_code, code, message)
    return Refused(action, code, status=response.status_code, sentence=message[:500])


def _token_refused(response: httpx.Response) -> Refused:
    if response.status_code not in {400, 401, 403}:
        return _refused(response)
    try:
        code = str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        code = f"HTTP_{response.status_code}"
    return Refused(Action.STOP_ORG, code, status=response.status_code, sentence=LOGIN_REFUSED)
