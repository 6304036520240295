"""The log in memory, made of the domain's functions alone: what the store does, without MongoDB."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from action_logger.domain.people import NOBODY, Person, admit, bury, clear, is_late, pending, pseudonym, shown
from action_logger.domain.rows import ERASED, Reference, Row
from contracts import LearnerErased
from contracts.types import normal_email
from tests.action_logger.histories import Fact, View, bare, rows_of


@dataclass
class PureLog:
    rows: dict[Reference, tuple[Row, str | None]] = field(default_factory=dict[Reference, "tuple[Row, str | None]"])
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    learners: dict[str, datetime] = field(default_factory=dict[str, datetime])
    sightings: dict[tuple[str, str], datetime] = field(default_factory=dict[tuple[str, str], datetime])
    given: int = 0

    def take(self, facts: Iterable[Fact]) -> "PureLog":
        for fact in facts:
            if isinstance(fact.data, LearnerErased):
                self._erase(fact.data)
            for row in rows_of(fact):
                self._add(row)
        return self

    def view(self) -> View:
        owner = {each.id: person for person in self.people.values() for each in person.pseudonyms}
        return {
            event: (bare(row), normal_email(shown(owner.get(person or ""), row.time) or ERASED))
            for event, (row, person) in self.rows.items()
        }

    def _add(self, row: Row) -> None:
        if row.learner is not None:
            pair = (row.learner, row.normal_email)
            self.sightings[pair] = min(row.time, self.sightings.get(pair, row.time))
            if (erased_at := self.learners.get(row.learner)) is not None and row.time <= erased_at:
                self._erase_address(row.normal_email, erased_at)
        person = self.people.get(row.normal_email, NOBODY)
        if not is_late(person, row.time):
            self.given += 1
            person = admit(person, pseudonym(person) or f"p{self.given}", row.email)
            self.people[row.normal_email] = person
        self.rows.setdefault(row.event, (row, None if is_late(person, row.time) else pseudonym(person)))

    def _erase(self, erased: LearnerErased) -> None:
        learner, at = erased.key(), erased.erased_at
        self.learners[learner] = max(at, self.learners.get(learner, at))
        addresses = {normal_email(each) for each in (erased.email, *erased.former_emails) if each is not None}
        addresses |= {email for (whose, email), since in self.sightings.items() if whose == learner and since <= at}
        for each in addresses:
            self._erase_address(each, at)

    def _erase_address(self, email: str, at: datetime) -> None:
        person = bury(self.people.get(email, NOBODY), at)
        spared = {
            each
            for each in pending(person)
            if any(whose == each and not is_late(person, row.time) for row, whose in self.rows.values())
        }
        self.people[email] = clear(person, spared)
