"""action-logger under load: every content action is one row, whose content is the first that was published."""

import json
import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.catalog import CONTENT_ACTIONS
from contracts.content_actions import ContentActionRecorded
from contracts.envelope import Envelope
from contracts.vocabulary import PAIRS
from tests.chaos.ledger import Entry
from tests.chaos.loads.load import an_id, envelope, maybe
from tests.chaos.verifier import Seen, Things, Verdict
from tests.world import Process, World

PEOPLE = 60
CONFLICTING = 0.005
FROM_ATTEMPTS = "/learnwire/go1-stats-processor"
"""Rows that another load causes, where both run together."""


@dataclass(frozen=True, slots=True)
class ContentActions:
    service: str = "action-logger"

    async def prepare(self, world: World, stack: AsyncExitStack) -> Mapping[str, str]:
        del world, stack
        return {}

    def events(self, rng: random.Random, count: int, now: datetime) -> Sequence[Envelope[Any]]:
        return [self._event(rng, now) for _ in range(count)]

    def _event(self, rng: random.Random, now: datetime) -> Envelope[Any]:
        kind, source = rng.choice(sorted(PAIRS))
        person = rng.randrange(PEOPLE)
        content = rng.randrange(200)
        data = ContentActionRecorded(
            email=f"Learner{person}@Example.org",
            panorama_name=maybe(rng, f"Panorama {rng.randrange(5)}", 0.8),
            content_type=rng.choice(["course", "Learning Path", "webinar"]),
            content_title=f"Content {content}, edition {rng.randrange(9)}",
            type=kind,
            source=source,
            timestamp=now - timedelta(milliseconds=rng.randrange(7 * 86_400_000)),
            portal_id="acme",
            learner_id=maybe(rng, f"learner{person}"),
            content_id=f"content{content}",
            actor_id=maybe(rng, f"manager{rng.randrange(7)}"),
            reference_id=maybe(rng, f"BA-{rng.randrange(99_999):05}-00000", 0.2),
        )
        return envelope(data, rng, now, f"/lms/{rng.choice(['acme', 'globex'])}")

    def rivals(self, rng: random.Random, good: Sequence[Entry]) -> Sequence[Entry]:
        chosen = rng.sample(good, round(len(good) * CONFLICTING))
        return [self._rival(each, rng) for each in chosen]

    def _rival(self, entry: Entry, rng: random.Random) -> Entry:
        event = entry.event
        event["data"]["content_title"] = f"Rival {an_id(rng)}"
        return Entry(entry.service, entry.topic, entry.key, json.dumps(event).encode(), entry.headers, "conflict")

    def expected(self, facts: Sequence[dict[str, Any]]) -> Things:
        rows: dict[str, Any] = {}
        for fact in facts:
            identity = {"source": fact["source"], "id": fact["id"]}
            shown = {name: value for name, value in fact["data"].items() if name != "portal_id"}
            rows.setdefault(_name(identity), shown)
        return rows

    async def seen(self, world: World, process: Process) -> Seen:
        token = world.token(self.service, "operator")
        answer = await world.get(process, "/v1/content-actions/export", token=token, format="jsonl")
        answer.raise_for_status()
        rows = [json.loads(line) for line in answer.text.splitlines() if line]
        return [
            (_name(row["event"]), {key: row[key] for key in row if key not in {"event", "received_at"}})
            for row in rows
            if row["event"]["source"] != FROM_ATTEMPTS
        ]

    async def published(self, world: World, expected: Things) -> Verdict:
        del world, expected
        return Verdict(0, ())


def _name(event: Mapping[str, str]) -> str:
    return f"{CONTENT_ACTIONS}: {event['source']} {event['id']}"
