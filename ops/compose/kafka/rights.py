"""Who may do what on Kafka: made of the contracts' catalogue, nothing written by hand. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.catalog import ATTEMPTS, BULK_STATUSES, DEAD_LETTERS, SERVICES, TOPICS, dead_letters

OPERATOR = "operator"
GROUPS_BESIDE = {"action-logger": ("action-logger.publishers",)}
"""Groups beside the service's own: action-logger counts its dead letters by publisher, `GET /v1/publishers`."""
READS_OWN_DEAD_LETTERS = frozenset(GROUPS_BESIDE)


class Right(NamedTuple):
    """`topic` or `group` by name, or the whole `cluster`."""

    principal: str
    operation: str
    kind: str
    name: str


FOR_PUBLISHERS = tuple(each.name for each in TOPICS if each.name not in {ATTEMPTS, BULK_STATUSES})
"""Those two are a service's own to write: nobody else speaks in its name."""


def rights(publishers: Mapping[str, Sequence[str] | str], *, prefix: str = "") -> frozenset[Right]:
    """All rights there are; what is not among them is denied. `publishers`: name → topics, or `*` for all that they may have."""
    found = {each for service in SERVICES for each in _service(service)} | set(_operator())
    for name, topics in publishers.items():
        found |= set(_publisher(name, topics))
    return frozenset(each._replace(name=prefix + each.name) if each.kind == "topic" else each for each in found)


def _service(service: str) -> Iterable[Right]:
    catalogued = SERVICES[service]
    own = dead_letters(service)
    readable = [*catalogued.topics, *([own] if service in READS_OWN_DEAD_LETTERS else [])]
    yield from (Right(service, "read", "topic", each) for each in readable)
    yield from (Right(service, "write", "topic", each) for each in [*catalogued.writes, own])
    yield from (Right(service, "read", "group", each) for each in [service, *GROUPS_BESIDE.get(service, ())])


def _publisher(name: str, topics: Sequence[str] | str) -> Iterable[Right]:
    wanted = FOR_PUBLISHERS if topics == "*" else tuple(topics)
    if wrong := sorted(set(wanted) - set(FOR_PUBLISHERS)):
        raise ValueError(f"publisher {name}: not a topic that publishers may write: {', '.join(wrong)}")
    yield from (Right(f"publisher-{name}", "write", "topic", each) for each in wanted)


def _operator() -> Iterable[Right]:
    """The `learnwire` command: looks at everything, keeps the topics in order, replays what was set aside."""
    for each in (*TOPICS, *DEAD_LETTERS):
        for operation in ("read", "describe_configs", "alter_configs", "create"):
            yield Right(OPERATOR, operation, "topic", each.name)
    yield from (Right(OPERATOR, "write", "topic", each.name) for each in TOPICS)
    for service in SERVICES:
        yield from (Right(OPERATOR, "describe", "group", each) for each in (service, *GROUPS_BESIDE.get(service, ())))
    yield Right(OPERATOR, "describe", "cluster", "kafka-cluster")
