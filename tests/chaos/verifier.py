"""Ledger against end state. Knows nothing of the services: two lists of things are compared, and dead letters by bytes."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from aiokafka import ConsumerRecord

from tests.chaos.ledger import Headers, Published
from tests.chaos.poison import refusal

ALL_ACCOUNTED = "ALL EVENTS ACCOUNTED FOR"

Record = ConsumerRecord[bytes | None, bytes | None]
Kind = Literal["lost", "doubled", "swapped", "different", "unexpected"]
Things = Mapping[str, Any]
"""What must be there in the end: identity → content (JSON)."""
Seen = Sequence[tuple[str, Any]]
"""What is there: a list, so that one thing may be there twice."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be."""

    kind: Kind
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, over how many things."""

    checked: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.checked + other.checked, self.findings + other.findings)

    def kinds(self) -> Mapping[str, int]:
        return Counter(each.kind for each in self.findings)

    def line(self) -> str:
        """One line for people."""
        if self.clean:
            return f"{ALL_ACCOUNTED} ({self.checked} things)"
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds().items()))
        first = "; ".join(f"{each.kind} {each.what} {each.detail}" for each in self.findings[:5])
        return f"NOT ACCOUNTED FOR: {counts} of {self.checked} things; {first}"

    def as_json(self) -> str:
        """All of it for machines."""
        findings = [{"kind": each.kind, "what": each.what, "detail": each.detail} for each in self.findings]
        return json.dumps({"clean": self.clean, "checked": self.checked, "findings": findings})


def compare(expected: Things, seen: Seen) -> Verdict:
    """Every thing once, with its own content, and nothing else. Two contents that changed places are one swap each."""
    findings: list[Finding] = []
    contents: dict[str, list[str]] = {}
    for identity, content in seen:
        contents.setdefault(identity, []).append(canonical(content))
    wanted = {identity: canonical(content) for identity, content in expected.items()}
    by_content = {content: identity for identity, content in wanted.items()}
    for identity, content in wanted.items():
        found = contents.get(identity, [])
        if not found:
            findings.append(Finding("lost", identity))
            continue
        if len(found) > 1:
            findings.append(Finding("doubled", identity, f"there {len(found)} times"))
        if content not in found:
            other = by_content.get(found[0])
            if other is not None and other != identity:
                findings.append(Finding("swapped", identity, f"holds what {other} must hold"))
            else:
                findings.append(Finding("different", identity, difference(content, found[0])))
    findings += [Finding("unexpected", identity) for identity in contents if identity not in wanted]
    return Verdict(len(wanted), tuple(findings))


def compare_dead_letters(
    service: str, published: Iterable[Published], letters: Iterable[Record], *, twice: bool = False
) -> Verdict:
    """Every poison that reaches the service set aside with key, value and headers as sent, for its reason; nothing else.

    `twice`: one origin may be there again, as after a kill between producing and committing.
    """
    expected = {
        each.place or f"nowhere: {each.entry.topic}": _content(each.entry.key, each.entry.value, each.entry.headers)
        | {"reason": reason}
        for each in published
        if (reason := refusal(each.entry, service)) is not None
    }
    seen: list[tuple[str, Any]] = []
    for letter in letters:
        ours = {name: content.decode() for name, content in letter.headers if name.startswith("dlq-")}
        origin = f"{ours.get('dlq-topic')}/{ours.get('dlq-partition')}/{ours.get('dlq-offset')}"
        kept = tuple((name, content) for name, content in letter.headers if not name.startswith("dlq-"))
        content = _content(letter.key, letter.value, kept) | {"reason": ours.get("dlq-reason")}
        if not (twice and (origin, content) in seen):
            seen.append((origin, content))
    return compare(expected, seen)


def compare_publications(
    source: str, records: Iterable[Record], expected: Things, *, thing: str, fields: Iterable[str]
) -> Verdict:
    """What a source has published: one event id says one thing, and the highest version of each thing is the end state.

    `thing` is the field of the data that identifies the thing, `fields` those that are compared. What was told as
    voided in the end, and is not expected, was taken back.
    """
    by_id: dict[str, str] = {}
    findings: list[Finding] = []
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        if dict(record.headers).get("ce_source") != source.encode():
            continue
        event = json.loads(record.value or b"null")
        told = json.dumps(event["data"], sort_keys=True)
        if by_id.setdefault(event["id"], told) != told:
            findings.append(Finding("different", f"event {event['id']}", "one id was published with two contents"))
        data = event["data"]
        known = newest.get(data[thing])
        if known is None or known["version"] < data["version"]:
            newest[data[thing]] = data
    names = tuple(fields)
    seen = [
        (each, {name: data.get(name) for name in names})
        for each, data in newest.items()
        if each in expected or data.get("change") != "voided"
    ]
    told = {each: {name: content.get(name) for name in names} for each, content in expected.items()}
    verdict = compare(told, seen)
    return Verdict(verdict.checked, (*findings, *verdict.findings))


def canonical(content: object) -> str:
    """One text for one content; a field that is null counts as absent, and 3.0 is 3."""
    return json.dumps(_without_nulls(content), sort_keys=True)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {key: _without_nulls(inner) for key, inner in pairs.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(each) for each in cast("Sequence[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def difference(wanted: str, found: str) -> str:
    """Which fields differ, and how."""
    one, other = json.loads(wanted), json.loads(found)
    if not isinstance(one, dict) or not isinstance(other, dict):
        return f"must be {wanted[:200]}, is {found[:200]}"
    must, is_ = cast("dict[str, Any]", one), cast("dict[str, Any]", other)
    names = sorted(name for name in {*must, *is_} if must.get(name) != is_.get(name))
    return "; ".join(f"{name}: must be {must.get(name)!r}, is {is_.get(name)!r}" for name in names)[:600]


def _content(key: bytes | None, value: bytes | None, headers: Headers) -> dict[str, Any]:
    return {
        "key": None if key is None else key.hex(),
        "value": None if value is None else value.hex(),
        "headers": [[name, content.hex() if content is not None else None] for name, content in headers],  # pyright: ignore[reportUnnecessaryComparison]  Kafka knows null headers
    }
