"""Who takes part: ours, loops, peers; and in which interpreter each runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import environments, load
from contracts.catalog import CONTENT_ACTIONS


@dataclass(frozen=True, slots=True)
class Variant:
    """`module` runs in the environment of this name, or in the product's."""

    title: str
    module: str = "bench.worker"
    environment: str | None = None
    package: str | None = None
    """Its package there, for the version."""
    topic: str = CONTENT_ACTIONS
    few: bool = False
    """Too slow for all events."""
    peer: bool = False

    def python(self, ours: str) -> Path:
        return Path(ours) if self.environment is None else environments.python_of(self.environment)


OURS = "action-logger"
_QUIX = ("bench.peers.quix", "quixstreams", "quixstreams")

VARIANTS: Mapping[str, Variant] = {
    "A": Variant("A: bare loop, `json.loads`, one insert after the other"),
    "A_pipe": Variant("A_pipe: the same, four inserts in flight"),
    "B": Variant("B: A with Pydantic"),
    "FastStream": Variant("FastStream, batch of `list[Event]`", topic=load.PLAIN, peer=True),
    "FastStream-message": Variant("FastStream, one event at a time", topic=load.FEW, few=True, peer=True),
    "quixstreams-own": Variant("quixstreams, its own MongoDB sink", *_QUIX, peer=True),
    "quixstreams-custom": Variant("quixstreams, a batching sink with `insert_many`", *_QUIX, peer=True),
    "faust": Variant(
        "faust-streaming, agent with `take`", "bench.peers.fauststream", "faust", "faust-streaming", peer=True
    ),
    "arroyo": Variant(
        "sentry-arroyo, `BatchStep` and `RunTask`", "bench.peers.arroyos", "arroyo", "sentry-arroyo", peer=True
    ),
    OURS: Variant("**action-logger**, the whole service, sealing while it takes in"),
}
