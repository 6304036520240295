"""Records that no service can take, ten kinds of them, each with the reason that its dead letter must give."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from contracts.catalog import SERVICES
from tests.chaos.ledger import Entry

Event = dict[str, Any]

TOO_LARGE = 300 * 1024


def spoil(good: Entry, rng: random.Random) -> Entry:
    """A good entry made bad. It has a key, so that it lands where it would have landed."""
    kind = rng.choice(sorted(KINDS))
    value, refused = KINDS[kind](good, rng)
    return Entry(good.service, good.topic, good.key, value, good.headers, refused)


def astray(good: Entry, rng: random.Random, topics: tuple[str, ...]) -> Entry:
    """A good event on another topic that the same service reads."""
    others = [each for each in topics if each != good.topic]
    return Entry(good.service, rng.choice(others), good.key, good.value, good.headers, "invalid")


def refusal(entry: Entry, service: str) -> str | None:
    """Why this service, of several that may read the topic, sets the record aside; None where it skips or takes it."""
    reader = SERVICES[service]
    if entry.refused is None or entry.topic not in reader.topics:
        return None
    return entry.refused if entry.refused == "malformed" or entry.event["type"] in reader.reads else None


def _changed(good: Entry, change: Callable[[Event], object]) -> bytes:
    event = good.event
    change(event)
    return json.dumps(event).encode()


def _cut(good: Entry, rng: random.Random) -> tuple[bytes, str]:
    value = good.value or b""
    return value[: rng.randrange(1, len(value) - 1)], "malformed"


def _wrong_type(good: Entry, rng: random.Random) -> tuple[bytes, str]:
    event = good.event
    field = rng.choice([name for name, value in event["data"].items() if isinstance(value, str)])
    return _changed(good, lambda each: each["data"].update({field: 7})), "invalid"


def _missing(good: Entry, _: random.Random) -> tuple[bytes, str]:
    field = REQUIRED[good.event["type"].split(".")[1]]
    return _changed(good, lambda each: each["data"].pop(field)), "invalid"


REQUIRED = {
    "portal": "portal_id",
    "learner": "learner_id",
    "enrollment": "portal_id",
    "path-enrollment": "portal_id",
    "course": "course_id",
    "go1": "course_id",
    "content-action": "content_title",
    "bulk-action": "action_id",
}
"""A field that every event of that subject has."""


def _no_json(_good: Entry, _: random.Random) -> tuple[bytes, str]:
    return b"\x00\x01 this is no JSON \xff", "malformed"


def _null(_good: Entry, _: random.Random) -> tuple[None, str]:
    return None, "malformed"


def _list(_good: Entry, _: random.Random) -> tuple[bytes, str]:
    return b"[1, 2, 3]", "malformed"


def _deep(_good: Entry, _: random.Random) -> tuple[bytes, str]:
    return b'{"data":' * 5_000 + b"1" + b"}" * 5_000, "malformed"


KINDS: Mapping[str, Callable[[Entry, random.Random], tuple[bytes | None, str]]] = {
    "no JSON": _no_json,
    "cut off": _cut,
    "null": _null,
    "a list": _list,
    "too deep": _deep,
    "too large": lambda good, _: (_changed(good, lambda each: each.update(more="x" * TOO_LARGE)), "malformed"),
    "no id": lambda good, _: (_changed(good, lambda each: each.pop("id")), "malformed"),
    "another specversion": lambda good, _: (_changed(good, lambda each: each.update(specversion="0.3")), "malformed"),
    "a number for a text": _wrong_type,
    "a field missing": _missing,
    "NUL": lambda good, _: (_changed(good, lambda each: each["data"].update(note="a\0b")), "invalid"),
}
