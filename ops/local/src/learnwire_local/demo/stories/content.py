"""Content actions: every legal pair of the vocabulary at least once, and some that people get wrong."""

from datetime import timedelta
from typing import Any

from contracts.vocabulary import PAIRS
from learnwire_local.demo.stories import people
from learnwire_local.demo.stories.ledger import Ledger, Person, ago

FILE = "6-content-actions"
TITLES = (
    ("course", "Welcome to the Company"),
    ("video", "A Walk Through the Orchard"),
    ("webinar", "Ask the Safety Team"),
    ("course", "Data Protection for Everyone"),
    ("article", "=HYPERLINK is only text"),
    ("learningPath", "First Ninety Days"),
)
ALIASES = {"gift-course-purchase": "gift_course_purchase"}  # the log keeps it as it was without
PANORAMAS = ("Northwind Panorama", "Harbor Panorama", None)


def tell(ledger: Ledger) -> None:
    everybody = [person for person in people.EVERYBODY if not person.mailbox]
    pairs = [*sorted(PAIRS), *ledger.chance.choices(sorted(PAIRS), k=30)]
    for number, pair in enumerate(pairs):
        person = everybody[number % len(everybody)]
        _act(ledger, person, pair, TITLES[number % len(TITLES)], PANORAMAS[number % len(PANORAMAS)])
    first = ledger.files[FILE][0]
    ledger.repeat(FILE, 0.05)
    corrects = {"source": first["source"], "id": first["id"]}
    _act(ledger, people.MIRA, ("status_change", "course_completed"), ("course", "Giving Feedback"), corrects=corrects)
    _contradict(ledger, first)


def _act(
    ledger: Ledger,
    person: Person,
    pair: tuple[str, str],
    content: tuple[str, str],
    panorama: str | None = None,
    *,
    corrects: dict[str, str] | None = None,
) -> None:
    kind, source = pair
    at = ago(hours=ledger.chance.uniform(1, 150))
    data: dict[str, Any] = {
        "email": person.email,
        "panorama_name": panorama,
        "content_type": content[0],
        "content_title": content[1],
        "type": kind,
        "source": ALIASES.get(source, source),
        "timestamp": at,
        "portal_id": person.portal_id,
        "learner_id": person.learner_id,
        "corrects": corrects,
    }
    ledger.event(FILE, "content-action.recorded", data, at + timedelta(seconds=1))
    ledger.logged(kind, person=person)


def _contradict(ledger: Ledger, line: dict[str, Any]) -> None:
    """The same event again with another content: the log keeps the first, the other is a conflict."""
    other = line | {"data": line["data"] | {"content_title": "Something Else Entirely"}}
    ledger.files["8-sunday"].append(other)
    ledger.dead_letter("action-logger", "conflict")
