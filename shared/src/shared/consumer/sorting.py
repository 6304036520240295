"""Raw records in, facts by topic and dead letters out. Pure, and the hot path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.event import Event
from contracts.wire import Invalid, Malformed, UnknownType, decode
from shared.consumer.facts import Fact
from shared.dead_letters import DeadLetter, Raw


@dataclass(slots=True)
class Sorted:
    """A batch, sorted; `facts` by topic without prefix, in the order of the records."""

    facts: dict[str, list[Fact[Any]]] = field(default_factory=dict[str, "list[Fact[Any]]"])
    dead: list[DeadLetter] = field(default_factory=list[DeadLetter])
    skipped: int = 0
    mis_keyed: int = 0
    dropped: list[str] = field(default_factory=list[str])

    def outcome_of(self, raw: Raw, reads: Mapping[str, type[Event]], topic: str) -> bool:
        """Sort one record; False where it is invalid (known type, bad data)."""
        try:
            event = decode(raw.value, raw.headers, reads=reads)
        except Malformed as error:
            self.dead.append(DeadLetter(raw, "malformed", error.detail))
            return True
        except Invalid as error:
            self.dead.append(DeadLetter(raw, "invalid", error.detail, event_type=error.event_type))
            return False
        if isinstance(event, UnknownType):
            self.skipped += 1
            return True
        if event.topic != topic:
            detail = f"type: {event.type} belongs to the topic {event.topic}"
            self.dead.append(DeadLetter(raw, "invalid", detail, event_type=event.type))
            return False
        if raw.key != event.key.encode():
            self.mis_keyed += 1
        if event.dropped:
            self.dropped.extend(event.dropped)
        found = self.facts.get(topic)
        if found is None:
            found = self.facts[topic] = []
        found.append(Fact(event, raw))
        return True

    def without(self, topic: str, partition: int, offset: int) -> None:
        """Take out what this partition holds from this offset on."""

        def stays(raw: Raw) -> bool:
            return (raw.topic, raw.partition) != (topic, partition) or raw.offset < offset

        self.dead = [each for each in self.dead if stays(each.record)]
        for name, facts in self.facts.items():
            self.facts[name] = [each for each in facts if stays(each.record)]

    @property
    def count(self) -> int:
        """How many facts there are."""
        return sum(map(len, self.facts.values()))


def by_partition(records: Sequence[Raw]) -> dict[tuple[str, int], list[Raw]]:
    """Group records by (topic, partition), in order."""
    groups: dict[tuple[str, int], list[Raw]] = {}
    for each in records:
        groups.setdefault((each.topic, each.partition), []).append(each)
    return groups
