"""One request as the routes see it, and what they answer."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn, cast

from salesforce_standin.failures import RequestFailed, not_found
from salesforce_standin.records.collections import Batch
from salesforce_standin.schema.model import SObject
from salesforce_standin.world import World

FIRST_VERSION = 46
LAST_VERSION = 68


@dataclass(frozen=True, slots=True)
class Answer:
    """Body: JSON, or bytes as they are (`kind` is their content type), or nothing."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the gate."""

    world: World
    kind: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str  # http://127.0.0.1:8090
    token: str

    @property
    def user_id(self) -> str:
        """Who calls; empty when the token is no good, or no longer: it may die while a slow request is open."""
        return self.world.gatekeeper.user_of(self.token) or ""

    @property
    def base(self) -> str:
        """How URLs in answers begin."""
        return f"/services/data/{self.path['version']}"

    def json(self) -> dict[str, Any]:
        """The body as a JSON object."""
        parsed = _parse(self.body)
        if not isinstance(parsed, dict):
            raise RequestFailed(
                400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object at [line:1, column:1]"
            )
        return cast("dict[str, Any]", parsed)

    def batch(self) -> Batch:
        """The org for writing, with the faults planted in its rows."""
        return Batch(self.world.org, partial(self.world.faults.planted_row, self.kind))

    def sobject(self) -> SObject:
        """The object that the path names."""
        found = self.world.org.schema.find(self.path["object"])
        if found is None:
            raise not_found()
        return found


Handler = Callable[[Call], Answer]


def _parse(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise RequestFailed(400, "JSON_PARSER_ERROR", "nested too deeply at [line:1, column:1]") from error
    except ValueError as error:
        raise RequestFailed(
            400, "JSON_PARSER_ERROR", f"Unexpected character at [line:1, column:1]: {_reason(error)}"
        ) from error


def _reason(error: ValueError) -> str:
    return re.sub(r"\(char .*", "", str(error))[:120]


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)
