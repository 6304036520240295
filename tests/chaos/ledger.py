"""What is published, written down before it is sent; and where Kafka put it, written down when it answers."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.envelope import Envelope
from contracts.wire import encode

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to publish. `refused`: the reason with which it must end in dead letters; None for a good event."""

    service: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    refused: str | None = None

    @property
    def event(self) -> dict[str, Any]:
        """The event as plain JSON; of good ones only."""
        return json.loads(self.value or b"null")


@dataclass(frozen=True, slots=True)
class Published:
    """An entry, and where it landed: `topic/partition/offset`, with the topic as Kafka knows it."""

    entry: Entry
    place: str | None


def entry_of(service: str, event: Envelope[Any], *, refused: str | None = None) -> Entry:
    record = encode(event)
    return Entry(service, record.topic, record.key, record.value, tuple(record.headers), refused)


class Ledger:
    """A file of JSON lines; lines are only ever added."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+")
        self._path = path
        self._count = 0

    def note(self, entry: Entry) -> int:
        """Write an entry down, before it is sent; its number."""
        number = self._count
        self._count += 1
        line = {
            "number": number,
            "service": entry.service,
            "topic": entry.topic,
            "key": _text(entry.key),
            "value": _text(entry.value),
            "headers": [[name, _text(content)] for name, content in entry.headers],
            "refused": entry.refused,
        }
        self._write(line)
        return number

    def landed(self, number: int, place: str) -> None:
        """Write down where Kafka has put it."""
        self._write({"landed": number, "place": place})

    def read(self) -> Sequence[Published]:
        """All entries from the file, in the order in which they were noted."""
        self._file.flush()
        with self._path.open() as lines:
            return read(lines)

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def read(lines: Iterable[str]) -> Sequence[Published]:
    entries: dict[int, Entry] = {}
    places: dict[int, str] = {}
    for line in lines:
        found = json.loads(line)
        if "landed" in found:
            places[found["landed"]] = found["place"]
        else:
            entries[found["number"]] = Entry(
                found["service"],
                found["topic"],
                _bytes(found["key"]),
                _bytes(found["value"]),
                tuple((name, _bytes(content) or b"") for name, content in found["headers"]),
                found["refused"],
            )
    return [Published(entry, places.get(number)) for number, entry in entries.items()]


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
