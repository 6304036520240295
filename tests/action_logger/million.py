"""A log of a million rows, as the service stores them, put into MongoDB directly: its seals are left out."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bson import Timestamp
from pymongo import MongoClient, WriteConcern

from action_logger.domain.people import Person, Pseudonym
from action_logger.domain.rows import Reference, Row
from action_logger.store.log import _document  # pyright: ignore[reportPrivateUsage]  exactly what is stored
from action_logger.store.records import Records
from contracts.vocabulary import PAIRS
from shared.keys import Keys

ROWS = 1_000_000
AT_ONCE = 10_000
PEOPLE = 20_000
TITLES = 5_000
PANORAMAS = [f"Panorama {each}" for each in range(40)]
WORDS = [
    "safety",
    "first",
    "fire",
    "drill",
    "data",
    "privacy",
    "sales",
    "onboarding",
    "python",
    "leadership",
    "feedback",
    "negotiation",
    "audit",
    "hygiene",
]
BEGIN = datetime(2025, 11, 22, tzinfo=UTC)
YEAR_MS = 365 * 86_400_000
NOT_TO_BE_SEALED = 4_102_444_800
"""A place in the year 2100: the sealing job leaves these rows alone."""


def email(person: int) -> str:
    return f"learner{person}@acme.example"


def title(number: int) -> str:
    one, other = WORDS[number % len(WORDS)], WORDS[number // len(WORDS) % len(WORDS)]
    return f"{one.capitalize()} and {other}, part {number}"


def rows(number: int) -> Iterator[Row]:
    """Rows of a year, in the order of time, as a log grows."""
    rng = random.Random(number)
    pairs = sorted(PAIRS)
    for at in range(number):
        kind, source = pairs[int(rng.random() ** 3 * len(pairs))]
        content = int(rng.random() ** 2 * TITLES)
        person = rng.randrange(PEOPLE)
        timestamp = BEGIN + timedelta(milliseconds=at * YEAR_MS // number)
        yield Row(
            event=Reference("/lms/acme", f"event-{at:08}"),
            time=timestamp,
            email=email(person),
            normal_email=email(person),
            panorama_name=None if rng.random() < 0.1 else rng.choice(PANORAMAS),
            content_type=("course", "course", "video", "webinar", "learning path")[content % 5],
            content_title=title(content),
            type=kind,
            source=source,
            timestamp=timestamp,
            portal_id="acme",
            learner_id=f"learner{person}",
            content_id=f"content{content}",
            reference_id=f"BA-{at // 50_000}" if rng.random() < 0.02 else None,
        )


def fill(uri: str, database: str, keys: Keys, *, number: int = ROWS) -> None:
    """Put rows and persons in; indexes are made afterwards, by the service."""
    records = Records(keys)
    with MongoClient[dict[str, Any]](uri) as client:
        opened = client[database]
        opened["people"].insert_many([_person(records, each) for each in range(PEOPLE)], ordered=False)
        log = opened.get_collection("log", write_concern=WriteConcern(w=1, j=False))
        place = 0
        coming = rows(number)
        while some := list(islice(coming, AT_ONCE)):
            documents: list[dict[str, Any]] = []
            for row in some:
                place += 1
                document = _document(row, _pseudonym(int(row.email[7:].partition("@")[0])), b"", row.timestamp)
                documents.append(document | {"inserted": Timestamp(NOT_TO_BE_SEALED, place)})
            log.insert_many(documents, ordered=False)


def _pseudonym(person: int) -> str:
    return f"p{person:015}"


def _person(records: Records, number: int) -> dict[str, Any]:
    person = Person(email(number), (Pseudonym(_pseudonym(number), None),))
    return records.document(records.hash(email(number)), person, revision=1)
